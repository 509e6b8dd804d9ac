//! A made-up run of 5,000 meters and four variants, in the shape that real runs have.

use amitwin_data::manifest::{FileEntry, Host, Manifest};
use amitwin_data::metrics::{Metric, Values};
use amitwin_data::rows::{Added, AirtimeRow, LoadRow, NodeKind, NodeRow, Outcome, TransactionKind, TransactionRow};
use amitwin_data::summary::{GateVerdict, Status, Summary, VariantSummary, Verdict};
use amitwin_viz::health::LinkHealth;
use amitwin_viz::load::Load;
use std::sync::Arc;

pub const VARIANTS: [&str; 4] = ["all at once", "manual: 10-60 s", "clusters of 100", "computed"];
pub const START_S: f64 = 600.0;
pub const END_S: f64 = 10_800.0;

/// Draws between 0 and 1 from a fixed start.
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Draw(seed)
    }
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A square town with the border router in its middle and a tree by distance.
pub fn nodes(meters: usize) -> Vec<NodeRow> {
    let mut draw = Draw::new(7);
    let side = (meters as f64).sqrt() * 30.0;
    let mut out: Vec<NodeRow> = Vec::new();
    for i in 0..=meters {
        let (x, y) = if i == meters {
            (side / 2.0, side / 2.0)
        } else {
            let (block_x, block_y) = ((draw.unit() * 14.0).floor(), (draw.unit() * 14.0).floor());
            ((block_x + 0.12 + draw.unit() * 0.76) * side / 14.0, (block_y + 0.12 + draw.unit() * 0.76) * side / 14.0)
        };
        let distance = (x - side / 2.0).hypot(y - side / 2.0);
        let lost = i != meters && distance > side * 0.66;
        out.push(NodeRow {
            node: i as u32,
            name: if i == meters { "G0001".into() } else { format!("M{i:06}") },
            kind: if i == meters { NodeKind::Gateway } else { NodeKind::Meter },
            lat_deg: 47.0 + y / 111_000.0,
            lon_deg: 8.0 + x / 76_000.0,
            x_m: x as f32,
            y_m: y as f32,
            height_m: 1.5,
            antenna_gain_dbi: None,
            tx_power_dbm: None,
            gateway: (i != meters && !lost).then_some(meters as u32),
            parent: None,
            hops: (!lost).then_some(if i == meters { 0 } else { (distance / 210.0) as u8 + 1 }),
            path_loss_db: None,
            neighbours: 30,
            reachable: !lost,
            // The meters 2 to 4 have no way without meter 1.
            cut_off_by: (2..=4).contains(&i).then_some(1),
            board_max_c: Added::default(),
            above_60c_h: Added::default(),
            above_85c_h: Added::default(),
        });
    }
    let spots: Vec<(f32, f32, Option<u8>)> = out.iter().map(|n| (n.x_m, n.y_m, n.hops)).collect();
    for node in out.iter_mut().filter(|n| n.kind == NodeKind::Meter && n.reachable) {
        let wanted = node.hops.map(|h| h - 1);
        let near = |s: &(f32, f32, Option<u8>)| (s.0 - node.x_m).powi(2) + (s.1 - node.y_m).powi(2);
        let candidates = spots.iter().enumerate().filter(|(_, s)| s.2 == wanted);
        node.parent = candidates.min_by(|a, b| near(a.1).total_cmp(&near(b.1))).map(|(i, _)| i as u32);
    }
    out
}

