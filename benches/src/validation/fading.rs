//! Figures of links over time: what a lost frame says of the next ones.

use super::{Figure, Group, Tolerance};
use amitwin_models::medium::mesh::hopping::HopSet;
use amitwin_models::medium::mesh::mpdu::{Frame, Mpdu};
use amitwin_models::medium::mesh::radio::air::{Air, Fate, Parts};
use amitwin_models::medium::mesh::radio::error::ErrorModel;
use amitwin_models::medium::mesh::radio::fading::Fading;
use amitwin_models::medium::mesh::radio::neighbours::Neighbours;
use amitwin_models::medium::mesh::radio::phy::Phy;
use amitwin_models::node::{Channel, Node, SiteId};
use amitwin_models::spec::{FadingSpec, PhyMode};
use amitwin_sim_core::SimTime;

const MODE: PhyMode = PhyMode::M1b;
const BYTES: u16 = 250;
/// Links that are simulated, each for itself.
const LINKS: u16 = 1_000;
/// Frames that are lost, about, and tried again.
const LOST: f64 = 20_000.0;
const LATER: [(&str, f64); 4] = [("at once", 0.05), ("1 min", 60.0), ("1 h", 3_600.0), ("12 h", 43_200.0)];

/// All of them.
pub fn groups() -> Vec<Group> {
    vec![table(), nodes()]
}

/// Share of frames that are lost some time after a lost one, over links whose mean level loses the share `loss`.
fn after_a_loss(fading: &FadingSpec, loss: f64) -> [f64; 4] {
    let model = ErrorModel::new(MODE, 10.0, fading.spread_db());
    let dbm = model.sensitivity_dbm(loss, BYTES) + 100.0;
    let losses: Vec<(u16, u16, f32)> = (1..=LINKS).map(|n| (0, n, 100.0)).collect();
    let parts = Parts {
        neighbours: Neighbours::from_losses(usize::from(LINKS) + 1, &losses),
        model,
        fading: Fading::new(fading, 1),
        heat: None,
        interference: None,
        phy: Phy::new(MODE),
        cca_threshold_dbm: -90.0,
        own: LINKS + 1,
        hops: HopSet::none(),
        seed: 1,
    };
    let mut air = Air::new(parts, (0..=u32::from(LINKS)).map(|n| (SiteId(n), dbm)));
    let mut is_lost = |from: u16, at_s: f64| {
        let frame =
            Frame { from: Node(from), to: Node(0), channel: Channel::COMMON, bytes: BYTES, mpdu: Mpdu::Foreign };
        let sent = air.begin(SimTime::from_secs_f64(at_s), frame, &[]);
        let mut lost = false;
        air.finish(sent, |_, fate, _| lost = fate != Fate::Received);
        lost
    };
    let rounds = (LOST / loss / f64::from(LINKS)) as u32;
    let (mut lost, mut again) = (0u32, [0u32; 4]);
    for from in 1..=LINKS {
        for round in 0..rounds {
            let at_s = 180_000.0 * f64::from(round) + 7.3 * f64::from(from);
            if is_lost(from, at_s) {
                lost += 1;
                for (count, (_, later_s)) in again.iter_mut().zip(LATER) {
                    *count += u32::from(is_lost(from, at_s + later_s));
                }
            }
        }
    }
    again.map(|count| f64::from(count) / f64::from(lost))
}

fn figures(what: &str, fading: &FadingSpec, loss: f64, expected: [f64; 4], near: f64) -> Vec<Figure> {
    let figure = |((expected, measured), (later, _)): ((f64, f64), (&str, f64))| {
        Figure::new(format!("{what}, {later}"), expected, "", Tolerance::Within(near), measured)
    };
    expected.into_iter().zip(after_a_loss(fading, loss)).zip(LATER).map(figure).collect()
}

fn table() -> Group {
    let rows = [
        (0.01, [0.636, 0.388, 0.340, 0.104]),
        (0.10, [0.756, 0.572, 0.532, 0.291]),
        (0.43, [0.872, 0.771, 0.748, 0.596]),
        (0.55, [0.899, 0.819, 0.801, 0.681]),
    ];
    let fading = FadingSpec { time: SimTime::from_secs(72_000), time_spread: 0.0, ..FadingSpec::default() };
    let of_row = |(loss, expected)| figures(&format!("lost again, of {loss} lost"), &fading, loss, expected, 0.02);
    Group {
        title: "Losses come together",
        source: "P(fails again) = Phi2(h, h; rho) / Phi(h) with Phi(h) the loss: levels of 2.0, 0.8 and 0.55 dB a link, a channel's minute and a \
                 frame, tau 20 h, which are the shares fitted to five days of the public trace GComPI-IFPB/wisun_traces_smartbuilding",
        how: "frames of 250 bytes at 50 kb/s on 1,000 links with the defaults of `[radio.fading]`, tau 20 h on all, until 20,000 were lost",
        why: "",
        figures: rows.into_iter().flat_map(of_row).collect(),
    }
}

fn nodes() -> Group {
    let hours = |h: u64| SimTime::from_secs(3_600 * h);
    let node =
        |slow_db, channel_db, frame_db, time| FadingSpec { slow_db, channel_db, frame_db, time, time_spread: 0.0 };
    let k = figures("node K", &node(2.7, 1.08, 0.27, hours(29)), 0.43, [0.87, 0.77, 0.75, 0.63], 0.05);
    let h = figures("node H", &node(11.7, 0.0, 0.0, hours(35)), 0.43, [0.969, 0.967, 0.908, 0.714], 0.05);
    Group {
        title: "Two nodes of a trace",
        source: "node K of the same trace, which lost 43 % of its frames, as counted; node H by its fit (no part of the channel, 0.06 of a frame, \
                 35 h) at the same loss",
        how: "as above; the frame's part counts with the 0.7 dB of the bit errors, which are 0.06 of 11.7 dB",
        why: "",
        figures: [k, h].concat(),
    }
}
