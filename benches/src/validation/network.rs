//! Figures of whole meshes: what a border router carries, how long a question takes, what an idle day costs.

use super::worlds::{line, pings, plain, star};
use super::{Effort, Figure, Group, Tolerance};
use amitwin_data::rows::{FrameKind, Outcome, TransactionKind, TransactionRow};
use amitwin_models::spec::*;
use amitwin_models::terrain::{GenerateSpec, Generator, generate};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::run;

/// Frames of RPL.
const RPL: [FrameKind; 5] = [FrameKind::Dio, FrameKind::Dis, FrameKind::Dao, FrameKind::DaoAck, FrameKind::RouteError];

/// All of them.
pub fn groups(effort: Effort) -> Vec<Group> {
    vec![capacity(), slope(effort), round_trips(), access_point(), idle_day()]
}

/// The star has so much fewer meters, which report so much more often.
const SCALE: u32 = 40;

fn capacity() -> Group {
    let modes = [
        (PhyMode::M1b, "50 kb/s", 2_690.0),
        (PhyMode::M2a, "100 kb/s", 5_320.0),
        (PhyMode::M3, "150 kb/s", 7_800.0),
        (PhyMode::M5, "300 kb/s", 14_600.0),
    ];
    let figures = modes.map(|(phy, rate, expected)| {
        let meters = expected as u32 / SCALE;
        let mut spec = plain(star(meters), phy, SimTime::from_secs(1_800));
        spec.mac.hopping = false;
        // A border router that is busy is no reason for a way around it.
        spec.mesh.hops_max = 1;
        spec.traffic.payload_bytes = Some(500);
        let idle = busy(&spec);
        spec.traffic.push_period = Some(SimTime::from_secs(900) / u64::from(SCALE));
        let fills = f64::from(meters * SCALE) * 0.3 / (busy(&spec) - idle);
        Figure::new(format!("{rate}: meters"), expected, "", Tolerance::Share(0.1), fills)
    });
    Group {
        title: "Meters that fill 30 % of a border router's time",
        source: "worked out from air times for frames of 500 bytes and the link layer's overhead, acknowledged, each 15 minutes, first hop only",
        how: "a star with a fortieth of the meters that report 500 bytes 40 times as often, on one channel; the border router's radio time \
              with reports less that without",
        why: "A report of 500 bytes above UDP is a frame of 655 and its acknowledgement one of 48 (`models/src/medium/mesh/wire`, lengths \
              that tshark reads): addresses of IPv6, UDP, RPL's option and the security of the link layer, where the source counted about \
              95 bytes for all of it. At 50 kb/s that is 117.6 instead of 100.4 ms a report, or 2,296 meters; frames that are sent again \
              because the border router was busy with another take some more. A frame that finds its channel busy nine times is lost and fills nothing, which makes up for part of it.",
        figures: figures.into(),
    }
}

