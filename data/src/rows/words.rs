//! The declaration of all words that table cells can hold, one enum a vocabulary.

use super::cell::{Cell, CellError, Physical, Word, canonical_text};
use super::column::{ColumnData, Cursor, Values};
use super::declare::words;
use std::cmp::Ordering;

words! {
    /// What stands at a site.
    NodeKind {
        /// An electricity meter with a radio.
        Meter = "meter",
        /// A border router: the head of a mesh, which the head-end reaches over its backhaul.
        Gateway = "gateway",
        /// A radio that relays for others and has no meter.
        Repeater = "repeater",
        /// A transformer station, which has no radio.
        Transformer = "transformer",
    }

    /// What the head-end waits for.
    TransactionKind {
        /// A meter resets and is heard again.
        Reset = "reset",
        /// A meter reports by itself.
        Push = "push",
        /// The head-end asks a meter.
        Read = "read",
        /// The head-end asks a meter for its clock.
        Ping = "ping",
        /// A meter says that its supply has failed.
        LastGasp = "last_gasp",
        /// A meter says that its supply is back.
        PowerUp = "power_up",
        /// A meter reports a value that it watches, its voltage.
        Health = "health",
        /// A meter says that it is alive.
        KeepAlive = "keep_alive",
        /// A meter gets a firmware image and restarts with it.
        Firmware = "firmware",
        /// A value is written into a meter and read back.
        Write = "write",
        /// The relay of a meter opens or closes its contacts.
        Relay = "relay",
        /// The clock of a meter is asked for, and set if it is too far off.
        Time = "time",
        /// A meter gets new keys.
        Keys = "keys",
        /// A meter gets a new certificate.
        Certificates = "certificates",
    }

    /// What became of a transaction.
    Outcome {
        /// Answered, or delivered.
        Ok = "ok",
        /// Under way when the run ended.
        Pending = "pending",
        /// Given up, or lost.
        Failed = "failed",
        /// The meter had no route from the start.
        Unreachable = "unreachable",
        /// An exception: meter and head-end disagree on the security suite or on keys, the state of its boards keeps the meter from it, or it denies what it is asked; of firmware: the meter runs the image already.
        Refused = "refused",
        /// The turn did not come before the next round.
        Skipped = "skipped",
        /// The meter, or its link, did not come to fit what the job asks for (`only_when`), in the time that it waits for that.
        LeftOut = "left_out",
        /// The role of the job may not do that; nothing was sent.
        Forbidden = "forbidden",
        /// The campaign was halted before the meter was done, because too many others had failed.
        Halted = "halted",
        /// The meter's certificate had run out: no session was opened.
        Expired = "expired",
    }

    /// How far a firmware image has come in a meter, as the head-end knows it; `bricked` it does not know.
    ImageState {
        /// Its wave has not begun.
        Waiting = "waiting",
        /// It has been told of the image, or a flood of that has been sent.
        Offered = "offered",
        /// Some of its blocks have come.
        Receiving = "receiving",
        /// All blocks have come.
        Complete = "complete",
        /// It has verified the image.
        Verified = "verified",
        /// The same, and the time to activate it has not come.
        Scheduled = "scheduled",
        /// It was told to activate the image and has not said yet which one it runs.
        Activating = "activating",
        /// It runs the image. Without the outcome `ok` the head-end has not heard that.
        Running = "running",
        /// It ran the image already: nothing was transferred and no flash written.
        HadIt = "had_it",
        /// Nothing more was heard of it.
        Failed = "failed",
        /// It has all blocks and does not verify the image: its digest or signature is wrong. Nothing was written to flash.
        Unverified = "unverified",
        /// It activated the image and runs the former one again, whether or not the head-end has heard that.
        RolledBack = "rolled_back",
        /// It activated the image and never started again.
        Bricked = "bricked",
    }

    /// What a link or a meter lacks of what a campaign asks for.
    HeldBy {
        /// Level over the noise.
        Snr = "snr",
        /// Level.
        Rssi = "rssi",
        /// Share of tries without an acknowledgement: too many.
        Loss = "loss",
        /// Nothing is known of it: its meter had no way in the last hour, or too few tries.
        Unknown = "unknown",
        /// Its firmware is not what the job asks for.
        Firmware = "firmware",
        /// The head-end has not heard it for as long as the job asks for.
        NotHeard = "not_heard",
        /// It has missed its keep-alives.
        Silent = "silent",
        /// It has told that its supply fails, and not that it is back.
        Dark = "dark",
        /// It has reported that its voltage has left its band, and not that it is back.
        Voltage = "voltage",
    }

    /// What happened to a node.
    EventKind {
        /// It lost power, or switched itself off to restart.
        PowerDown = "power_down",
        /// It runs again.
        Boot = "boot",
        /// It obeys a reset.
        Reset = "reset",
        /// It entered another joining state.
        JoinState = "join_state",
        /// It chose another parent.
        ParentChange = "parent_change",
        /// It has a route both ways.
        Operational = "operational",
        /// Its supply is back.
        PowerUp = "power_up",
        /// Its supply has failed, and it runs on its capacitor.
        OnCapacitor = "on_capacitor",
        /// The extra loss of its signals has changed.
        ExtraLoss = "extra_loss",
        /// The extra loss of one of its edges has changed; the other end has such a row too.
        LinkLoss = "link_loss",
        /// Its backhaul is down, up again, or has another delay.
        Backhaul = "backhaul",
        /// Heat has destroyed its radio, or made the meter trip.
        Overheated = "overheated",
        /// It has activated a firmware image: it restarts with that, with the former one, or not at all.
        Activated = "activated",
        /// Its application hangs: it answers and reports nothing, and relays on, until a reset or a restart.
        Hang = "hang",
        /// A burst of its transmitter has sagged its supply, and it restarts.
        BrownOut = "brown_out",
        /// Its mains voltage has changed, by an event.
        Voltage = "voltage",
        /// The head-end takes it for silent: as many of its keep-alives in a row have not come as it takes for that.
        Silent = "silent",
        /// A keep-alive of a meter has come that the head-end took for silent.
        HeardAgain = "heard_again",
        /// Another border router than before knows a route to it: it has moved to another PAN.
        PanChange = "pan_change",
        /// Its communication board has restarted, and its metrology board has not.
        PartialReset = "partial_reset",
        /// An obstacle has come or gone: it takes something from so many links of this radio from then on, or, with a minus, no longer does.
        Obstacle = "obstacle",
        /// Moisture has got behind its gasket.
        Wet = "wet",
    }

    /// What a frame carries.
    FrameKind {
        /// Link-layer bench: one hop, no meaning.
        Probe = "probe",
        /// Neighbour solicitation with address registration.
        Ns = "ns",
        /// Neighbour advertisement: it refuses a registration, or asks all children for theirs.
        Na = "na",
        /// Neighbour solicitation that asks whether a neighbour is there, or counts its expected transmissions.
        Nud = "ns_probe",
        /// DHCPv6 solicit.
        DhcpSolicit = "dhcp_solicit",
        /// DHCPv6 reply.
        DhcpReply = "dhcp_reply",
        /// RPL destination advertisement.
        Dao = "dao",
        /// Its answer.
        DaoAck = "dao_ack",
        /// A node cannot pass on a datagram that came by source route.
        RouteError = "route_error",
        /// EAPOL, by which a node without keys gets them.
        Eapol = "eapol",
        /// RPL solicitation.
        Dis = "dis",
        /// RPL information.
        Dio = "dio",
        /// A meter is back.
        Heartbeat = "heartbeat",
        /// The head-end has heard it.
        Confirm = "confirm",
        /// A regular report.
        Push = "push",
        /// A meter tells of its supply or its health, or that it is alive.
        Alarm = "alarm",
        /// A command for one meter.
        Command = "command",
        /// Its answer.
        CommandAck = "command_ack",
        /// A read of one meter.
        Request = "request",
        /// What was read.
        Answer = "answer",
        /// A command for all.
        Flood = "flood",
        /// PAN advertisement, of a sweep.
        PanAdvert = "pan_advert",
        /// PAN configuration, of a sweep.
        PanConfig = "pan_config",
        /// PAN advertisement solicit, of a sweep.
        PanAdvertSolicit = "pan_advert_solicit",
        /// PAN configuration solicit, of a sweep.
        PanConfigSolicit = "pan_config_solicit",
        /// Acknowledgement of the link layer.
        Ack = "ack",
    }

    /// What became of a frame at one of its hearers.
    FrameOutcome {
        /// A broadcast that nobody heard.
        Sent = "sent",
        /// Received intact.
        Delivered = "delivered",
        /// Lost to other transmissions.
        Collided = "collided",
        /// Lost to noise.
        Noise = "noise",
        /// The hearer was sending, or receiving another frame.
        Deaf = "deaf",
    }

    /// A part of a meter that fails, or what else goes wrong with one.
    Part {
        /// What fails at random on the boards.
        Board = "board",
        /// The communication module and its solder.
        Module = "module",
        /// An electrolytic capacitor of the supply.
        Capacitor = "capacitor",
        /// The supercapacitor that pays for a last gasp.
        Supercapacitor = "supercapacitor",
        /// The battery.
        Battery = "battery",
        /// The relay.
        Relay = "relay",
        /// Flash memory.
        Flash = "flash",
        /// The gasket of the case.
        Gasket = "gasket",
        /// The measurement.
        Accuracy = "accuracy",
        /// The crystal of the clock.
        Clock = "clock",
        /// The firmware, after an update that did not start.
        Firmware = "firmware",
        /// The certificate, which ran out while the meter was silent.
        Certificate = "certificate",
        /// The case, opened by somebody.
        Tamper = "tamper",
        /// The metrology, which has locked itself.
        Lockout = "lockout",
        /// The socket that the meter sits in.
        Socket = "socket",
        /// The way over the radio, for a while.
        Coverage = "coverage",
    }

    /// What a failure does.
    Effect {
        /// Nothing is measured and nothing is heard.
        Dead = "dead",
        /// It measures and is not heard.
        Silent = "silent",
        /// It measures wrongly.
        Drifting = "drifting",
        /// Its clock is wrong.
        WrongClock = "wrong_clock",
        /// Water gets in: boards fail sooner, signals are weaker.
        Wet = "wet",
        /// It works until the supply fails, and then says nothing.
        NoLastGasp = "no_last_gasp",
        /// Somebody has been at it.
        Tampered = "tampered",
        /// It measures nothing and says so.
        LockedOut = "locked_out",
        /// Its socket is dangerously hot.
        Hot = "hot",
    }

    /// Why somebody goes to a meter.
    Reason {
        /// A failure that is known.
        Failure = "failure",
        /// A value that it reports.
        Condition = "condition",
        /// A date, or heat enough since the last one.
        Interval = "interval",
        /// The sample of a lot.
        Sample = "sample",
        /// Its lot has failed.
        Lot = "lot",
        /// An age.
        Age = "age",
    }

    /// Why somebody goes to a meter that a campaign has given up.
    VisitCause {
        /// It was not heard again after its reset, in the time that it had.
        NotBack = "not_back",
        /// It could not be brought to verify a firmware image.
        NotServed = "not_served",
        /// It was told to activate a firmware image, and has not been heard to run it.
        NotRunning = "not_running",
    }

    /// How a technician finds a meter that a campaign has given up.
    VisitFound {
        /// It had done what it was asked, and has a way to the head-end: only its answer was lost, and nobody was needed.
        Done = "done",
        /// It runs and has a way, and has not done what it was asked.
        NotDone = "not_done",
        /// It runs and has no way to the head-end.
        CutOff = "cut_off",
        /// It has no supply, so that nothing can be done for it.
        Dark = "dark",
        /// A firmware image has bricked it; it starts again with the one that it came with.
        Bricked = "bricked",
        /// Nobody went: it answered when it was asked before that.
        Answered = "answered",
        /// Nobody has set out when the run ends.
        Waiting = "waiting",
        /// Somebody is on the way or at work when the run ends.
        UnderWay = "under_way",
    }

    /// What came of a visit.
    VisitOutcome {
        /// Something was repaired, adjusted or exchanged.
        Repaired = "repaired",
        /// All was well.
        NothingFound = "nothing_found",
        /// Nobody opened.
        Missed = "missed",
        /// The contractor gave the work back.
        HandedBack = "handed_back",
        /// Something was found and left for a visit of its own, for want of a spare, a skill or time before the end of the shift.
        Deferred = "deferred",
    }
}

