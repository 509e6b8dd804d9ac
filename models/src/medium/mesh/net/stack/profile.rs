//! Intervals by size profile, of both stacks.

use super::{Flooding, Params};
use crate::spec::SizeProfile;
use amitwin_sim_core::SimTime;

/// N `ws_cfg_settings.c`, W `wsbrd.c`: advertisements and configurations by size profile.
pub(super) const fn discovery(profile: SizeProfile) -> Params {
    match profile {
        SizeProfile::Auto | SizeProfile::Small => Params::seconds(15, 60),
        SizeProfile::Medium => Params::seconds(60, 960),
        SizeProfile::Large => Params::seconds(120, 1_536),
        SizeProfile::XLarge => Params::seconds(240, 1_920),
    }
}

/// W `ws_mngt.c`: wsbrd looks anew when the nodes of its PAN pass a multiple of this.
pub const WSBRD_STEP: u32 = 200;

/// W `ws_mngt.c`: unless configured, wsbrd adapts its intervals in steps of 200 nodes.
pub(super) fn wsbrd_discovery(profile: SizeProfile, nodes: usize) -> Params {
    if profile != SizeProfile::Auto {
        return discovery(profile);
    }
    let factor = 1 << (nodes.min(1_000) / WSBRD_STEP as usize);
    Params::seconds((15 * factor).min(60), (60 * factor).min(1_920))
}

/// N `ws_cfg_settings.c`: RPL information by size profile.
pub(super) const fn dio(profile: SizeProfile) -> Params {
    match profile {
        SizeProfile::Auto | SizeProfile::Small => Params::doublings(15, 2, 0),
        SizeProfile::Medium => Params::doublings(17, 3, 10),
        SizeProfile::Large => Params::doublings(18, 3, 10),
        SizeProfile::XLarge => Params::doublings(18, 4, 10),
    }
}

/// W `wsbrd.c`: two sets, one for small networks.
pub(super) const fn wsbrd_dio(profile: SizeProfile) -> Params {
    match profile {
        SizeProfile::Small => Params::doublings(15, 2, 0),
        _ => Params::doublings(19, 1, 0),
    }
}

/// N `ws_cfg_settings.c`: floods by size profile.
pub(super) const fn flooding(profile: SizeProfile) -> Flooding {
    let (imin_s, imax_s, rounds) = match profile {
        SizeProfile::Auto | SizeProfile::Small => (1, 10, 1),
        SizeProfile::Medium => (1, 32, 1),
        SizeProfile::Large => (5, 40, 2),
        SizeProfile::XLarge => (10, 80, 2),
    };
    Flooding { imin: SimTime::from_secs(imin_s), imax: SimTime::from_secs(imax_s), k: 8, rounds }
}

/// N `ws_cfg_settings.c`: a border router repeats at least twice, at intervals of 40 s at most.
pub(super) fn border_flooding(profile: SizeProfile) -> Flooding {
    let own = flooding(profile);
    Flooding { imax: own.imax.min(SimTime::from_secs(40)), rounds: own.rounds.max(2), ..own }
}

/// W `wsbr_cfg.c`: the same, each twice; AUTO as for small networks.
pub(super) const fn wsbrd_flooding(profile: SizeProfile) -> Flooding {
    Flooding { rounds: 2, ..flooding(profile) }
}
