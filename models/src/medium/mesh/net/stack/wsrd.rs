//! wsrd, the router of wisun-br-linux.

use super::profile::discovery;
use super::{
    FLOOD_ROUNDS_MAX, Flooding, MANY_BUFFERS, PanRules, Params, ParentRules, Procedures, Relaying, Repeats, RouteLife,
    Signal,
};
use crate::medium::mesh::net::auth::{Authentication, Places, Requests};
use crate::medium::mesh::net::etx::Counting;
use crate::medium::mesh::net::lease::LeaseLife;
use crate::medium::mesh::net::probes::{Next, Probing, Wait};
use crate::medium::mesh::wire::eapol::Exchange;
use crate::spec::{BorderStack, CertificateChain, RouterStack, SizeProfile};
use amitwin_sim_core::SimTime;

/// W `authenticator_key.c`: exchanges in which wsbrd waits for an answer; it does not hear requests for more.
const AUTHENTICATIONS: u16 = 20;

/// How many nodes wsbrd serves at a time.
pub(super) fn wsbrd_places(most: Option<u16>) -> Places {
    let most = most.unwrap_or(AUTHENTICATIONS);
    Places { most, always: most, queue: (0, u16::MAX), kept_s: 0.0, silent_s: 0.0, waits_s: None }
}

/// Its procedures under a border router's intervals.
pub(super) fn wsrd(
    profile: SizeProfile,
    sweep_s: f64,
    border_discovery: Params,
    dio: Params,
    border_flood: Flooding,
) -> Procedures {
    // `rfc8415_txalg`: 10 % to both sides.
    let repeats = |delay_s, first_s, longest_s, tries| Repeats {
        delay_s,
        more_s: (0.0, 0.0),
        first_s,
        longest_s,
        spread: (0.9, 1.1),
        tries,
        ends_short: tries > 0,
    };
    // `ndp.c`: neighbour solicitations, 60 s apart within a half.
    let solicits = |delay_s| Repeats { spread: (0.5, 1.5), ends_short: false, ..repeats(delay_s, 60.0, 60.0, 3) };
    let dis = repeats((sweep_s, sweep_s + 5.0), 5.0, 180.0, 0);
    Procedures {
        stack: RouterStack::Wsrd,
        border: BorderStack::Wsbrd,
        // `wsrd.c`: 15 and 60 s unless `disc_imin` and `disc_imax` are configured, here for the profile.
        discovery: discovery(profile),
        border_discovery,
        dio,
        // `join_state.c`.
        chooses_with_others: false,
        config_solicits_max: u8::MAX,
        // `wsrd.c`, `ws.c`.
        dis,
        lost_dis: dis,
        choice_s: (10.0, 10.0),
        address: repeats((0.0, 60.0), 60.0, 3_600.0, 3),
        register: solicits((0.0, 0.0)),
        announce: repeats((3.0, 3.0), 3.0, 6.0, 3),
        lease: LeaseLife::ENDLESS,
        registration_s: 1_900.0,
        // `rpl.c`.
        route: RouteLife { lifetime_s: 7_200.0, renewed: (0.9, 0.9) },
        pan: PanRules::plain(3_600.0, (0.0, 0.0)),
        parents: ParentRules {
            denied_min: 10,
            forgets_failed: false,
            // `rpl_mrhof.c`: once at the radio's sensitivity, always a candidate.
            signal: Signal {
                sensitivity_dbm: f32::NEG_INFINITY,
                assumed_dbm: 0.0,
                follows_weakest: false,
                accept_db: 0.0,
                keep_db: f32::NEG_INFINITY,
                both_ways: false,
                threshold_dbm: None,
            },
            // `ws_etx.c`.
            counting: Counting {
                first_frames: 1,
                frames: 4,
                seconds: 60,
                is_slow: false,
                left_out: 0,
                failure_is_enough: false,
            },
            // `ws_etx.c`, `ndp.c`: an ETX is outdated after half an hour; a neighbour is asked within a minute of that, and of the answer.
            probing: Probing {
                idle: Wait::Uniform(1_800.0, 60.0),
                next: Next::Uniform(0.0, 60.0),
                failed_s: (30.0, 90.0),
            },
            rank_step: 128,
            rank_increase_max: 0,
            parents_max: 2,
            children_max: None,
            border_children_max: None,
        },
        // `supplicant.c`, `wsrd.c`: requests until the exchange begins; then a minute without a word and it begins anew.
        authentication: Authentication {
            exchange: Exchange { router: RouterStack::Wsrd, border: BorderStack::Wsbrd, chain: CertificateChain::Own },
            request_s: (0.0, 30.0),
            silence_s: 60.0,
            requests: Requests {
                first_s: (270.0, 330.0),
                longest_s: 3_960.0,
                doubles_both: true,
                last_s: (300.0, 300.0),
                most: 3,
            },
            repeats_s: (30.0, 30.0),
            repeats_most_s: 30.0,
            repeats: 3,
            places: None,
            near_dbm: Some(-60),
        },
        relaying: Relaying {
            flood: Flooding {
                imin: SimTime::from_secs(10),
                imax: SimTime::from_secs(80),
                k: 3,
                rounds: FLOOD_ROUNDS_MAX,
            },
            border_flood,
            buffers: MANY_BUFFERS,
        },
    }
}
