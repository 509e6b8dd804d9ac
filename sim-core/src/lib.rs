//! The engine: time, events, partitions, windows, randomness, exchange, snapshot. It knows no meter, no radio and no file.
//!
//! A world is a set of [`Partition`]s. Each handles its own events in the order (time, source, sequence) and sends
//! messages to others at least one lookahead ahead; [`Engine`] runs them window by window on all cores. Random numbers
//! come from [`rng::Stream`]s keyed by (seed, entity, purpose), so a result depends on the world and its seed alone.
//!
//! The partitions of a world can be divided between engines, in one process or in several: an [`Exchange`] says which are
//! here and carries the messages to the others; [`Local`] is the one for a world in one engine. [`Engine::finish`] ends a
//! run, again by messages: each partition sends what others need to conclude. Between two windows the whole state of an
//! engine is plain data: [`snapshot`] writes and reads it, and the run goes on as though nothing had happened.
//!
//! ```
//! use amitwin_sim_core::{Context, Engine, Local, Partition, SimTime};
//!
//! /// Two players that pass a ball once a second.
//! struct Player { id: u32, caught: u32 }
//!
//! impl Partition for Player {
//!     type Event = ();
//!     fn id(&self) -> u32 { self.id }
//!     fn sources(&self) -> Vec<u32> { vec![self.id] }
//!     fn start(&mut self, context: &mut Context<'_, ()>) {
//!         if self.id == 0 { context.schedule(SimTime::ZERO, 0, ()); }
//!     }
//!     fn handle(&mut self, _ball: (), context: &mut Context<'_, ()>) {
//!         self.caught += 1;
//!         context.send(1 - self.id, context.now() + SimTime::from_secs(1), 0, ());
//!     }
//! }
//!
//! let players = vec![Player { id: 1, caught: 0 }, Player { id: 0, caught: 0 }];
//! let mut engine = Engine::new(players, SimTime::from_secs(1), Local)?;
//! engine.run_until(SimTime::from_secs(5))?;
//! assert_eq!(engine.partitions().map(|p| p.caught).collect::<Vec<_>>(), [3, 2]);
//! # Ok::<(), amitwin_sim_core::EngineError>(())
//! ```

pub mod engine;
mod error;
pub mod event;
pub mod exchange;
pub mod partition;
pub mod queue;
pub mod rng;
pub mod snapshot;
mod source;
pub mod time;

pub use engine::Engine;
pub use error::EngineError;
pub use event::{Event, EventKey};
pub use exchange::{Exchange, Local};
pub use partition::{Context, FinishContext, Message, Partition};
pub use snapshot::{Snapshot, SnapshotError};
pub use time::SimTime;