/// What the value of an event stands for, where it is the number of a joining state or of a tier.
pub fn code_word(kind: EventKind, value: i32) -> Option<&'static str> {
    match (kind, value) {
        (EventKind::JoinState, 0) => Some("off"),
        (EventKind::JoinState, 1) => Some("select_pan"),
        (EventKind::JoinState, 2) => Some("authenticate"),
        (EventKind::JoinState, 3) => Some("acquire_config"),
        (EventKind::JoinState, 4) => Some("configure_routing"),
        (EventKind::JoinState, 5) => Some("operational"),
        (EventKind::Reset, 0) => Some("soft"),
        (EventKind::Reset, 1) => Some("warm"),
        (EventKind::Reset, 2) => Some("cold"),
        (EventKind::PartialReset, 0) => Some("in_step"),
        (EventKind::PartialReset, 1) => Some("out_of_step"),
        (EventKind::Activated, 0) => Some("runs"),
        (EventKind::Activated, 1) => Some("rolls_back"),
        (EventKind::Activated, 2) => Some("bricks"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{EventRow, Row, TABLES};
    use super::*;

    #[test]
    fn a_word_is_its_value_and_back_with_the_bytes_of_its_text() {
        for kind in FrameKind::ALL {
            assert_eq!(FrameKind::of_word(kind.as_str()), Some(*kind));
        }
        assert_eq!(format!("{:>6}|", Outcome::Ok), "    ok|");
        let (mut word, mut text) = (Vec::new(), Vec::new());
        Outcome::Pending.canonical(&mut word);
        String::from("pending").canonical(&mut text);
        assert_eq!(word, text);
    }

    #[test]
    fn a_column_of_words_knows_them_and_no_other_does() {
        for column in TABLES.iter().flat_map(|info| info.columns) {
            assert_eq!(column.words.is_empty(), column.physical != Physical::Word, "{}", column.name);
            assert!(column.words.iter().all(|word| !word.doc.trim().is_empty()), "{}", column.name);
        }
    }

    #[test]
    fn an_unknown_word_is_named_beside_those_that_are_known() {
        let column = |values| ColumnData { values, levels: None };
        let columns = vec![
            column(Values::F64(vec![0.5])),
            column(Values::I32(vec![3])),
            column(Values::Text(vec!["relay"])),
            column(Values::I32(vec![0])),
        ];
        let (name, error) = EventRow::assemble(columns, 1).expect_err("no such kind");
        assert_eq!(name, "kind");
        assert_eq!(
            error.to_string(),
            "the word \"relay\" is not known to this version, which knows power_down, boot, reset, join_state, \
             parent_change, operational, power_up, on_capacitor, extra_loss, link_loss, backhaul, overheated, activated, hang, \
             brown_out, voltage, silent, heard_again, pan_change, partial_reset, obstacle, wet"
        );
        let CellError::UnknownWord { word, .. } = CellError::unknown_word(&"x".repeat(65), &[]) else { panic!() };
        assert_eq!(word.len(), 64);
    }
}
