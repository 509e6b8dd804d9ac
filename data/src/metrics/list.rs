//! The declaration of all figures in a variant's summary; everything else about them is derived from here.

use super::declare::metrics;
use super::{Activity, Format, GateName, Info, TableEntry};
use crate::summary::Verdict;

metrics! {
    /// meters that reset campaigns were to reset
    Commanded = "commanded": Count, Resets;
    /// of them heard again by the head-end before the run ended
    Back = "back": Count, Resets;
    /// of them given up, without a route from the start, unable to decipher the command, or without a valid certificate when it was due
    Failed = "failed": Count, Resets, gate("failed", "");
    /// of them not yet heard again when the run ended
    Pending = "pending": Count, Resets, gate("pending", "");
    /// of them those that nobody commanded, because the campaign was halted; missing without a rule for that
    ResetsHalted = "resets_halted": Count, Resets, gate("resets_halted", "");
    /// restarts of which a meter's metrology board took no part; missing where boards are not told apart
    PartialResets = "partial_resets": Count, Devices, gate("partial_resets", "");
    /// of them those after which the two boards did not come to terms: until both restart the meter says nothing of what it measures
    PartialResetsOutOfStep = "partial_resets_out_of_step": Count, Devices, gate("partial_resets_out_of_step", ""), table("out of\nstep", "boards out of step");
    /// of those that failed or are pending the ones that did reset, unknown to the head-end
    ResetsUnheard = "resets_unheard": Count, Resets;
    /// meters that did reset, of whose unicast command no answer arrived
    ResetsUnacknowledged = "resets_unacknowledged": Count, Resets;
    /// from the campaign's start until the head-end has heard every commanded meter again; empty when one is not back, has no route, or never reset
    AllBackS = "all_back_s": Reached, Resets, gate("all_back", "", Breach), table("all\nback", "all back after");
    /// hours that meters were away, each from its own reset until the head-end heard it or the run ended, summed
    AwayMeterH = "away_meter_h": Count, Resets, gate("away_meter_hours", ""), table("meter-h\naway", "meter-hours away");
    /// share of the commanded meters heard again within 5 min of the campaign's start
    Back5minShare = "back_5min_share": Share, Resets, gate("back_share", "5min");
    /// the same within 30 min
    Back30minShare = "back_30min_share": Share, Resets, gate("back_share", "30min");
    /// the same within 60 min
    Back60minShare = "back_60min_share": Share, Resets, gate("back_share", "60min");
    /// median time from a meter's own reset until the head-end hears it, over all commanded meters; empty when so many
    /// are not back
    RejoinP50S = "rejoin_p50_s": Reached, Resets, gate("rejoin_time", "p50", Breach), table("rejoin\np50", "rejoin time, p50");
    /// the same, 95th percentile
    RejoinP95S = "rejoin_p95_s": Reached, Resets, gate("rejoin_time", "p95", Breach), table("rejoin\np95", "rejoin time, p95");
    /// the same, 99th percentile
    RejoinP99S = "rejoin_p99_s": Reached, Resets, gate("rejoin_time", "p99", Breach), table("rejoin\np99", "rejoin time, p99");
    /// start of the first campaign's schedule, in simulated time
    CampaignStartS = "campaign_start_s": Time, Resets;
    /// from the start of the first campaign's schedule to its last planned reset, or until its last command left where waves or a limited head-end
    /// made that later
    ResetWindowS = "reset_window_s": Time, Resets;
    /// lines of the logs that are replayed
    ReplayLines = "replay_lines": Count, Replays;
    /// outages, restarts, commands and times of a wrong voltage that happen because of them
    ReplayHappened = "replay_happened": Count, Replays, gate("replay_happened", "");
    /// lines of them whose code or word means nothing here
    ReplayUnknownCodes = "replay_unknown_codes": Count, Replays, gate("replay_unknown_codes", ""), table("unknown\ncodes", "lines of logs with unknown codes");
    /// lines of them about devices that the placement does not have
    ReplayUnknownDevices = "replay_unknown_devices": Count, Replays, gate("replay_unknown_devices", ""), table("unknown\ndevices", "lines of logs about unknown devices");
    /// meters and repeaters that begin without keys and from which a usable path leads to a border router
    NewNodes = "new_nodes": Count, Joins;
    /// of them part of the mesh before the run ended
    Joined = "joined": Count, Joins;
    /// from the start of the run until the last of them was part of the mesh; empty when one never was
    AllJoinedS = "all_joined_s": Reached, Joins, gate("all_joined", "", Breach), table("all\njoined", "all joined after");
    /// median time from the start of the run until a new node was part of the mesh, over all of them; empty when so many never
    /// were
    JoinP50S = "join_p50_s": Reached, Joins, gate("join_time", "p50", Breach), table("join\np50", "join time, p50");
    /// the same, 95th percentile
    JoinP95S = "join_p95_s": Reached, Joins, gate("join_time", "p95", Breach), table("join\np95", "join time, p95");
    /// the same, 99th percentile
    JoinP99S = "join_p99_s": Reached, Joins, gate("join_time", "p99", Breach), table("join\np99", "join time, p99");
    /// times that a meter or repeater moved to another PAN: another border router than before knows a route to it; only where nodes
    /// choose their PAN
    PanMoves = "pan_moves": Count, Moves, gate("pan_moves", ""), table("PAN\nmoves", "moves to another PAN");
    /// median time from the moment at which a node that moved was cut off until its new border router knew it, over all moves: since its
    /// border router failed or, if that runs, since the node was no longer part of its PAN; empty without a move
    PanMoveP50S = "pan_move_p50_s": Reached, Moves, gate("pan_move_time", "p50"), table("move\np50", "time to move, p50");
    /// the same, 95th percentile
    PanMoveP95S = "pan_move_p95_s": Reached, Moves, gate("pan_move_time", "p95"), table("move\np95", "time to move, p95");
    /// frames, repetitions among them, by which nodes get keys; missing where nobody needed any
    KeyFrames = "key_frames": Count, Always, gate("key_frames", "");
    /// time that these were on the air, summed; missing where nobody needed any
    KeyAirtimeS = "key_airtime_s": Time, Always;
    /// share of time that the busiest border router's radio sends or receives, from the campaign's start until the last
    /// meter is back
    BorderRouterBusyShare = "border_router_busy_share": Share, Always,
        gate("border_router_busy", ""), table("router\nbusy", "border router busy");
    /// share of an hour that the radio sent which sends most and is no border router, in its busiest hour; missing without the table
    /// `load`
    RelaySendingShare = "relay_sending_share": Share, Always, gate("relay_sending", "");
    /// kilobits a second that came from the meters of the busiest border router, over its backhaul, in its busiest hour of the run: payload and
    /// 48 B of IPv6 and UDP for each message; missing where nothing came
    BackhaulKbps = "backhaul_kbps": Count, Always, gate("backhaul_kbps", "");
    /// messages a second that the head-end took, in its busiest hour of the run: answers, and reports, of which those in one payload are one
    /// message; missing where nothing came
    HeadEndMessageRate = "head_end_message_rate": Count, Always, gate("head_end_message_rate", "");
    /// frames lost to other transmissions, at the radios that they were for (a broadcast: at each that hears it and has a use for it), of
    /// meters, repeaters and border routers
    Collisions = "collisions": Count, Always, gate("collisions", ""), table("colli-\nsions", "collisions");
    /// of them those at border routers
    BorderRouterCollisions = "border_router_collisions": Count, Always;
    /// frames for border routers that they missed because they were sending, or receiving another frame
    BorderRouterMissedBusy = "border_router_missed_busy": Count, Always;
    /// frames sent again because no acknowledgement came
    Retries = "retries": Count, Always, gate("retries", ""), table("\nretries", "retries");
    /// frames sent, acknowledgements among them
    Frames = "frames": Count, Always, gate("frames", ""), table("\nframes", "frames");
    /// of them copies of one announcement on the channels of the plan
    SweepFrames = "sweep_frames": Count, Always;
    /// datagrams lost on their way, for the reasons below
    Dropped = "dropped": Count, Always, gate("dropped", ""), table("\ndropped", "dropped");
    /// no room in a queue
    DroppedQueueFull = "dropped_queue_full": Count, Always;
    /// the last retry was not acknowledged
    DroppedRetries = "dropped_retries": Count, Always;
    /// in the queue of a meter that restarted
    DroppedReset = "dropped_reset": Count, Always;
    /// the next hop was not known
    DroppedNoRoute = "dropped_no_route": Count, Always;
    /// more hops than allowed
    DroppedTooFar = "dropped_too_far": Count, Always;
    /// in fragments that the receiver had no room for, or had given up waiting for
    DroppedReassembly = "dropped_reassembly": Count, Always;
    /// at a border router whose backhaul was down or lost it
    DroppedBackhaul = "dropped_backhaul": Count, Always;
    /// waited too long in a queue
    DroppedTooOld = "dropped_too_old": Count, Always;
    /// of all dropped ones copies of floods at single radios, which others may have passed on to whoever lacked them
    FloodCopiesLost = "flood_copies_lost": Count, Always;
    /// share of its workers' time that the head-end's messages took; with limits only
    HeadEndBusyShare = "head_end_busy_share": Share, Always, gate("head_end_busy", "");
    /// mean time that messages of meters waited for a worker; with limits only
    HeadEndWaitS = "head_end_wait_s": Time, Always, gate("head_end_wait", "");
    /// most messages that waited at a time; with limits only
    HeadEndQueueMax = "head_end_queue_max": Count, Always, gate("head_end_queue", "");
    /// messages of meters that the head-end refused because as many waited as may; with limits only
    HeadEndRefused = "head_end_refused": Count, Always, gate("head_end_refused", "");
    /// longest time that a session waited for its permit and its turn, refusals among it; with limits only
    SessionWaitMaxS = "session_wait_max_s": Time, Always, gate("session_wait", "");
    /// most sessions that were open at a time, which is how many permits were in use; with limits only
    SessionsOpenMax = "sessions_open_max": Count, Always, gate("sessions_open", "");
    /// times that a session was refused because it had waited for a permit for too long; with limits only
    SessionsRefused = "sessions_refused": Count, Always, gate("sessions_refused", "");
    /// tries of the head-end that followed one without an answer; with limits only
    SessionsRetried = "sessions_retried": Count, Always, gate("sessions_retried", "");
    /// sessions lost because their instance of the head-end failed; with limits only
    SessionsLost = "sessions_lost": Count, Always, gate("sessions_lost", "");
    /// messages of meters lost because their instance of the head-end failed or was down; with limits only
    MessagesLost = "messages_lost": Count, Always, gate("messages_lost", "");
    /// meters that were not asked or commanded because the role of the job may not do that, by transaction; with limits only
    Forbidden = "forbidden": Count, Always, gate("forbidden", "");
    /// most answers that waited at the broker at a time; with a broker only
    BrokerQueueMax = "broker_queue_max": Count, Always, gate("broker_queue", "");
    /// answers that the broker handed over again because they were not acknowledged; with a broker only
    BrokerRedelivered = "broker_redelivered": Count, Always, gate("broker_redelivered", "");
    /// rows of load profiles that the meter data management kept, each once; with a broker only
    MdmsRows = "mdms_rows": Count, Always, gate("mdms_rows", "");
    /// rows that the meter data management discarded because it had them; with a broker only
    MdmsRowsDuplicate = "mdms_rows_duplicate": Count, Always, gate("mdms_rows_duplicate", "");
    /// meters whose turn in a campaign had to wait for their link or for themselves, those left out among them; with `only_when` only
    HeldBack = "held_back": Count, Conditions;
    /// of them those that did not come to fit what the campaign asks for, by their link or by themselves
    LeftOut = "left_out": Count, Conditions, gate("left_out", ""), table("left\nout", "left out");
    /// of these those of whose link nothing was known
    LeftOutUnknown = "left_out_unknown": Count, Conditions;
    /// radios that heat has destroyed and meters that tripped in a hot socket; under a sky only
    Overheated = "overheated": Count, Always, gate("overheated", "");
    /// hours at whose begin the board of a meter is above 60 degrees C, by its own box: mean over the meters; under a sky over a mesh only
    HoursAbove60c = "hours_above_60c": Count, Always, gate("hours_above_60c", "");
    /// the same, above 85 degrees C
    HoursAbove85c = "hours_above_85c": Count, Always, gate("hours_above_85c", "");
    /// meters that have hours above 60 degrees C
    MetersAbove60c = "meters_above_60c": Count, Always, gate("meters_above_60c", "");
    /// meters that have hours above 85 degrees C
    MetersAbove85c = "meters_above_85c": Count, Always, gate("meters_above_85c", "");
    /// copies of a frame that a receiver recognised and discarded
    Duplicates = "duplicates": Count, Always;
    /// attempts that found no free channel
    AccessFailures = "access_failures": Count, Always;
    /// resets, reports, reads, pings, firmware and commands of meters begun
    Transactions = "transactions": Count, Always;
    /// of them answered or delivered
    TransactionsOk = "transactions_ok": Count, Always;
    /// share of the reports that were due, those of meters without a route among them, that reached the head-end; empty without
    /// reports
    PushDeliveredShare = "push_delivered_share": Share, Reports,
        gate("push_delivered", ""), table("reports\narrived", "reports arrived");
    /// median time from the moment a report was due until the head-end has it, over those that arrived, to 1 %; missing
    /// without any
    PushDelayP50S = "push_delay_p50_s": Reached, Reports,
        gate("push_delay", "p50"), table("report\np50", "delay of reports, p50");
    /// the same, 95th percentile
    PushDelayP95S = "push_delay_p95_s": Reached, Reports, gate("push_delay", "p95");
    /// the same, 99th percentile
    PushDelayP99S = "push_delay_p99_s": Reached, Reports,
        gate("push_delay", "p99"), table("report\np99", "delay of reports, p99");
    /// heartbeats that the head-end got of meters that were back already
    DuplicateReports = "duplicate_reports": Count, Always, gate("duplicate_reports", "");
    /// scheduled reads; one for which nothing was missing is none
    Reads = "reads": Count, Reads;
    /// of them those that brought all they were to bring
    ReadsOk = "reads_ok": Count, Reads;
    /// of them without an answer to the last attempt, or of meters without a route from the start
    ReadsFailed = "reads_failed": Count, Reads;
    /// of them those that a meter of another security suite than the one on file refused
    ReadsRefused = "reads_refused": Count, Reads;
    /// of them those whose turn had not come when the next round began
    ReadsSkipped = "reads_skipped": Count, Reads;
    /// share of the reads that brought all they were to bring; missing without reads
    ReadSuccessShare = "read_success_share": Share, Reads,
        gate("read_success", ""), table("reads\nok", "reads that succeeded");
    /// the same, of the reads of meters that ran when they were due, neither without supply nor restarting
    ReadSuccessRunningShare = "read_success_running_share": Share, Reads;
    /// median time from the moment a read was due until its last answer, over those that ended well, to 1 %
    ReadDelayP50S = "read_delay_p50_s": Reached, Reads,
        gate("read_delay", "p50"), table("read\np50", "delay of reads, p50");
    /// the same, 95th percentile
    ReadDelayP95S = "read_delay_p95_s": Reached, Reads, gate("read_delay", "p95");
    /// the same, 99th percentile
    ReadDelayP99S = "read_delay_p99_s": Reached, Reads,
        gate("read_delay", "p99"), table("read\np99", "delay of reads, p99");
    /// answers that came when their read had been given up; what they bring is kept
    ReadsLate = "reads_late": Count, Reads;
    /// rows of load profiles that the meter data management keeps
    ProfileRows = "profile_rows": Count, Reads;
    /// rows that it discarded because it had them
    ProfileRowsDuplicate = "profile_rows_duplicate": Count, Reads;
    /// meters that pings were to ask
    Pings = "pings": Count, Pings;
    /// share of them that answered in time; missing without pings
    PingAnsweredShare = "ping_answered_share": Share, Pings,
        gate("ping_answered", ""), table("pings\nanswered", "pings answered");
    /// median time from a question until the head-end has its answer, over those that were answered
    PingDelayP50S = "ping_delay_p50_s": Reached, Pings,
        gate("ping_delay", "p50"), table("ping\np50", "delay of pings, p50");
    /// the same, 99th percentile
    PingDelayP99S = "ping_delay_p99_s": Reached, Pings,
        gate("ping_delay", "p99"), table("ping\np99", "delay of pings, p99");
    /// times that the supply of a meter or repeater with a capacitor failed; with `last_gasp` only
    SuppliesFailed = "supplies_failed": Count, Outages;
    /// outages that lasted until their meter was to tell of them, or its capacitor was empty
    OutagesToTell = "outages_to_tell": Count, Outages;
    /// share of them that the head-end heard of by a last gasp
    OutagesToldShare = "outages_told_share": Share, Outages,
        gate("outages_told", ""), table("outages\ntold", "outages told");
    /// median time from the failure until the head-end has the first last gasp of that meter, over those told
    OutageToldP50S = "outage_told_p50_s": Reached, Outages,
        gate("outage_told", "p50"), table("told\nafter", "outages told after, p50");
    /// the same, 95th percentile
    OutageToldP95S = "outage_told_p95_s": Reached, Outages, gate("outage_told", "p95");
    /// last gasps that were sent, repetitions among them
    LastGasps = "last_gasps": Count, Outages, table("last\ngasps", "last gasps");
    /// of them those that reached the head-end
    LastGaspsArrived = "last_gasps_arrived": Count, Outages;
    /// the same as a share of those that were sent; those that did not arrive are told apart below
    LastGaspsArrivedShare = "last_gasps_arrived_share": Share, Outages,
        gate("last_gasps_arrived", ""), table("gasps\narrived", "last gasps that arrived");
    /// of all last gasps those that had no way to go
    GaspsLostNoRoute = "gasps_lost_no_route": Count, Outages;
    /// those lost in all transmissions of a hop
    GaspsLostRetries = "gasps_lost_retries": Count, Outages;
    /// those whose meter, or a relay that held them, was out of energy, and outages of which nothing could be said for that
    GaspsLostDark = "gasps_lost_dark": Count, Outages;
    /// those lost in full queues, or that waited too long there
    GaspsLostQueue = "gasps_lost_queue": Count, Outages;
    /// those lost at a border router whose backhaul was down or lost them
    GaspsLostBackhaul = "gasps_lost_backhaul": Count, Outages;
    /// share of the meters that had told of an outage, or could not, and have their supply back in their mesh, of which the head-end heard so
    PowerUpToldShare = "power_up_told_share": Share, Outages,
        gate("power_up_told", ""), table("power-ups\ntold", "power-ups told");
    /// median time from the return of a supply until the head-end is told, over those told
    PowerUpToldP50S = "power_up_told_p50_s": Reached, Outages,
        gate("power_up_delay", "p50"), table("power-up\ntold p50", "power-ups told after, p50");
    /// the same, 95th percentile
    PowerUpToldP95S = "power_up_told_p95_s": Reached, Outages, gate("power_up_delay", "p95");
    /// health reports that meters made; with `traffic.health` only
    HealthReports = "health_reports": Count, Health, gate("health_reports", ""), table("health\nreports", "health reports");
    /// share of them that reached the head-end
    HealthArrivedShare = "health_arrived_share": Share, Health, gate("health_arrived", "");
    /// kilobytes of payload of those that did, over the backhaul
    HealthKb = "health_kb": Count, Health, gate("health_kb", ""), table("health\nkB", "health reports, kB");
    /// times that an event moved the voltage of a meter
    Disturbances = "disturbances": Count, Health;
    /// share of them of which a health report told before they were over; with `mode = "always"` the first sample within
    DisturbancesToldShare = "disturbances_told_share": Share, Health, gate("disturbances_told", ""), table("dist.\ntold", "disturbances told");
    /// median time from the event until the head-end had that report, over those told
    DisturbanceToldP50S = "disturbance_told_p50_s": Reached, Health,
        gate("disturbance_told", "p50"), table("told\nafter", "disturbances told after, p50");
    /// the same, 95th percentile
    DisturbanceToldP95S = "disturbance_told_p95_s": Reached, Health, gate("disturbance_told", "p95");
    /// times for each meter and day of samples that values left their band and no event had moved them; with `mode = "band"` only
    FalseAlarmsPerMeterDay = "false_alarms_per_meter_day": Count, Health,
        gate("false_alarms", ""), table("false\nalarms", "false alarms a meter and day");
    /// keep-alives that meters made; with `traffic.keep_alive` only
    KeepAlives = "keep_alives": Count, Alive, table("keep-\nalives", "keep-alives");
    /// share of them that reached the head-end
    KeepAlivesArrivedShare = "keep_alives_arrived_share": Share, Alive, gate("keep_alives_arrived", "");
    /// times that the head-end took a meter for silent, because its keep-alives had not come
    SilentMeters = "silent_meters": Count, Alive, gate("silent_meters", ""), table("silent\nmeters", "meters taken for silent");
    /// of them those whose meter ran at that moment
    SilentFalse = "silent_false": Count, Alive, gate("silent_false", "");
    /// median time from the moment at which a meter went down, or its application hung, until the head-end took it for silent
    SilentToldP50S = "silent_told_p50_s": Reached, Alive,
        gate("silent_told", "p50"), table("silent\nafter", "taken for silent after, p50");
    /// the same, 95th percentile
    SilentToldP95S = "silent_told_p95_s": Reached, Alive, gate("silent_told", "p95");
    /// times that the application of a meter hung; with `device.hang` or an event only
    Hangs = "hangs": Count, Devices, gate("hangs", ""), table("\nhangs", "hung applications");
    /// meters whose application hung when the run ended
    HungEnd = "hung_end": Count, Devices, gate("hung_end", "");
    /// what the clocks of meters were off by when the run ended, 95th percentile; with `device.clock` only
    ClockDeviationP95S = "clock_deviation_p95_s": Time, Devices,
        gate("clock_deviation", "p95"), table("clocks\noff p95", "clocks off by, p95");
    /// the same, the largest
    ClockDeviationMaxS = "clock_deviation_max_s": Time, Devices, gate("clock_deviation", "max");
    /// share of the meters whose clock was off by more than `device.clock.tolerance` then
    ClocksWrongShare = "clocks_wrong_share": Share, Devices, gate("clocks_wrong", ""), table("clocks\nwrong", "wrong clocks");
    /// restarts because a burst of the transmitter sagged the supply; with `device.supply` only
    BrownOuts = "brown_outs": Count, Devices, gate("brown_outs", ""), table("brown-\nouts", "brown-outs");
    /// meters and repeaters that had some
    BrownOutMeters = "brown_out_meters": Count, Devices, gate("brown_out_meters", "");
    /// last gasps that meters sent because a flash write sagged their supply; with `device.supply` only
    FalseGasps = "false_gasps": Count, Devices, gate("false_gasps", "");
    /// charge that a meter's radio took over the run, mAh, median; with `device.battery` only
    BatteryMahP50 = "battery_mah_p50": Count, Devices, gate("battery_mah", "p50");
    /// the same, 95th percentile
    BatteryMahP95 = "battery_mah_p95": Count, Devices, gate("battery_mah", "p95"), table("battery\nmAh p95", "charge, p95, mAh");
    /// years that a battery lasts at the rate of that meter; with `device.battery` only
    BatteryLifeP5Y = "battery_life_p5_y": Count, Devices, gate("battery_life", ""), table("battery\nyears", "battery lasts, years");
    /// requests whose answer did not fit into the window of their meter; where a vendor has one only
    WindowOverflows = "window_overflows": Count, Devices, gate("window_overflows", "");
    /// meters that firmware campaigns were to update, a meter in two of them twice
    FirmwareMeters = "firmware_meters": Count, Firmware;
    /// of them known to run the image before the run ended
    FirmwareDone = "firmware_done": Count, Firmware;
    /// the same as a share of those that did not run it already
    FirmwareDoneShare = "firmware_done_share": Share, Firmware,
        gate("firmware_done", ""), table("firmware\ndone", "firmware done");
    /// meters that failed: no verified image, another image after the activation, or nothing heard of them; without a route from the start
    /// among them
    FirmwareFailed = "firmware_failed": Count, Firmware,
        gate("firmware_failed", ""), table("firmware\nfailed", "firmware failed");
    /// meters that were not done when a campaign was halted
    FirmwareHalted = "firmware_halted": Count, Firmware, gate("firmware_halted", "");
    /// meters that ran the image already
    FirmwareHadIt = "firmware_had_it": Count, Firmware;
    /// meters that run the image when the run ends, which the head-end has not heard: their answer was lost, or nobody asked them after a halt
    FirmwareUnheard = "firmware_unheard": Count, Firmware, gate("firmware_unheard", "");
    /// from a campaign's start until the head-end knew every meter to have all blocks; empty when one never had, those that ran the image
    /// already left out
    FirmwareAllCompleteS = "firmware_all_complete_s": Reached, Firmware,
        gate("firmware_all_complete", "", Breach), table("all\nblocks", "all blocks in every meter after");
    /// median time from a campaign's start until a meter was known to run the image, over all that did not run it already; empty when so many
    /// do not
    FirmwareP50S = "firmware_p50_s": Reached, Firmware, gate("firmware_time", "p50", Breach);
    /// the same, 95th percentile
    FirmwareP95S = "firmware_p95_s": Reached, Firmware,
        gate("firmware_time", "p95", Breach), table("firmware\np95", "firmware time, p95");
    /// the same of the last meter; empty when one does not run it
    FirmwareAllS = "firmware_all_s": Reached, Firmware,
        gate("firmware_all", "", Breach), table("all\nupdated", "all updated after");
    /// blocks that left the head-end, to all or to single meters
    FirmwareBlocks = "firmware_blocks": Count, Firmware, table("\nblocks", "blocks sent");
    /// of them those that had been sent before, to all or to the same meter
    FirmwareBlocksAgain = "firmware_blocks_again": Count, Firmware, table("blocks\nagain", "blocks repeated");
    /// rounds of multicast, of the wave with the most; 0 where blocks went to single meters alone
    FirmwareRounds = "firmware_rounds": Count, Firmware, table("\nrounds", "rounds");
    /// time that frames with blocks were on the air, at all radios, summed
    FirmwareAirS = "firmware_air_s": Time, Firmware, table("blocks\non air", "air time of blocks");
    /// images written to flash, over all meters
    FirmwareFlashWrites = "firmware_flash_writes": Count, Firmware;
    /// turns of meters that campaigns were to write to, to switch, to set the clock of or to give new keys or certificates, a meter in two of them
    /// twice, and one whose certificate was due several times as often
    Commands = "commands": Count, Commands;
    /// of them known to be as they were to be: read back, heard under their new keys, or with a new certificate
    CommandsOk = "commands_ok": Count, Commands;
    /// the same as a share of all of them
    CommandsOkShare = "commands_ok_share": Share, Commands,
        gate("commands_ok", ""), table("commands\nok", "commands that succeeded");
    /// turns after which they were not: no answer, a refusal, another value when it was read back; without a route from the start among them
    CommandsFailed = "commands_failed": Count, Commands,
        gate("commands_failed", ""), table("commands\nfailed", "commands that failed");
    /// meters whose turn had not come when a campaign was halted
    CommandsHalted = "commands_halted": Count, Commands, gate("commands_halted", "");
    /// median time from a meter's turn, or from the flood that told all, until it was known to be as it was to be
    CommandP50S = "command_p50_s": Reached, Commands, gate("command_time", "p50");
    /// the same, 95th percentile of those that succeeded
    CommandP95S = "command_p95_s": Reached, Commands,
        gate("command_time", "p95"), table("command\np95", "time of a command, p95");
    /// meters to which a command by flood (delivery = "broadcast") had not come, or not as it was to be, so that they were told alone
    ToldAgain = "told_again": Count, Commands, gate("told_again", "");
    /// relays with open contacts when the run ended
    RelaysOpen = "relays_open": Count, Commands, gate("relays_open", ""), table("relays\nopen", "relays open at the end");
    /// times that contacts of a relay have moved, over all meters
    RelayMoves = "relay_moves": Count, Commands;
    /// clocks that were set, those by a flood not among them
    ClocksSet = "clocks_set": Count, Commands, table("clocks\nset", "clocks set");
    /// the furthest that a clock was off when it was asked for first, to either side; empty where none was asked for
    ClockOffMaxS = "clock_off_max_s": Reached, Commands, gate("clock_off", "");
    /// meters that were given new keys and have confirmed it
    KeysChanged = "keys_changed": Count, Commands;
    /// of them those whose first answer was lost, so that both keys were possible for a while
    KeysRecovered = "keys_recovered": Count, Commands;
    /// certificates that meters were given
    CertificatesRenewed = "certificates_renewed": Count, Certificates, table("certificates\nrenewed", "certificates renewed");
    /// meters whose certificate had run out when the run ended
    CertificatesExpired = "certificates_expired": Count, Certificates, gate("certificates_expired", "");
    /// time for which meters had no valid certificate, summed
    LapsedMeterH = "lapsed_meter_h": Count, Certificates,
        gate("lapsed_meter_hours", ""), table("meter-h\nexpired", "meter-hours without a certificate");
    /// reads, pings and commands that were not begun because the meter's certificate had run out
    SessionsExpired = "sessions_expired": Count, Certificates,
        gate("sessions_expired", ""), table("sessions\nexpired", "sessions without a certificate");
    /// meters that campaigns gave up and that crews went to and were done with before the run ended; missing without technicians
    FieldVisits = "field_visits": Count, Visits, gate("field_visits", ""), table("field\nvisits", "field visits");
    /// share of the visits whose meter had done what it was asked and had a way to the head-end: only its answer was lost
    FieldVisitsNeedlessShare = "field_visits_needless_share": Share, Visits,
        gate("field_visits_needless", ""), table("need-\nless", "needless visits");
    /// meters that were to get a visit and answered when they were asked before a crew set out
    FieldVisitsSpared = "field_visits_spared": Count, Visits, table("visits\nspared", "visits spared by asking");
    /// meters that waited for a crew or had one with them when the run ended
    FieldVisitsOpen = "field_visits_open": Count, Visits, gate("field_visits_open", "");
    /// median time from a meter's being given up until a crew stood before it, over all visits
    FieldVisitWaitP50S = "field_visit_wait_p50_s": Time, Visits,
        gate("field_visit_wait", "p50"), table("visit\nafter", "crew there after, p50");
    /// the same, 95th percentile
    FieldVisitWaitP95S = "field_visit_wait_p95_s": Time, Visits, gate("field_visit_wait", "p95");
    /// what meters, border routers and repeaters cost, with a visit for each of the last two; in the currency of the prices, and
    /// missing without them
    CostNetwork = "cost_network": Count, Money;
    /// what backhaul and air time cost over the years that the prices say; the busiest border router's air stands for that of all
    CostRunning = "cost_running": Count, Money;
    /// a visit to each meter without a route, or whose reset failed; of a maintenance plan its truck rolls
    CostVisits = "cost_visits": Count, Money;
    /// all of them together
    Cost = "cost": Count, Money, gate("cost", ""), table("\ncost", "cost");
    /// messages of meters that the head-end discarded because it had taken their counter
    ApduDuplicates = "apdu_duplicates": Count, Always;
    /// messages of meters that were not genuine or not what was asked for
    ApduRejected = "apdu_rejected": Count, Always;
    /// energies delivered, taken and given of each reading, and compared with the registers of that meter at that moment; only with real payloads
    ValuesChecked = "values_checked": Count, Always;
    /// of them different from it
    ValuesWrong = "values_wrong": Count, Always;
    /// events that the engine handled
    Events = "events": Count, Always;
    /// meters times the years that they were there
    MeterYears = "meter_years": Count, Maintenance;
    /// share of the meters' time in which they measured and were heard
    AvailableShare = "available_share": Share, Maintenance,
        gate("available", "");
    /// time in a year in which a meter did not measure or was not heard, on average
    AwayAYearS = "away_a_year_s": Time, Maintenance, gate("away_a_year", ""), table("away\na year", "away in a year");
    /// share of the meters that are not heard at the end of a year, on average over the years
    SilentShare = "silent_share": Share, Maintenance, gate("silent", ""), table("\nsilent", "silent meters");
    /// failures that began
    Failures = "failures": Count, Maintenance, gate("failures", ""), table("fail-\nures", "failures");
    /// of them those that put people at risk
    SafetyEvents = "safety_events": Count, Maintenance, gate("safety_events", "");
    /// reads that did not arrive
    MissedReads = "missed_reads": Count, Maintenance, gate("missed_reads", ""), table("missed\nreads", "missed reads");
    /// share of the reads that arrived, where a table of the radio says how well meters that work are reached; missing without one
    ReadShare = "read_share": Share, Maintenance, gate("reads", ""), table("reads\ncame", "reads that came");
    /// energy that nobody was billed for, kWh
    UnbilledEnergy = "unbilled_energy": Count, Maintenance,
        gate("unbilled_energy", ""), table("unbilled\nkWh", "unbilled energy, kWh");
    /// energy that was measured wrongly, either way, kWh
    DriftedEnergy = "drifted_energy": Count, Maintenance,
        gate("drifted_energy", ""), table("drifted\nkWh", "drifted energy, kWh");
    /// visits, those to locked doors among them
    TruckRolls = "truck_rolls": Count, Maintenance, gate("truck_rolls", ""), table("truck\nrolls", "truck rolls");
    /// of them those that found nothing to do
    VisitsIdle = "visits_idle": Count, Maintenance, gate("visits_idle", "");
    /// meters exchanged
    Exchanges = "exchanges": Count, Maintenance, gate("exchanges", ""), table("ex-\nchanges", "meters exchanged");
    /// other parts put in
    Parts = "parts": Count, Maintenance;
    /// share of the crews' shifts that they were on the way or at work; empty without crews' hours
    CrewBusyShare = "crew_busy_share": Share, Maintenance, gate("crew_busy", ""), table("crews\nbusy", "crews busy");
    /// jobs that wait when the plan ends
    Backlog = "backlog": Count, Maintenance, gate("backlog", ""), table("back-\nlog", "jobs waiting at the end");
    /// time in a year with a kind of spares out, mean over the depots; empty where nothing can run out
    OutOfStockAYearS = "out_of_stock_a_year_s": Time, Maintenance, gate("out_of_stock_a_year", "");
    /// mean time from a job's being known to the crew's setting out
    JobWaitS = "job_wait_s": Time, Maintenance, gate("job_wait", ""), table("\nwait", "wait for a crew, mean");
    /// mean time from a failure's beginning until the utility knows of it, of those that it ever knows of
    DetectionS = "detection_s": Time, Maintenance,
        gate("detection", ""), table("known\nafter", "failures known after, mean");
    /// failures that nobody has noticed when the plan ends
    FailuresUnseen = "failures_unseen": Count, Maintenance, gate("failures_unseen", "");
    /// remote checks of reports, and restarts from afar
    RemoteChecks = "remote_checks": Count, Maintenance, gate("remote_checks", "");
    /// bytes of health reports over the backhaul
    ReportBytes = "report_bytes": Count, Maintenance, gate("report_bytes", "");
    /// health reports of healthy meters
    FalseReports = "false_reports": Count, Maintenance, gate("false_reports", "");
    /// meters and parts put in, in the currency of the prices
    CostSpares = "cost_spares": Count, Money;
    /// energy that was not billed or measured wrongly
    CostEnergy = "cost_energy": Count, Money;
    /// remote checks, special reads, corrected bills, reports
    CostOffice = "cost_office": Count, Money;
}