/// Resets of a variant: `(when, how long until back)` by variant.
pub fn transactions(variant: usize, nodes: &[NodeRow]) -> Vec<TransactionRow> {
    let mut draw = Draw::new(100 + variant as u64);
    let mut out = Vec::new();
    for node in nodes.iter().filter(|n| n.kind == NodeKind::Meter) {
        let u = draw.unit();
        let after = match variant {
            0 => 0.0,
            1 => 10.0 + 50.0 * u,
            2 => (node.node / 100) as f64 * 35.0 + 10.0 * u,
            _ => 1_920.0 * u,
        };
        let tail = -draw.unit().max(1e-9).ln();
        let took = match variant {
            0 => 240.0 + 5_200.0 * tail,
            1 => 220.0 + 4_600.0 * tail,
            2 => 60.0 + 700.0 * tail,
            _ => 35.0 + 40.0 * tail * f64::from(node.hops.unwrap_or(1)),
        };
        let reset_s = START_S + after;
        let answered_s = Some(reset_s + took).filter(|t| *t < END_S && node.reachable);
        out.push(TransactionRow {
            transaction: out.len() as u64,
            campaign: Arc::from("reset"),
            gateway: nodes.len() as u32 - 1,
            sent_s: Some(START_S + 0.05),
            reset_s: node.reachable.then_some(reset_s),
            answered_s,
            outcome: if answered_s.is_some() {
                Outcome::Ok
            } else if node.reachable {
                Outcome::Pending
            } else {
                Outcome::Unreachable
            },
            attempts: 1,
            hops: node.hops,
            hops_made: node.hops,
            bytes: 16,
            ..TransactionRow::new(TransactionKind::Reset, node.node, reset_s)
        });
    }
    out
}

pub fn airtime(variant: usize, gateway: u32) -> Vec<AirtimeRow> {
    let mut draw = Draw::new(200 + variant as u64);
    let row = |minute: u32| {
        let t = f64::from(minute) - START_S / 60.0;
        let noise = 0.05 * (draw.unit() - 0.5);
        let busy = match (variant, t) {
            (_, t) if t < 0.0 => 0.03 + noise * 0.2,
            (0 | 1, t) => 0.93 - 0.002 * t - 0.05 * variant as f64 + noise,
            (2, t) if t < 45.0 => 0.72 + noise * 2.0,
            (3, t) if t < 33.0 => 0.33 + noise,
            _ => 0.04 + noise * 0.3,
        };
        AirtimeRow {
            time_s: f64::from(minute) * 60.0,
            gateway,
            tx_s: (busy * 25.0) as f32,
            rx_s: (busy * 35.0) as f32,
            busy_share: busy as f32,
            frames_sent: 900,
            frames_received: 1_400,
            collisions: 80,
            missed_busy: 20,
            queue_frames_max: 12,
            dropped: 3,
        }
    };
    (0..(END_S / 60.0) as u32).map(row).collect()
}

/// One hour in which ten meters relay, the later ones more, and they and the border router lose messages, fewer in later variants. The first
/// meter has no connection, the second a poor one.
pub fn load(variant: usize, nodes: &[NodeRow]) -> (Load, LinkHealth) {
    let router = nodes.len() as u32 - 1;
    let row = |node: u32| {
        let is_router = node == router;
        LoadRow {
            tx_s: 108.0,
            frames_sent: 2_000,
            relayed: if is_router { 0 } else { 1_000 + node },
            queue_frames_max: node,
            lost_retries: if is_router { 0 } else { 10 - variant as u32 },
            lost_backhaul: if is_router { 40 } else { 0 },
            lost_control: 3,
            hops: Some(if is_router { 0 } else { 2 }),
            children: 1,
            descendants: if is_router { router } else { 5 },
            up_sent: if is_router { 0 } else { 100 },
            up_unanswered: if is_router { 0 } else { 2 },
            rssi_dbm: (!is_router).then(|| [-112.0, -95.0].get(node as usize).copied().unwrap_or(-80.0)),
            snr_db: (!is_router).then_some(30.0),
            ..LoadRow::quiet(0.0, node)
        }
    };
    let rows: Vec<LoadRow> = (0..10).chain([router]).map(row).collect();
    let (mut load, mut health) = (Load::default(), LinkHealth::default());
    load.add(&rows);
    health.add(&rows);
    (load, health)
}

