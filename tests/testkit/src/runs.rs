//! Rows and run directories, made up.

use amitwin_data::files::RunDir;
use amitwin_data::manifest::Manifest;
use amitwin_data::rows::{
    Added, AirtimeRow, AuditRow, CensusRow, EventRow, FieldVisitRow, FrameRow, HeadendRow, LinkRow, LoadRow, NodeRow,
    RoundRow, Rows, TransactionRow,
};
use amitwin_data::rows::{DepotRow, FailureRow, FleetYearRow, RadioMonthRow, SurvivalRow, VisitRow, WeatherRow};
use amitwin_data::rows::{
    Effect, EventKind, FrameKind, FrameOutcome, NodeKind, Outcome, Part, Reason, TransactionKind, VisitCause,
    VisitFound, VisitOutcome,
};
use amitwin_data::summary::{Status, Summary, VariantSummary};
use std::path::Path;
use std::sync::Arc;

/// A run that has just begun.
pub fn begin(path: &Path, force: bool) -> Result<RunDir, amitwin_data::files::FileError> {
    let mut manifest = Manifest::begun("town", "0.1.0", u64::MAX, "name = \"town\"", 2);
    manifest.keys = "TEST".to_owned();
    RunDir::create(path, force, &Summary::begun("town", u64::MAX, 3600.0), &manifest)
}

/// The summary of a run that ended well.
pub fn ended(variants: &[&str]) -> Summary {
    let variants = variants
        .iter()
        .map(|name| VariantSummary { name: (*name).to_owned(), meters: 2, ..VariantSummary::default() })
        .collect();
    Summary {
        status: Status::Complete,
        exit_code: Some(0),
        fingerprint: "f".repeat(64),
        variants,
        ..Summary::begun("town", u64::MAX, 3600.0)
    }
}