/// Share of a border router's time, from the tenth minute on.
fn busy(spec: &WorldSpec) -> f64 {
    let rows = run(spec).rows;
    mean(rows.airtime.iter().filter(|row| row.time_s >= 600.0).map(|row| f64::from(row.busy_share)))
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// Least-squares slope of these over 0, 1, 2 ...
fn slope_of(values: &[f64]) -> f64 {
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let (mut product, mut square) = (0.0, 0.0);
    for (x, y) in (0u32..).zip(values) {
        let x = f64::from(x) - middle;
        product += x * (y - mean);
        square += x * x;
    }
    product / square
}

fn slope(effort: Effort) -> Group {
    let rounds = if effort == Effort::Quick { 100 } else { 500 };
    let mut spec = plain(line(5), PhyMode::M1b, SimTime::ZERO);
    // 100 nodes: the profile that they have by default.
    spec.mesh.profile = Some(SizeProfile::Medium);
    let by_hop: Vec<f64> = pings(spec, rounds, SimTime::from_secs(20)).into_iter().map(mean).collect();
    let mut figures = vec![Figure::new("a hop more", 131.0, "ms", Tolerance::Share(0.3), slope_of(&by_hop))];
    for (hop, (ours, theirs)) in (1..).zip(by_hop.iter().zip([373.0, 471.0, 574.0, 760.0, 899.0])) {
        figures.push(Figure::new(format!("mean at hop {hop}"), theirs, "ms", Tolerance::Beside, *ours));
    }
    Group {
        title: "Round trip by hops, 50 kb/s",
        source: "TI SWRA714A: 100 nodes, pings of 50 bytes at 1 to 5 hops",
        how: "a line of five meters, hopping, profile medium; each is asked for its clock again and again and answers at once; without the \
              backhaul",
        why: "What is the same at every hop count is no part of the slope: TI's pings begin and end in a host behind the border router, and \
              its round trips are some 200 ms longer at each of them.",
        figures,
    }
}

fn round_trips() -> Group {
    // Best and number of pings.
    let field = [(128.0, 33), (266.0, 42), (376.0, 13), (492.0, 7)];
    let figures =
        [(RouterStack::Wsrd, ""), (RouterStack::Nanostack, ", nanostack")].into_iter().flat_map(|(stack, name)| {
            let mut spec = plain(line(4), PhyMode::M3, SimTime::ZERO);
            // Nanostack takes parents from -80 dBm on otherwise; these are received at -85.
            (spec.radio.region, spec.mesh.stack, spec.mesh.parent_threshold_dbm) = (Region::Europe, stack, Some(-95.0));
            let by_hop = pings(spec, 42, SimTime::from_secs(20));
            let of = move |(hop, (best_ms, pings)): (usize, (f64, usize))| {
                let all: &[f64] = by_hop.get(hop - 1).map_or(&[], |hop| &hop[..]);
                let measured = all.iter().take(pings).copied().min_by(f64::total_cmp);
                Figure {
                    measured,
                    ..Figure::new(format!("best at hop {hop}{name}"), best_ms, "ms", Tolerance::Share(0.35), 0.0)
                }
            };
            (1..).zip(field).map(of)
        });
    Group {
        title: "Best round trip by hops, 150 kb/s",
        source: "the campus network of \"Both directions of a link\": single pings, 33, 42, 13 and 7 of them at hops 1 to 4",
        how: "a line of four meters in Europe, hopping, profile small, wsrd where no stack is named; as many questions for the clock, answered at once; without the backhaul",
        why: "Under wsrd a hop costs some 50 ms there and back, which is backoff, air time of frame and acknowledgement, and nothing else: a \
              meter forwards in no time, and in any slot that is not the broadcast channel's. In the campus it costs 121 ms. Nanostack sends \
              only in every second unicast slot (54 ms at this rate), and comes near that from hop to hop; a real node takes time over a frame besides, and a ping begins and ends in a host. \
              Which of it the campus' nodes do is not known (their stack is closed).",
        figures: figures.collect(),
    }
}

fn access_point() -> Group {
    let place = GenerateSpec { meters: 200, ..GenerateSpec::default() };
    let placement = generate(Generator::Suburb, &place, 3).expect("a suburb");
    // Rows of the profile since the start, one each 15 minutes.
    let read = |content: PollContent, rows: u64, parallel: u16| {
        let at = SimTime::from_secs(900 * (rows + 1));
        let poll = PollSpec {
            every: at + SimTime::from_secs(1_800),
            at,
            window: Some(SimTime::ZERO),
            parallel,
            attempts: 3,
            timeout: SimTime::from_secs(60),
            ..PollSpec::once("all".into(), content)
        };
        let mut spec = WorldSpec {
            duration: poll.every,
            placement: placement.clone(),
            radio: RadioSpec { phy: PhyMode::M2a, ..RadioSpec::default() },
            polls: vec![poll],
            ..WorldSpec::plain()
        };
        spec.dlms.answer_delay = (SimTime::ZERO, SimTime::ZERO);
        let rows = run(&spec).rows;
        let is_done = |row: &&TransactionRow| row.kind == TransactionKind::Read && row.outcome == Outcome::Ok;
        let done: Vec<&TransactionRow> = rows.transactions.iter().filter(is_done).collect();
        let bytes = mean(done.iter().map(|row| f64::from(row.bytes)));
        let mut times: Vec<f64> = done.iter().filter_map(|row| row.answered_s).collect();
        times.sort_by(f64::total_cmp);
        // The middle of the round, in which 50 are under way.
        let (from, to) = (times.len() / 10, times.len() * 8 / 10);
        (bytes, (to - from) as f64 / (times[to] - times[from]))
    };
    let most = |content: PollContent, rows: u64| {
        let by = [4, 8, 12, 16, 24, 50].map(|parallel| (parallel, read(content, rows, parallel)));
        let best = by.iter().map(|(_, of)| of.1).fold(0.0, f64::max);
        (by[0].1.0, best, by[5].1.1)
    };
    let (small, large) = (most(PollContent::Registers, 0), most(PollContent::Profile, 6));
    let figures = vec![
        Figure::new("transactions of 150 bytes", 10.0, "1/s", Tolerance::Share(0.35), small.1),
        Figure::ours("with 50 under way", "1/s", small.2),
        Figure::ours("question and answer of such a read", "B", small.0),
        Figure {
            expected: [3.0, 5.0],
            ..Figure::new("transactions of 350 bytes", 3.0, "1/s", Tolerance::Share(0.35), large.1)
        },
        Figure::ours("with 50 of six rows under way", "1/s", large.2),
        Figure::ours("question and answer of six rows", "B", large.0),
    ];
    Group {
        title: "What an access point carries at 100 kb/s",
        source: "a vendor's guide (Silver Spring Networks, 2013): transactions a second, for up to 5,000 meters of which most are in reach of several",
        how: "a suburb of 200 meters around one border router, 1.2 hops on average: registers of the moment, and six rows of the load profile; the middle of the \
              round; the best of 4, 8, 12, 16, 24 and 50 reads under way, and 50 beside it",
        why: "With 50 under way answers meet a border router that sends questions and are given up after 8 transmissions; the head-end asks again after \
              60 s, and until then a place is taken. That measures the time-out and not the channel; the host of wsbrd drops what comes at once besides.",
        figures,
    }
}

fn idle_day() -> Group {
    let place = GenerateSpec { meters: 300, ..GenerateSpec::default() };
    let meters = f64::from(place.meters);
    let spec = WorldSpec {
        duration: SimTime::from_secs(86_400),
        placement: generate(Generator::Suburb, &place, 3).expect("a suburb"),
        radio: RadioSpec { phy: PhyMode::M2a, ..RadioSpec::default() },
        record: RecordSpec { frames_every: 10, ..RecordSpec::default() },
        ..WorldSpec::plain()
    };
    let rows = run(&spec).rows;
    let scale = f64::from(spec.record.frames_every) / meters;
    let count = |kinds: &[FrameKind]| rows.frames.iter().filter(|row| kinds.contains(&row.kind)).count() as f64 * scale;
    let on_air_s = rows.frames.iter().map(|row| f64::from(row.airtime_s)).sum::<f64>() * scale;
    let kinds: [(&str, &[FrameKind]); 6] = [
        ("advertisements of the PAN (sweeps)", &[FrameKind::PanAdvert]),
        ("its configuration (sweeps)", &[FrameKind::PanConfig, FrameKind::PanConfigSolicit]),
        ("RPL: DIO, DAO and answers", &RPL),
        ("neighbours: registrations", &[FrameKind::Ns]),
        ("neighbours: probes", &[FrameKind::Nud]),
        ("acknowledgements", &[FrameKind::Ack]),
    ];
    let mut figures = vec![
        Figure::new(
            "transmissions, management of the mesh",
            9_600.0,
            "",
            Tolerance::Beside,
            rows.frames.len() as f64 * scale,
        ),
        Figure::new("time on the air", 45.0, "s", Tolerance::Beside, on_air_s),
    ];
    for (what, kinds) in kinds {
        figures.push(Figure::ours(what, "", count(kinds)));
    }
    Group {
        title: "A day of a meter that reports nothing",
        source: "PG&E's regulatory filing on 88,000 meters, as the press tells it: median of 9,981 transmissions a day, 9,600 of them for the \
                 management of the mesh, about 45 s on the air",
        how: "300 meters of a suburb for a day at 100 kb/s, profile medium, settled; a meter's share of all frames, those of the border router \
              included",
        why: "Another protocol, so that kinds are not the same; the filing tells none. 45 s of 9,981 transmissions are 4.5 ms each, some 50 \
              bytes at 100 kb/s; ours have 7.3 ms. Ours keep neighbours by a \
              frame on each of 129 channels when trickle lets them, and trickle lets one of a neighbourhood do it for all (k = 1): that is \
              three quarters of what they send, and a settled town has little of it; most of the rest are probes of wsrd and their acknowledgements. What a real one has besides, and this \
              town has not: keys that are renewed.",
        figures,
    }
}
