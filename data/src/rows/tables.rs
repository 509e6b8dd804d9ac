//! The declaration of the tables of a run, and the list of all; everything else about them is derived from here.

use super::cell::{Added, Cell, CellError};
use super::column::{ColumnData, Cursor};
use super::declare::{rows, tables};
use super::plan_tables::{DepotRow, FailureRow, FleetYearRow, RadioMonthRow, SurvivalRow, VisitRow};
use super::words::{
    EventKind, FrameKind, FrameOutcome, HeldBy, ImageState, NodeKind, Outcome, TransactionKind, VisitCause, VisitFound,
};
use super::{Column, Gather, Row, TableInfo};
use std::cmp::Ordering;
use std::sync::Arc;

rows! {
    /// Every site of the placement, with its place in the routing tree at the start of the run. Columns of the placement file that are the user's own come last, as text: `attr_NAME`.
    nodes: NodeRow, sorted by [node], opt_in: false {
        /// Index of the site in the placement; the id in all other tables.
        node: u32,
        /// Name from the input, or generated.
        name: String,
        /// What stands there.
        kind: NodeKind,
        /// Latitude, WGS 84.
        lat_deg: f64,
        /// Longitude, WGS 84.
        lon_deg: f64,
        /// East of the placement's origin.
        x_m: f32,
        /// North of the placement's origin.
        y_m: f32,
        /// Antenna over ground.
        height_m: f32,
        /// Gain of its antenna, if the placement tells it; that of its kind otherwise, as the scenario says.
        antenna_gain_dbi: Option<f32>,
        /// What its radio sends with at the start; empty without a mesh.
        tx_power_dbm: Option<f32>,
        /// Border router that serves it; empty if none can.
        gateway: Option<u32>,
        /// Next hop towards the border router; empty if there is none.
        parent: Option<u32>,
        /// Hops to the border router; empty if it cannot be reached.
        hops: Option<u8>,
        /// Path loss to the parent, with shadowing; empty without a parent.
        path_loss_db: Option<f32>,
        /// Radios in its neighbour table.
        neighbours: u32,
        /// Whether a route to a border router exists.
        reachable: bool,
        /// The radio without which there is no way from here to the border router, over links that a parent may use: a single way out; of several the nearest. Empty if there are two ways, or none.
        cut_off_by: Option<u32>,
        /// The hottest that its board is at full hours of the run, C; empty without weather or mesh.
        board_max_c: Added<f32>,
        /// Hours of the run that begin with its board above 60 C, whether or not its radio still lives; empty without weather or mesh.
        above_60c_h: Added<u32>,
        /// The same, above 85 C, where the industrial range of parts ends.
        above_85c_h: Added<u32>,
    }
    /// Snapshots of the links in use: each node with its parent.
    links: LinkRow, sorted by [time_s, node], opt_in: false {
        /// When the snapshot was taken, since the start of the run.
        time_s: f64,
        /// Lower end.
        node: u32,
        /// Upper end: the node's parent.
        parent: u32,
        /// RPL rank of the node.
        rank: u16,
        /// Hops to the border router.
        hops: u8,
        /// Path loss with shadowing, without temporary attenuation.
        path_loss_db: f32,
        /// Attenuation that events put on the link, both ends and the way between them.
        extra_loss_db: f32,
        /// Expected transmissions for one delivery.
        etx: f32,
        /// Mean level of the node at its parent.
        rssi_dbm: f32,
        /// Mean level of the parent at the node.
        rssi_down_dbm: f32,
        /// Board of the node, C; empty without weather.
        board_c: Added<f32>,
    }
    /// Everything that the head-end waits for: resets, reports, reads, pings, firmware and commands of meters, one row each.
    transactions: TransactionRow, sorted by [transaction], opt_in: false {
        /// Id, unique within a variant.
        transaction: u64,
        /// What was waited for.
        kind: TransactionKind,
        /// Campaign or schedule of reads that asked for it; empty text if none did.
        campaign: Arc<str>,
        /// The meter.
        node: u32,
        /// Border router that serves it.
        gateway: u32,
        /// When it was due, since the start of the run.
        planned_s: f64,
        /// When the first request or command left the head-end, or the meter handed its report to the radio; empty if that has not happened.
        sent_s: Option<f64>,
        /// When the meter really reset; empty if it has not.
        reset_s: Option<f64>,
        /// Whether the meter's answer to a command for it alone reached the head-end; empty for all others. A meter with `reset_s` and without this answer looks timed out, though it did reset.
        acknowledged: Option<bool>,
        /// When the answer reached the head-end (for a reset: when it heard the meter again); empty if it has not.
        answered_s: Option<f64>,
        /// What became of it.
        outcome: Outcome,
        /// Transmissions by its source above the link layer's retries; of a read its requests.
        attempts: u16,
        /// Hops between meter and border router when a report was sent or an answer came; empty if there was no route, or no answer.
        hops: Option<u8>,
        /// Hops that the report or the answer made: fewer than `hops` if it was lost on its way; empty if there was no answer.
        hops_made: Option<u8>,
        /// Payload above UDP.
        bytes: u32,
        /// What its link, or itself, lacked of the job's `only_when` when it was last looked at, of meters that had to wait for it or were left out; empty for all others.
        held_by: Added<HeldBy>,
        /// Of firmware: how far the image has come in the meter; empty for all others.
        image_state: Added<ImageState>,
        /// Of firmware: rounds of multicast that were over before the head-end knew the image to be complete in the meter, or all of them.
        rounds: Added<u16>,
        /// Of firmware: blocks that were sent to the meter alone.
        blocks_alone: Added<u32>,
        /// Of firmware: of them those that had been sent before, to it alone or to all.
        blocks_again: Added<u32>,
        /// Of firmware: when the head-end knew that all blocks had come; empty if it does not.
        complete_s: Added<f64>,
        /// Of firmware: when the head-end knew that the meter had verified the image; empty if it does not.
        verified_s: Added<f64>,
        /// Of clock synchronisation: how far the meter's clock was ahead of true time when it was asked first, to half a second and half of the time until its answer came; empty for all others.
        clock_off_s: Added<f32>,
        /// The wave that it belongs to, from 1 on, of campaigns in several waves; empty for all others.
        wave: Added<u16>,
    }
    /// What happened to a node: power, resets, boot, join states, parents, extra loss, obstacles, moisture, its backhaul, overheating, hangs, voltage; and what the head-end takes it for.
    events: EventRow, sorted by [time_s, node], opt_in: false {
        /// When, since the start of the run.
        time_s: f64,
        /// Whom.
        node: u32,
        /// What happened.
        kind: EventKind,
        /// What the kind needs: join state or tier of the reset by number, id of the (new) parent or border router, number of restarts, loss in hundredths of a dB, number of links, delay of the backhaul in ms (-1: down), tenths of a degree of the board.
        value: i32,
    }
    /// Load of each border router's radio, one row a minute.
    airtime: AirtimeRow, sorted by [time_s, gateway], opt_in: false {
        /// Start of the minute, since the start of the run.
        time_s: f64,
        /// The border router.
        gateway: u32,
        /// Spent transmitting.
        tx_s: f32,
        /// Spent receiving frames for it and broadcasts, intact or not.
        rx_s: f32,
        /// Transmitting or receiving, over the minute; 0 to 1.
        busy_share: f32,
        /// Frames that it sent, acknowledgements included.
        frames_sent: u32,
        /// Frames that it received intact.
        frames_received: u32,
        /// Frames for it and broadcasts lost to other transmissions, at this radio.
        collisions: u32,
        /// Frames for it and broadcasts that it missed because it was sending, or receiving another frame.
        missed_busy: u32,
        /// Most frames that waited in its queue.
        queue_frames_max: u32,
        /// Frames that its full queue refused.
        dropped: u32,
    }
    /// What each radio of a mesh had to do in each hour (`record.load_every`), and its place in the tree as the hour ended; a row only where something happened. Everything but `hops`, `children` and `descendants` is counted over the hour.
    load: LoadRow, sorted by [time_s, node], opt_in: false {
        /// Start of the hour, since the start of the run.
        time_s: f64,
        /// Whose.
        node: u32,
        /// Spent transmitting.
        tx_s: f32,
        /// Frames that it sent, acknowledgements included.
        frames_sent: u32,
        /// Datagrams of others that it passed on, up or down, or tried to; those to all excepted, which every radio repeats.
        relayed: u32,
        /// Most frames that waited in its queue.
        queue_frames_max: u32,
        /// Messages of meters and head-end lost here because a queue was full.
        lost_queue_full: u32,
        /// The same, because all transmissions to the next hop failed.
        lost_retries: u32,
        /// The same, because this radio was reset or switched off while it held them.
        lost_reset: u32,
        /// The same, because it had no next hop for them.
        lost_no_route: u32,
        /// The same, after too many hops or in a loop.
        lost_too_far: u32,
        /// The same, because it had no room to put the pieces together, or had given up.
        lost_reassembly: u32,
        /// The same, at a border router on its backhaul.
        lost_backhaul: u32,
        /// The same, because they waited too long in its queue.
        lost_too_old: u32,
        /// Datagrams that keep the mesh together (joining, routes, neighbours) lost here, for any reason.
        lost_control: u32,
        /// Times that it chose another parent.
        parent_changes: u32,
        /// Hops to its border router at the end of the hour; empty without a route, 0 at a border router.
        hops: Option<u8>,
        /// Radios whose parent it was at the end of the hour.
        children: u32,
        /// Radios whose way to the border router led through it at the end of the hour.
        descendants: u32,
        /// Tries to send frames to its parent, those that found no free channel among them; of frames that it was done with.
        up_sent: u32,
        /// Of these without an acknowledgement.
        up_unanswered: u32,
        /// Mean level of the link to its parent at the end of the hour, in the weaker direction, with what wanders for hours and with what heat does; empty without a parent, or where heat has moved the carriers too far apart.
        rssi_dbm: Option<f32>,
        /// The same over the receiver's noise, interference left out.
        snr_db: Option<f32>,
        /// Its board at the end of the hour, C; empty without weather.
        board_c: Added<f32>,
        /// Time in which it ran and did not send: it listened or received. Of meters with a battery alone.
        rx_s: Added<f32>,
        /// Charge that its radio took from its battery, mAh. Of meters with a battery alone.
        charge_mah: Added<f32>,
    }
    /// Who has a supply and who carries faults, at the start and at regular times; written only when the scenario asks for it.
    census: CensusRow, sorted by [time_s, node], opt_in: true {
        /// When, since the start of the run.
        time_s: f64,
        /// Whom.
        node: u32,
        /// What stands there.
        kind: NodeKind,
        /// It has a supply.
        powered: bool,
        /// Faults that events have put on it.
        faults: u16,
    }
    /// What the head-end did in a minute; written only when the scenario limits it.
    headend: HeadendRow, sorted by [time_s], opt_in: true {
        /// Start of the minute, since the start of the run.
        time_s: f64,
        /// Messages of meters that arrived.
        arrived: u32,
        /// Of these refused, because as many waited as may.
        refused: u32,
        /// Messages that a worker began with.
        served: u32,
        /// How long these had waited, on average; empty without any.
        wait_s: Option<f32>,
        /// Most messages that waited at a time.
        queue_max: u32,
        /// Messages that waited at the end of the minute.
        queue_end: u32,
        /// Share of the workers' time that the messages begun in this minute take.
        busy_share: f32,
        /// Sessions with single meters that began.
        sessions: u32,
        /// How long one of these had to wait for its permit and its turn at most, refusals among it.
        sessions_wait_s: f32,
        /// Most sessions that were open at a time: permits in use.
        sessions_open_max: Added<u32>,
        /// Sessions that were open at the end of the minute.
        sessions_open: Added<u32>,
        /// Most sessions that waited for a permit or their turn at a time.
        sessions_waiting_max: Added<u32>,
        /// Sessions that waited at the end of the minute.
        sessions_waiting: Added<u32>,
        /// Sessions that had waited for as long as they may and were refused; they come again.
        sessions_refused: Added<u32>,
        /// Tries that followed one without an answer, at once or after a pause.
        retries: Added<u32>,
        /// Instances that ran at the end of the minute.
        instances: Added<u16>,
        /// Sessions lost because their instance failed.
        sessions_lost: Added<u32>,
        /// Messages of meters lost because their instance failed or was down.
        messages_lost: Added<u32>,
        /// Most answers that waited at the broker at a time; empty without one.
        broker_queue_max: Added<u32>,
        /// Answers that waited at the broker at the end of the minute.
        broker_queue: Added<u32>,
        /// Answers that the broker handed over again.
        broker_redelivered: Added<u32>,
        /// Rows of load profiles that the meter data management kept.
        mdms_rows: Added<u32>,
        /// Rows that it discarded because it had them.
        mdms_rows_duplicate: Added<u32>,
    }
    /// What the head-end refused to send because the role of a job may not do it; written only where that happens.
    audit: AuditRow, sorted by [time_s, node], opt_in: true {
        /// When it was to be sent, since the start of the run.
        time_s: f64,
        /// For whom; empty for a command to all.
        node: Option<u32>,
        /// What was to be done.
        kind: TransactionKind,
        /// Name of the read or campaign.
        campaign: Arc<str>,
        /// Its role.
        role: Arc<str>,
    }
    /// Rounds of multicast of firmware campaigns, one row each; written only when a campaign has some.
    rounds: RoundRow, sorted by [time_s, campaign, wave, round], opt_in: true {
        /// When its first block left the head-end, since the start of the run.
        time_s: f64,
        /// The campaign.
        campaign: Arc<str>,
        /// Wave of the campaign, from 1.
        wave: u16,
        /// Round of the wave, from 1.
        round: u16,
        /// Blocks that were multicast: all in the first round, then those that enough meters were known to lack.
        blocks: u32,
        /// Blocks that some meter was known to lack before the round; in the first round all of them.
        lacking: u32,
        /// Meters of the wave of which the head-end knew before the round that they had every block.
        complete: u32,
        /// Meters of the wave that had a route at the start of the run.
        meters: u32,
    }
    /// Air, sun and boards at each hour; written only when the scenario has weather.
    weather: WeatherRow, sorted by [time_s], opt_in: true {
        /// When, since the start of the run.
        time_s: f64,
        /// Temperature of the air, C.
        air_c: f32,
        /// Sun on level ground, W/m2.
        sun_w_m2: f32,
        /// Board of a meter whose box is in the sun, C.
        meters_c: f32,
        /// Board of a meter whose box is in the shade, C.
        meters_shaded_c: f32,
        /// Board of a repeater in the sun, C.
        repeaters_c: f32,
        /// Board of a border router in the sun, C.
        routers_c: f32,
        /// Rain of the hour that ends then, mm; empty where the weather is a file without rain.
        rain_mm: Added<f32>,
    }
    /// Sampled frames on the air; written only when the scenario asks for it.
    frames: FrameRow, sorted by [time_s, src], opt_in: true {
        /// When its first bit was sent, since the start of the run.
        time_s: f64,
        /// Sender.
        src: u32,
        /// Addressee; empty for a broadcast.
        dst: Option<u32>,
        /// What the frame carries.
        kind: FrameKind,
        /// Number of the channel in the channel plan.
        channel: u16,
        /// Length of the PSDU.
        bytes: u16,
        /// 0 for the first transmission, then the number of the retry.
        attempt: u8,
        /// Time on the air, preamble included.
        airtime_s: f32,
        /// Level at the addressee; for a broadcast at the hearer that `outcome` is about.
        rssi_dbm: f32,
        /// At the addressee; for a broadcast at its first hearer that has a use for it, `sent` if there is none.
        outcome: FrameOutcome,
    }
    /// Meters that campaigns have given up and that get a visit by a technician; written only where the scenario has technicians.
    field_visits: FieldVisitRow, sorted by [opened_s, node], opt_in: true {
        /// When the campaign gave the meter up, since the start of the run.
        opened_s: f64,
        /// The meter.
        node: u32,
        /// Name of the campaign.
        campaign: Arc<str>,
        /// What it was given up for.
        cause: VisitCause,
        /// Number of the crew, from 1; empty if none has set out.
        crew: Option<u32>,
        /// When the crew set out.
        begun_s: Option<f64>,
        /// When it stood before the meter, and restarted it.
        arrived_s: Option<f64>,
        /// When it was done, or the meter had answered; empty if the run ended before.
        done_s: Option<f64>,
        /// How it found the meter.
        found: VisitFound,
    }
}

tables! {
    nodes: NodeRow,
    links: LinkRow,
    transactions: TransactionRow,
    events: EventRow,
    airtime: AirtimeRow,
    load: LoadRow,
    census: CensusRow,
    headend: HeadendRow,
    audit: AuditRow,
    rounds: RoundRow,
    weather: WeatherRow,
    frames: FrameRow,
    field_visits: FieldVisitRow,
    visits: VisitRow,
    failures: FailureRow,
    fleet_years: FleetYearRow,
    radio_months: RadioMonthRow,
    survival: SurvivalRow,
    depots: DepotRow,
}
