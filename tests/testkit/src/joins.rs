//! A node that restarts with its keys, or joins for the first time: one hop, nothing lost, nobody in the way, so that the delays of its steps
//! can be added up by hand.

use crate::worlds::{Ran, event, run, sites, world};
use amitwin_data::rows::{EventKind, FrameKind};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use rayon::prelude::*;

/// The supply of the meters is off for a minute from here on, when all timers have reached their largest interval.
pub const OFF_S: u64 = 6_000;

/// Border router and `meters` within 30 m of each other at 150 kb/s on one channel, so that a sweep is a frame that all hear; the
/// meters lose their supply for a minute and boot in a second.
pub fn restarted(meters: u32, stack: RouterStack, profile: SizeProfile, seed: u64) -> WorldSpec {
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain((0..meters).map(|n| (Meter, 20.0, n as f32 * 0.5)));
    let mut spec = world(sites(places), PhyMode::M3, OFF_S + 4_000);
    spec.seed = seed;
    (spec.mesh.stack, spec.mesh.profile) = (stack, Some(profile));
    spec.device.boot = (SimTime::from_secs(1), SimTime::from_secs(1));
    spec.events = vec![event("off", OFF_S, Some(60), Act::PowerOff(PowerOff {}), (1..=meters).collect())];
    spec
}

/// First time of an event of a node, after another time.
pub fn first(ran: &Ran, node: u32, kind: EventKind, value: Option<i32>, after_s: f64) -> f64 {
    let is_it = |at_s: f64, of: u32, what: EventKind, with: i32| {
        at_s >= after_s && of == node && what == kind && value.is_none_or(|value| value == with)
    };
    let found = ran.rows.events.iter().find(|e| is_it(e.time_s, e.node, e.kind, e.value));
    found.unwrap_or_else(|| panic!("no {kind:?} of node {node} after {after_s} s")).time_s
}

/// Whether the border router answered only: by chance what meter 1 is about to ask for comes at that moment.
pub fn was_asked(ran: &Ran, since_s: f64) -> bool {
    let after = |state, asks, answer| {
        let state_s = first(ran, 1, EventKind::JoinState, Some(state), since_s);
        let by = |src, kind| {
            ran.rows.frames.iter().find(|f| f.src == src && f.kind == kind && f.time_s >= state_s).map(|f| f.time_s)
        };
        by(1, asks).is_some_and(|asked_s| by(0, answer).is_some_and(|answered_s| asked_s < answered_s))
    };
    after(3, FrameKind::PanConfigSolicit, FrameKind::PanConfig) && after(4, FrameKind::Dis, FrameKind::Dio)
}

/// From the boot of meter 1 until it is part of the mesh, for many seeds, sorted.
pub fn times_back(stack: RouterStack, border: BorderStack, profile: SizeProfile, seeds: u64) -> Vec<f64> {
    let mut times: Vec<f64> = (1..=seeds)
        .into_par_iter()
        .filter_map(|seed| {
            let mut spec = restarted(1, stack, profile, seed);
            (spec.mesh.border_stack, spec.record.frames_every) = (Some(border), 1);
            let ran = run(&spec);
            let boot_s = first(&ran, 1, EventKind::Boot, None, OFF_S as f64);
            was_asked(&ran, OFF_S as f64).then(|| first(&ran, 1, EventKind::Operational, None, boot_s) - boot_s)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

/// Meter 2 behind meter 1 restarts with its lease; the border router takes frames and says nothing. The times of its announcements
/// and of what it does when it has given its parent up: wsrd asks for its PAN, nanostack sends a DIS. `None` if meter 1 had to
/// announce itself as well, because it loses its parent too, or if a DIO of it came before that DIS.
pub fn announcements(stack: RouterStack, seed: u64) -> Option<(Vec<f64>, f64)> {
    let line = [(Gateway, 0.0, 0.0), (Meter, 70.0, 0.0), (Meter, 140.0, 0.0)];
    let mut spec = world(sites(line), PhyMode::M1b, 1_500);
    spec.seed = seed;
    (spec.mesh.stack, spec.mesh.lease) = (stack, Lease::Kept);
    (spec.mac.gateway_queue_frames_max, spec.record.frames_every) = (Some(0), 1);
    spec.device.boot = (SimTime::from_secs(1), SimTime::from_secs(1));
    spec.events = vec![event("off", 100, Some(60), Act::PowerOff(PowerOff {}), vec![2])];
    let ran = run(&spec);
    let sent = |kind| ran.rows.frames.iter().filter(move |f| f.src == 2 && f.kind == kind).map(|f| f.time_s);
    let daos: Vec<f64> = sent(FrameKind::Dao).take(3).collect();
    let gives_up = match stack {
        RouterStack::Wsrd => FrameKind::PanConfigSolicit,
        RouterStack::Nanostack => FrameKind::Dis,
    };
    let given_up_s = sent(gives_up).find(|&at_s| daos.last().is_some_and(|&dao_s| at_s > dao_s))?;
    let announced = |node| {
        let frames = ran.rows.frames.iter().filter(|f| f.time_s < given_up_s);
        frames.filter(|f| f.src == node && f.kind == FrameKind::Dao).count()
    };
    if announced(1) > announced(2) {
        return None;
    }
    let heard_again = sent(FrameKind::Dao).nth(3).is_some_and(|dao_s| dao_s < given_up_s);
    (!heard_again).then_some((daos, given_up_s))
}

/// A border router and new meters as in [`restarted`], which boot in a second and need keys.
pub fn cold(meters: u32, stack: RouterStack, profile: SizeProfile, seed: u64) -> WorldSpec {
    let mut spec = restarted(meters, stack, profile, seed);
    (spec.mesh.start, spec.duration, spec.events) = (Start::Cold, SimTime::from_secs(4_000), Vec::new());
    spec
}

/// From the boot of meter 1, which is new and 60 m away, until it is part of the mesh, where the border router answered only; sorted.
pub fn times_to_join(stack: RouterStack, profile: SizeProfile, seeds: u64) -> Vec<f64> {
    let of = |seed| {
        let mut spec = cold(1, stack, profile, seed);
        (spec.placement.sites[1].x_m, spec.record.frames_every) = (60.0, 1);
        let ran = run(&spec);
        let boot_s = first(&ran, 1, EventKind::Boot, None, 0.0);
        was_asked(&ran, 0.0).then(|| first(&ran, 1, EventKind::Operational, None, boot_s) - boot_s)
    };
    let mut times: Vec<f64> = (1..=seeds).into_par_iter().filter_map(of).collect();
    times.sort_by(f64::total_cmp);
    times
}
