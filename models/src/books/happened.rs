//! What happens to a node, as rows of the table `events`.

use crate::apdu::Fate;
use crate::context::Ctx;
use crate::node::{Node, SiteId};
use crate::spec::ResetTier;
use amitwin_data::rows::{EventKind, EventRow};
use amitwin_sim_core::SimTime;

/// Something that happened to a node, with what the row says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Happened {
    /// It obeys a reset.
    Reset {
        /// How deep it is.
        tier: ResetTier,
    },
    /// It has activated a firmware image.
    Activated {
        /// What becomes of it.
        fate: Fate,
    },
    /// Its communication board restarts, and its metrology board does not.
    PartialReset {
        /// The two do not come to terms.
        out_of_step: bool,
    },
    /// Heat has destroyed its radio, or made the meter trip.
    Overheated {
        /// Its board, C.
        board_c: f64,
    },
    /// Its application hangs.
    Hang,
    /// A burst of its transmitter has sagged its supply.
    BrownOut,
    /// Its mains voltage has changed.
    Voltage {
        /// Of the nominal one.
        level: f32,
    },
    /// It lost power, or switched itself off.
    PowerDown {
        /// Restarts so far.
        boots: u16,
    },
    /// Its supply has failed, and it runs on its capacitor.
    OnCapacitor {
        /// For how long if its radio only listens, s.
        left_s: f64,
    },
    /// Its supply is back.
    PowerUp {
        /// Restarts so far.
        boots: u16,
    },
    /// It runs again.
    Boot {
        /// Restarts so far.
        boots: u16,
    },
    /// It entered another joining state.
    JoinState {
        /// Number of the state, as Wi-SUN counts them.
        state: u8,
    },
    /// It has a route both ways.
    Operational {
        /// Its parent, by site.
        parent: SiteId,
    },
    /// It chose another parent.
    ParentChange {
        /// The new one, by site.
        parent: SiteId,
    },
    /// Another border router than before knows a route to it.
    PanChange {
        /// That border router, by site.
        router: SiteId,
    },
    /// The extra loss of its signals has changed.
    ExtraLoss {
        /// Now, dB.
        loss_db: f32,
    },
    /// The extra loss of one of its edges has changed.
    LinkLoss {
        /// Now, dB.
        loss_db: f32,
    },
    /// An obstacle has come, or has gone.
    Obstacle {
        /// Links of this radio that lose something by it from now on, or, below zero, no longer do.
        links: i32,
    },
    /// Moisture has got behind its gasket.
    Wet {
        /// What that takes from all that it sends and hears, dB.
        loss_db: f32,
    },
    /// Its backhaul is down, up again, or has another delay.
    Backhaul {
        /// Added each way; `None`: down.
        delay: Option<SimTime>,
    },
}

impl Happened {
    /// Columns `kind` and `value`.
    fn columns(self) -> (EventKind, i32) {
        let hundredths = |db: f32| (db * 100.0) as i32;
        match self {
            Happened::Reset { tier } => (EventKind::Reset, tier as i32),
            Happened::Activated { fate } => (EventKind::Activated, fate as i32),
            Happened::PartialReset { out_of_step } => (EventKind::PartialReset, i32::from(out_of_step)),
            Happened::Overheated { board_c } => (EventKind::Overheated, libm::round(10.0 * board_c) as i32),
            Happened::Hang => (EventKind::Hang, 0),
            Happened::BrownOut => (EventKind::BrownOut, 0),
            Happened::Voltage { level } => (EventKind::Voltage, libm::roundf(1_000.0 * level) as i32),
            Happened::PowerDown { boots } => (EventKind::PowerDown, i32::from(boots)),
            Happened::OnCapacitor { left_s } => (EventKind::OnCapacitor, libm::round(10.0 * left_s) as i32),
            Happened::PowerUp { boots } => (EventKind::PowerUp, i32::from(boots)),
            Happened::Boot { boots } => (EventKind::Boot, i32::from(boots)),
            Happened::JoinState { state } => (EventKind::JoinState, i32::from(state)),
            Happened::Operational { parent } => (EventKind::Operational, parent.0 as i32),
            Happened::ParentChange { parent } => (EventKind::ParentChange, parent.0 as i32),
            Happened::PanChange { router } => (EventKind::PanChange, router.0 as i32),
            Happened::ExtraLoss { loss_db } => (EventKind::ExtraLoss, hundredths(loss_db)),
            Happened::LinkLoss { loss_db } => (EventKind::LinkLoss, hundredths(loss_db)),
            Happened::Obstacle { links } => (EventKind::Obstacle, links),
            Happened::Wet { loss_db } => (EventKind::Wet, hundredths(loss_db)),
            Happened::Backhaul { delay: None } => (EventKind::Backhaul, -1),
            Happened::Backhaul { delay: Some(delay) } => {
                (EventKind::Backhaul, i32::try_from(delay.nanos() / 1_000_000).unwrap_or(i32::MAX))
            }
        }
    }
}

impl Ctx<'_, '_> {
    /// Writes down what happens to a node now.
    pub fn note(&mut self, node: Node, happened: Happened) {
        if matches!(happened, Happened::ParentChange { .. }) {
            self.books.changes_parent(node);
        }
        let (node, (kind, value)) = (self.facts.sites[node].0, happened.columns());
        self.books.rows.events.push(EventRow { time_s: self.now().secs_f64(), node, kind, value });
    }
}