/// Two rows of every table: one with everything at its largest, one with nothing that may be missing.
pub fn extremes() -> Rows {
    let name = "Zähler \u{0}\u{1F50C}\n\"1\",".repeat(50);
    Rows {
        nodes: vec![
            NodeRow {
                node: 0,
                name: String::new(),
                kind: NodeKind::Gateway,
                lat_deg: -90.0,
                lon_deg: 180.0,
                x_m: f32::MIN,
                y_m: f32::MIN_POSITIVE,
                height_m: -0.0,
                antenna_gain_dbi: None,
                tx_power_dbm: Some(-0.0),
                gateway: None,
                parent: None,
                hops: None,
                path_loss_db: None,
                neighbours: 0,
                reachable: false,
                cut_off_by: None,
                board_max_c: Added(Some(61.5)),
            },
            NodeRow {
                node: u32::MAX,
                name,
                kind: NodeKind::Meter,
                lat_deg: f64::MAX,
                lon_deg: 5e-324,
                x_m: f32::INFINITY,
                y_m: f32::NEG_INFINITY,
                height_m: 1.5,
                antenna_gain_dbi: Some(f32::MIN),
                tx_power_dbm: Some(f32::MAX),
                gateway: Some(u32::MAX),
                parent: Some(0),
                hops: Some(u8::MAX),
                path_loss_db: Some(f32::MAX),
                neighbours: u32::MAX,
                reachable: true,
                cut_off_by: Some(u32::MAX),
                board_max_c: Added(Some(61.5)),
            },
        ],
        links: vec![LinkRow {
            time_s: 0.0,
            node: u32::MAX,
            parent: 1 << 31,
            rank: u16::MAX,
            hops: u8::MAX,
            path_loss_db: 140.0,
            extra_loss_db: 0.0,
            etx: 1.0,
            rssi_dbm: -113.0,
            rssi_down_dbm: -99.5,
            board_c: Added::default(),
        }],
        transactions: vec![
            TransactionRow {
                transaction: 1,
                outcome: Outcome::Unreachable,
                hops_made: Some(0),
                ..TransactionRow::new(TransactionKind::Push, 0, 0.0)
            },
            TransactionRow {
                transaction: u64::MAX,
                kind: TransactionKind::Reset,
                campaign: Arc::from("reset ü"),
                node: u32::MAX,
                gateway: u32::MAX,
                planned_s: 1e-9,
                sent_s: Some(f64::MAX),
                reset_s: Some(0.0),
                acknowledged: Some(true),
                answered_s: Some(-0.0),
                outcome: Outcome::Ok,
                attempts: u16::MAX,
                hops: Some(u8::MAX),
                hops_made: None,
                bytes: u32::MAX,
                held_by: Added::default(),
                image_state: Added::default(),
                rounds: Added::default(),
                blocks_alone: Added::default(),
                blocks_again: Added::default(),
                complete_s: Added::default(),
                verified_s: Added::default(),
                clock_off_s: Added::default(),
            },
        ],
        events: vec![
            EventRow { time_s: 0.5, node: 3, kind: EventKind::JoinState, value: i32::MIN },
            EventRow { time_s: 0.5, node: 4, kind: EventKind::Operational, value: i32::MAX },
        ],
        airtime: vec![AirtimeRow {
            time_s: 60.0,
            gateway: 9,
            tx_s: 59.9,
            rx_s: 0.1,
            busy_share: 1.0,
            frames_sent: u32::MAX,
            frames_received: 1,
            collisions: 2,
            missed_busy: 3,
            queue_frames_max: 3,
            dropped: u32::MAX,
        }],
        load: vec![
            LoadRow::quiet(0.0, 0),
            LoadRow {
                time_s: f64::MAX,
                node: u32::MAX,
                tx_s: f32::MAX,
                frames_sent: u32::MAX,
                relayed: 1,
                queue_frames_max: 2,
                lost_queue_full: 3,
                lost_retries: 4,
                lost_reset: 5,
                lost_no_route: 6,
                lost_too_far: 7,
                lost_reassembly: 8,
                lost_backhaul: 9,
                lost_too_old: 10,
                lost_control: 11,
                parent_changes: 12,
                hops: Some(u8::MAX),
                children: 13,
                descendants: u32::MAX,
                up_sent: 0,
                up_unanswered: 0,
                rssi_dbm: None,
                snr_db: None,
                board_c: Added::default(),
                rx_s: Added::default(),
                charge_mah: Added::default(),
            },
        ],
        census: vec![
            CensusRow { time_s: 0.0, node: 0, kind: NodeKind::Repeater, powered: false, faults: 0 },
            CensusRow { time_s: f64::MAX, node: u32::MAX, kind: NodeKind::Meter, powered: true, faults: u16::MAX },
        ],
        headend: vec![HeadendRow {
            time_s: 60.0,
            arrived: u32::MAX,
            refused: 1,
            served: 2,
            wait_s: None,
            queue_max: 3,
            queue_end: 4,
            busy_share: 1.0,
            sessions: 5,
            sessions_wait_s: f32::MAX,
            sessions_open_max: Added(Some(6)),
            sessions_open: Added(Some(0)),
            sessions_waiting_max: Added(Some(u32::MAX)),
            sessions_waiting: Added(Some(7)),
            sessions_refused: Added::default(),
            retries: Added(Some(8)),
            instances: Added(Some(u16::MAX)),
            sessions_lost: Added(Some(9)),
            messages_lost: Added(Some(10)),
            broker_queue_max: Added(Some(11)),
            broker_queue: Added::default(),
            broker_redelivered: Added(Some(12)),
            mdms_rows: Added(Some(u32::MAX)),
            mdms_rows_duplicate: Added(Some(13)),
        }],
        audit: vec![AuditRow {
            time_s: 1.5,
            node: None,
            kind: TransactionKind::Reset,
            campaign: "reset".into(),
            role: "reader".into(),
        }],
        rounds: vec![RoundRow {
            time_s: 0.5,
            campaign: Arc::from("update"),
            wave: u16::MAX,
            round: 1,
            blocks: u32::MAX,
            lacking: 392,
            complete: 0,
            meters: 5_000,
        }],
        weather: vec![WeatherRow {
            time_s: 3_600.0,
            air_c: -40.0,
            sun_w_m2: 0.0,
            meters_c: 85.5,
            meters_shaded_c: f32::MIN,
            repeaters_c: f32::MAX,
            routers_c: -0.0,
            rain_mm: Added(Some(1.5)),
        }],
        frames: vec![
            FrameRow {
                time_s: 1.0,
                src: 1,
                dst: None,
                kind: FrameKind::Dio,
                channel: u16::MAX,
                bytes: u16::MAX,
                attempt: u8::MAX,
                airtime_s: 0.25472,
                rssi_dbm: -90.0,
                outcome: FrameOutcome::Sent,
            },
            FrameRow {
                time_s: 2.0,
                src: 1,
                dst: Some(u32::MAX),
                kind: FrameKind::Ack,
                channel: 0,
                bytes: 0,
                attempt: 0,
                airtime_s: 0.0,
                rssi_dbm: -120.0,
                outcome: FrameOutcome::Collided,
            },
        ],
        field_visits: vec![
            FieldVisitRow {
                opened_s: 0.5,
                node: 0,
                campaign: Arc::from("reset"),
                cause: VisitCause::NotBack,
                crew: Some(u32::MAX),
                begun_s: Some(f64::MAX),
                arrived_s: Some(-0.0),
                done_s: Some(1e-9),
                found: VisitFound::Done,
            },
            FieldVisitRow {
                opened_s: 0.5,
                node: u32::MAX,
                campaign: Arc::from("ü"),
                cause: VisitCause::NotRunning,
                crew: None,
                begun_s: None,
                arrived_s: None,
                done_s: None,
                found: VisitFound::Waiting,
            },
        ],
        visits: vec![VisitRow {
            time_s: f64::MAX,
            meter: u32::MAX,
            depot: 1 << 31,
            reason: Reason::Lot,
            outcome: VisitOutcome::HandedBack,
            exchanged: true,
            waited_s: u32::MAX,
            travel_s: 0,
            work_s: 1,
        }],
        failures: vec![failure(None, ""), failure(Some(-0.0), "Err 05")],
        fleet_years: vec![FleetYearRow {
            year: u16::MAX,
            depot: u32::MAX,
            meters: u32::MAX,
            available_share: 1.0,
            silent_share: 0.0,
            failures: u32::MAX,
            safety_events: 1,
            missed_reads: u64::MAX,
            unbilled_kwh: f64::MAX,
            drifted_kwh: 5e-324,
            truck_rolls: 2,
            visits_failure: 3,
            visits_planned: 4,
            exchanges: 5,
            parts: 6,
            crew_busy_share: 0.5,
            backlog: u32::MAX,
            wait_s: -0.0,
            detection_s: 1e300,
            report_bytes: 1e18,
            false_reports: 0.0,
            visits_money: -1.0,
            spares_money: 0.01,
            energy_money: f64::MIN,
            office_money: f64::MAX,
        }],
        radio_months: vec![RadioMonthRow {
            month: 1,
            depot: u32::MAX,
            meters: 0,
            off_share: 1.0,
            loss_db: f64::MAX,
            read_success_share: 0.0,
            outside: true,
        }],
        survival: vec![SurvivalRow {
            vintage: u16::MAX,
            part: Part::Gasket,
            age_s: 1e9,
            at_risk: u32::MAX,
            failed: 1,
            alive_share: 0.5,
            alive_low_share: 0.0,
            alive_high_share: 1.0,
        }],
        depots: vec![DepotRow {
            depot: 0,
            name: "Süd".to_owned(),
            climate: String::new(),
            x_m: f64::MIN,
            y_m: f64::MAX,
            meters: u32::MAX,
            crews: 0,
            effective_c: -40.0,
            failures_per_meter_y: 0.0,
            truck_rolls_per_meter_y: f64::MAX,
            wait_s: 1.0,
            crew_busy_share: 1.0,
            cost_money: -0.0,
        }],
    }
}

fn failure(gone_after_s: Option<f64>, code: &str) -> FailureRow {
    FailureRow {
        time_s: 1.5,
        meter: u32::MAX,
        depot: 0,
        vintage: u16::MAX,
        part: Part::Supercapacitor,
        effect: Effect::NoLastGasp,
        age_s: f64::MAX,
        generation: u8::MAX,
        seen_after_s: None,
        gone_after_s,
        code: Arc::from(code),
    }
}

/// Events at these times, for tests that only count.
pub fn events(times: impl IntoIterator<Item = u32>) -> Rows {
    let events = times.into_iter().map(|t| EventRow { time_s: f64::from(t), node: t, kind: EventKind::Boot, value: 0 });
    Rows { events: events.collect(), ..Rows::default() }
}
