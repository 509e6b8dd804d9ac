//! The scenario language: a text becomes a list of worlds to run, and gates to judge them by.
//!
//! ```text
//! file.toml -> language (spans) -> sections -> resolve (rules, placement) -> Scenario
//! ```
//!
//! - [`load`]: a file with its overrides, as resolved variants; everything wrong comes as one [`ScenarioError`] that
//!   shows the places in the file.
//! - [`sections`]: what a file can say beyond a world; the doc comments there and in `amitwin_models::spec` are the reference.
//! - [`Gate`]: limits on results; [`gate::exit_code`] turns verdicts into the program's exit code.
//! - [`drive`]: runs the variants; [`estimate`]: what that will take.
//! - [`study`]: the same with several seeds, and what is said over them.
//! - [`plan`]: maintenance plans, from their text to their results.
//! - [`served`]: what meters on real sockets are told; `amitwin-live` opens the sockets.
//! - [`calibrate`]: `[radio]` from levels that were measured.
//! - [`site`]: where repeaters would help.
//! - [`template`]: a commented file to start from.
//!
//! ```
//! use amitwin_scenarios::{load_text, template, TemplateKind};
//! let text = template("my-town", TemplateKind::MassReset);
//! let scenario = load_text(&text, "my-town.toml", ".".as_ref(), &[], Some(7)).unwrap();
//! assert_eq!(scenario.seed, 7);
//! assert_eq!(scenario.variants.len(), 4);
//! ```

pub mod calibrate;
pub mod drive;
pub mod estimate;
pub mod exported;
pub mod gate;
mod language;
mod load;
mod logged;
mod overrides;
pub mod plan;
mod resolve;
mod resolved;
pub mod sections;
pub mod served;
pub mod site;
pub mod study;
mod template;
mod zones;

pub use gate::Gate;
pub use language::diagnostic::{Diagnostic, ScenarioError, suggest};
pub use load::{BASE_VARIANT, Scenario, Variant, keys_word, load, load_text};
pub use overrides::Override;
pub use resolved::Input;
pub use sections::json_schema::json_schema;
pub use template::{TemplateKind, template};
