//! The declaration of all tables; everything else about them is derived from here.

use super::cell::{Added, Cell, CellError};
use super::column::{ColumnData, Cursor};
use super::declare::tables;
use super::words::{
    Effect, EventKind, FrameKind, FrameOutcome, HeldBy, ImageState, NodeKind, Outcome, Part, Reason, TransactionKind,
    VisitOutcome,
};
use super::{Column, Gather, Row, TableInfo};
use std::cmp::Ordering;
use std::sync::Arc;

tables! {
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
        /// What its link lacked of the campaign's `only_when` when it was last looked at, of meters that had to wait for it or were left out; empty for all others.
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
    }
    /// What happened to a node: power, resets, boot, join states, parents, extra loss, its backhaul, overheating, hangs, voltage; and what the head-end takes it for.
    events: EventRow, sorted by [time_s, node], opt_in: false {
        /// When, since the start of the run.
        time_s: f64,
        /// Whom.
        node: u32,
        /// What happened.
        kind: EventKind,
        /// What the kind needs: join state or tier of the reset by number, id of the (new) parent or border router, number of restarts, loss in hundredths of a dB, delay of the backhaul in ms (-1: down), tenths of a degree of the board.
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
        /// At the addressee; for a broadcast at its first hearer.
        outcome: FrameOutcome,
    }
    /// Everybody who went to a meter; of maintenance plans.
    visits: VisitRow, sorted by [time_s, meter], opt_in: true {
        /// When the crew set out, since the start of the plan.
        time_s: f64,
        /// The meter, by its number in the fleet.
        meter: u32,
        /// Depot that sent the crew.
        depot: u32,
        /// Why; of several reasons the most urgent.
        reason: Reason,
        /// What came of it.
        outcome: VisitOutcome,
        /// The meter was exchanged.
        exchanged: bool,
        /// From the moment that the job was known until the crew set out.
        waited_s: u32,
        /// On the way.
        travel_s: u32,
        /// At the meter.
        work_s: u32,
    }
    /// Every failure, when it has been repaired, or at the end of the plan; of maintenance plans.
    failures: FailureRow, sorted by [time_s, meter], opt_in: true {
        /// When it began, since the start of the plan.
        time_s: f64,
        /// The meter, by its number in the fleet.
        meter: u32,
        /// Depot that looks after it.
        depot: u32,
        /// Hardware of the meter, by its place in the file.
        vintage: u16,
        /// What failed.
        part: Part,
        /// What that does.
        effect: Effect,
        /// Age of the part.
        age_s: f64,
        /// Parts that were in its place before.
        generation: u8,
        /// From its beginning until the utility knew of it; empty if it never did.
        seen_after_s: Option<f64>,
        /// From its beginning until it was gone; empty if it was still there at the end.
        gone_after_s: Option<f64>,
        /// What the meter or the head-end said of it: E001 calibration, E042 tamper, E105 radio, Err 05 metrology; empty text for none.
        code: Arc<str>,
    }
    /// What a year came to at a depot; of maintenance plans.
    fleet_years: FleetYearRow, sorted by [year, depot], opt_in: true {
        /// Year of the plan, from 1.
        year: u16,
        /// The depot.
        depot: u32,
        /// Meters that were there at the end of the year.
        meters: u32,
        /// Share of the meters' time in which they measured and were heard.
        available_share: f64,
        /// Share of the meters that were not heard at the end of the year.
        silent_share: f64,
        /// Failures that began.
        failures: u32,
        /// Of them those that put people at risk.
        safety_events: u32,
        /// Reads that did not arrive.
        missed_reads: u64,
        /// Energy that nobody was billed for.
        unbilled_kwh: f64,
        /// Energy that was measured wrongly, either way.
        drifted_kwh: f64,
        /// Visits, those to locked doors among them.
        truck_rolls: u32,
        /// Of them those after a known failure.
        visits_failure: u32,
        /// Of them those at a date, at an age or after heat enough.
        visits_planned: u32,
        /// Meters exchanged.
        exchanges: u32,
        /// Other parts put in.
        parts: u32,
        /// Share of the crews' shifts that they were on the way or at work.
        crew_busy_share: f64,
        /// Jobs that waited at the end of the year.
        backlog: u32,
        /// Mean time from a job's being known to the crew's setting out.
        wait_s: f64,
        /// Mean time from a failure's beginning until it was known, of those that became known.
        detection_s: f64,
        /// Health reports over the backhaul.
        report_bytes: f64,
        /// Health reports of healthy meters.
        false_reports: f64,
        /// Crews' hours or visits, as prices say.
        visits_money: f64,
        /// Meters and parts.
        spares_money: f64,
        /// Energy that was not billed or measured wrongly.
        energy_money: f64,
        /// Remote checks, special reads, corrected bills, and reports by the megabyte.
        office_money: f64,
    }
    /// How well meters that work were heard, at the middle of each month; of maintenance plans with a table of the radio.
    radio_months: RadioMonthRow, sorted by [month, depot], opt_in: true {
        /// Month of the plan, from 1: a twelfth of a year.
        month: u16,
        /// The depot.
        depot: u32,
        /// Meters that were there.
        meters: u32,
        /// Share of them that did not send.
        off_share: f64,
        /// Mean extra loss of the signals of the others, each way.
        loss_db: f64,
        /// Share of their reads that succeeded, by the table.
        read_success_share: f64,
        /// The loss or the share lay outside of the table, and its edge was taken.
        outside: bool,
    }
    /// The depots and what the plan came to at each; of maintenance plans.
    depots: DepotRow, sorted by [depot], opt_in: true {
        /// Number in the other tables.
        depot: u32,
        /// Name.
        name: String,
        /// Its climate.
        climate: String,
        /// Middle of its meters, east of the plan's origin.
        x_m: f64,
        /// Middle of its meters, north of the plan's origin.
        y_m: f64,
        /// Meters at the end.
        meters: u32,
        /// Crews.
        crews: u32,
        /// Constant temperature that would age the meters' inside as fast.
        effective_c: f64,
        /// Failures for each meter and year.
        failures_per_meter_y: f64,
        /// Truck rolls for each meter and year.
        truck_rolls_per_meter_y: f64,
        /// Mean time from a job's being known to the crew's setting out.
        wait_s: f64,
        /// Share of the crews' shifts that they were on the way or at work.
        crew_busy_share: f64,
        /// All costs of the plan there.
        cost_money: f64,
    }
}
