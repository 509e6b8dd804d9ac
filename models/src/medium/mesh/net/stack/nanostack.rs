//! Nanostack as a router.

use super::profile::{discovery, flooding};
use super::{FEW_BUFFERS, Flooding, PanRules, Params, ParentRules, Procedures, Relaying, Repeats, RouteLife, Signal};
use crate::medium::mesh::net::auth::{Authentication, Places, Requests};
use crate::medium::mesh::net::etx::Counting;
use crate::medium::mesh::net::lease::LeaseLife;
use crate::medium::mesh::net::probes::{Next, Probing, Wait};
use crate::medium::mesh::wire::eapol::Exchange;
use crate::spec::{BorderStack, CertificateChain, RouterStack, SizeProfile};

/// N `ws_bootstrap_6lbr.c`: twice the heap in units of 50 kB, and one; here 250 kB. At most 50.
const AUTHENTICATIONS: u16 = 11;

/// How many nodes its border router serves at a time.
pub(in crate::medium::mesh::net) fn nanostack_places(most: Option<u16>, profile: SizeProfile) -> Places {
    // `ws_common_defines.h`: how long a neighbour without keys is remembered.
    let remembered_s = if profile <= SizeProfile::Medium { 330.0 } else { 750.0 };
    Places {
        most: most.unwrap_or(AUTHENTICATIONS),
        always: 5,
        // `ws_config.h`.
        queue: (64, 192),
        // `sec_prot_lib.h`, `ws_pae_auth.c`: 5 s to close the protocol, then 15 s or 2 min.
        kept_s: 5.0 + 15.0,
        silent_s: 5.0 + 120.0,
        waits_s: Some(0.9 * remembered_s),
    }
}

/// How it repeats a request for keys. `ws_cfg_settings.c`, `ws_pae_supp.c`: so many after the first, and two to four minutes for the answer to the last.
pub(in crate::medium::mesh::net) fn key_requests(profile: SizeProfile) -> Requests {
    Requests {
        first_s: if profile <= SizeProfile::Medium { (180.0, 420.0) } else { (300.0, 600.0) },
        longest_s: match profile {
            SizeProfile::Auto | SizeProfile::Small => 420.0,
            SizeProfile::Medium => 720.0,
            SizeProfile::Large => 900.0,
            SizeProfile::XLarge => 1_200.0,
        },
        doubles_both: false,
        last_s: (120.0, 240.0),
        most: 1 + if profile <= SizeProfile::Small { 2 } else { 4 },
    }
}

/// Its procedures under a border router's intervals.
pub(super) fn nanostack(
    profile: SizeProfile,
    border_discovery: Params,
    dio: Params,
    border_flood: Flooding,
) -> Procedures {
    // `ws_bootstrap_6lr.c`: except in small networks 30 to 60 s behind the first 1 to 2 s.
    let more_dis_s = if profile == SizeProfile::Small { (0.0, 0.0) } else { (30.0, 60.0) };
    let pan_timeout_min = match profile {
        SizeProfile::Auto | SizeProfile::Small | SizeProfile::Medium => 30.0,
        SizeProfile::Large => 90.0,
        SizeProfile::XLarge => 120.0,
    };
    // `rpl_upward.c`: whole seconds of DIOs.
    let choice_s = libm::floor(dio.imin_s()).max(15.0);
    let exactly = |delay_s, first_s, longest_s, tries| Repeats {
        delay_s,
        more_s: (0.0, 0.0),
        first_s,
        longest_s,
        spread: (1.0, 1.0),
        tries,
        ends_short: false,
    };
    Procedures {
        stack: RouterStack::Nanostack,
        border: BorderStack::Nanostack,
        discovery: discovery(profile),
        border_discovery,
        dio,
        // `ws_bootstrap_6lr.c`.
        chooses_with_others: profile <= SizeProfile::Medium,
        config_solicits_max: 5,
        dis: Repeats { more_s: more_dis_s, spread: (90.0, 180.0), ..exactly((1.0, 2.0), 1.0, 1.0, 0) },
        // `rpl_upward.c`: 10, 20 ... 320 s.
        lost_dis: exactly((10.0, 10.0), 20.0, 320.0, 6),
        choice_s: (choice_s, 1.5 * choice_s),
        // DHCPv6 client.
        address: Repeats { spread: (0.9, 1.1), ..exactly((0.0, 5.0), 60.0, 900.0, 0) },
        // `rpl_downward.c`: again as long as the link layer has said nothing.
        register: exactly((0.0, 1.0), 5.0, 5.0, 0),
        announce: Repeats { spread: (0.5, 1.5), ..exactly((6.0, 6.0), dio.imin_s().max(40.0), 540.0, 3) },
        lease: LeaseLife::ENDLESS,
        registration_s: 1_100.0,
        route: RouteLife { lifetime_s: 7_200.0, renewed: (0.5, 0.75) },
        // `ws_bootstrap_6lr.c`, `rpl_downward.c`.
        pan: PanRules::plain(pan_timeout_min * 60.0, (1.0, 20.0)),
        parents: ParentRules {
            denied_min: 0,
            forgets_failed: true,
            // `ws_config.h`, `ws_neighbor_class.c`: 10 dB and 3 more or less above the weakest signal that was ever heard.
            signal: Signal {
                sensitivity_dbm: f32::NEG_INFINITY,
                assumed_dbm: -93.0,
                follows_weakest: true,
                accept_db: 13.0,
                keep_db: 7.0,
                both_ways: true,
                threshold_dbm: None,
            },
            // `etx.c`.
            counting: Counting {
                first_frames: 3,
                frames: 4,
                seconds: 60,
                is_slow: true,
                left_out: 2,
                failure_is_enough: true,
            },
            // `ws_bootstrap.c`: an acknowledged solicitation is good for half of a link's 2,200 s; from then on one in 110 each second, at
            // 1,650 s at the latest. One that is not answered in 5 s is repeated within another.
            probing: Probing {
                idle: Wait::Chance { after_s: 1_100, one_in: 110, most_s: 1_650 },
                next: Next::Doubling(if profile <= SizeProfile::Small { 4 } else { 8 }),
                failed_s: (5.0, 5.9),
            },
            rank_step: 196,
            rank_increase_max: 2_048,
            parents_max: 2,
            children_max: None,
            border_children_max: None,
        },
        authentication: Authentication {
            exchange: Exchange {
                router: RouterStack::Nanostack,
                border: BorderStack::Nanostack,
                chain: CertificateChain::Own,
            },
            request_s: (1.0, 3.0),
            silence_s: 30.0,
            // `ws_pae_supp.c`: so many after the first, and two to four minutes for the answer to the last.
            requests: key_requests(profile),
            repeats_s: (30.0, 60.0),
            repeats_most_s: 120.0,
            repeats: 4,
            places: None,
            near_dbm: None,
        },
        relaying: Relaying { flood: flooding(profile), border_flood, buffers: FEW_BUFFERS },
    }
}