/// A summary written by hand.
pub fn summary() -> Summary {
    let figures: [[Option<f64>; 11]; 4] = [
        [
            Some(0.004),
            Some(0.213),
            Some(0.412),
            None,
            None,
            None,
            Some(0.907),
            Some(4.12e6),
            Some(1.94e6),
            Some(9.31e6),
            Some(812_345.0),
        ],
        [
            Some(0.006),
            Some(0.262),
            Some(0.481),
            Some(4_921.0),
            None,
            None,
            Some(0.883),
            Some(3.87e6),
            Some(1.71e6),
            Some(8.77e6),
            Some(640_112.0),
        ],
        [
            Some(0.11),
            Some(0.702),
            Some(0.99995),
            Some(612.4),
            Some(2_280.0),
            Some(3_771.0),
            Some(0.715),
            Some(912_410.0),
            Some(411_002.0),
            Some(3.1e6),
            Some(20_214.0),
        ],
        [
            Some(0.121),
            Some(0.889),
            Some(1.0),
            Some(84.2),
            Some(312.0),
            Some(738.0),
            Some(0.331),
            Some(83_140.0),
            Some(40_112.0),
            Some(1.24e6),
            Some(0.0),
        ],
    ];
    let measured = [
        Metric::Back5minShare,
        Metric::Back30minShare,
        Metric::Back60minShare,
        Metric::RejoinP50S,
        Metric::RejoinP95S,
        Metric::RejoinP99S,
        Metric::BorderRouterBusyShare,
        Metric::Collisions,
        Metric::Retries,
        Metric::Frames,
        Metric::Dropped,
    ];
    let variant = |i: usize| {
        let mut metrics: Values = measured.into_iter().zip(figures[i]).collect();
        metrics.set(Metric::Commanded, Some(5_000.0));
        metrics.set(Metric::AllBackS, [None, None, Some(5_630.0), Some(2_912.0)][i]);
        metrics.set(Metric::AwayMeterH, Some([9_120.0, 8_344.0, 1_087.0, 156.0][i]));
        metrics.set(Metric::CampaignStartS, Some(START_S));
        VariantSummary {
            name: VARIANTS[i].into(),
            fingerprint: format!("{i}").repeat(64),
            meters: 5_000,
            gateways: 1,
            unreachable: 60,
            metrics,
            ..VariantSummary::default()
        }
    };
    // The gate is binding for the last variant alone.
    let gate = |i: usize| GateVerdict {
        metric: "rejoin_time".into(),
        stat: "p99".into(),
        limit: "max 60min".into(),
        variant: VARIANTS[i].into(),
        value: figures[i][5],
        verdict: if figures[i][5].is_some_and(|s| s <= 3_600.0) { Verdict::Pass } else { Verdict::Breach },
        binding: i == 3,
        share: None,
        not_reached: 0,
    };
    Summary {
        status: Status::Complete,
        exit_code: Some(0),
        keys: "TEST".into(),
        fingerprint: "5b".repeat(32),
        finding: Some(
            "With all 4,940 meters reset at one moment ('all at once'), 59 % are still away when the run ends; over 32 min \
             ('computed'), for 84 s (median) and 12 min (p99), and all are back 49 min after the start."
                .into(),
        ),
        variants: (0..4).map(variant).collect(),
        gates: (0..4).map(gate).collect(),
        warnings: vec!["60 meters reach no border router: they are counted as not back".into()],
        ..Summary::begun("mass-reset", 1, END_S)
    }
}

pub fn manifest() -> Manifest {
    let tables = ["airtime", "events", "links", "nodes", "transactions"];
    let file = |table: &str, variant: &str| FileEntry {
        path: format!("tables/{table}/{variant}/part-000.parquet"),
        bytes: 412_345,
        blake3: "ab".repeat(32),
        rows: Some(5_001),
    };
    Manifest {
        name: "mass-reset".into(),
        version: "0.1.0".into(),
        seed: 1,
        scenario_hash: "c4".repeat(32),
        host: Host { os: "linux".into(), arch: "x86_64".into(), cpus: 2 },
        threads: 2,
        keys: "TEST".into(),
        inputs: Vec::new(),
        fingerprint: "5b".repeat(32),
        complete: true,
        files: tables.iter().flat_map(|t| VARIANTS.iter().map(|v| file(t, v))).collect(),
    }
}
