//! What each figure of a variant in `summary.json` means; `amitwin describe metrics` prints it.

use crate::gate::METRICS;

/// A figure in the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its key among a variant's metrics, with the unit last.
    pub key: &'static str,
    /// What it means.
    pub doc: &'static str,
}

const fn figure(key: &'static str, doc: &'static str) -> Figure {
    Figure { key, doc }
}

/// Every figure, in the order of a campaign, the air, the engine.
pub const FIGURES: &[Figure] = &[
    figure("commanded", "meters that reset campaigns were to reset"),
    figure("back", "of them heard again by the head-end before the run ended"),
    figure("failed", "of them given up, without a route from the start, or unable to decipher the command"),
    figure("pending", "of them not yet heard again when the run ended"),
    figure("resets_unheard", "of those that failed or are pending the ones that did reset, unknown to the head-end"),
    figure("resets_unacknowledged", "meters that did reset, of whose unicast command no answer arrived"),
    figure("back_5min_share", "share of the commanded meters heard again within 5 min of the campaign's start"),
    figure("back_30min_share", "the same within 30 min"),
    figure("back_60min_share", "the same within 60 min"),
    figure(
        "rejoin_p50_s",
        "median time from a meter's own reset until the head-end hears it, over all commanded meters; empty when so many are not back",
    ),
    figure("rejoin_p95_s", "the same, 95th percentile"),
    figure("rejoin_p99_s", "the same, 99th percentile"),
    figure("campaign_start_s", "start of the first campaign's schedule, in simulated time"),
    figure("reset_window_s", "from the start of the first campaign's schedule to its last planned reset"),
    figure(
        "border_router_busy_share",
        "share of time that the busiest border router's radio sends or receives, from the campaign's start until the last meter is back",
    ),
    figure("collisions", "receptions lost to other transmissions, at all radios"),
    figure(
        "border_router_collisions",
        "receptions at border routers lost to other transmissions or because the radio was busy (sending, or receiving another frame)",
    ),
    figure("retries", "frames sent again because no acknowledgement came"),
    figure("frames", "frames sent, acknowledgements among them"),
    figure("sweep_frames", "of them copies of one announcement on the channels of the plan"),
    figure("dropped", "datagrams lost on their way, for the reasons below"),
    figure("dropped_queue_full", "no room in a queue"),
    figure("dropped_retries", "the last retry was not acknowledged"),
    figure("dropped_reset", "in the queue of a meter that restarted"),
    figure("dropped_no_route", "the next hop was not known"),
    figure("dropped_too_far", "more hops than allowed"),
    figure("dropped_reassembly", "in fragments that the receiver had no room for, or had given up waiting for"),
    figure("duplicates", "copies of a frame that a receiver recognised and discarded"),
    figure("access_failures", "attempts that found no free channel"),
    figure("transactions", "resets, reports and reads begun"),
    figure("transactions_ok", "of them answered or delivered"),
    figure("push_delivered_share", "share of the reports that reached the head-end; empty without reports"),
    figure(
        "push_delay_p50_s",
        "median time from the moment a report was due until the head-end has it, over those that arrived, to 1 %; missing without any",
    ),
    figure("push_delay_p95_s", "the same, 95th percentile"),
    figure("push_delay_p99_s", "the same, 99th percentile"),
    figure("duplicate_reports", "heartbeats that the head-end got of meters that were back already"),
    figure("reads", "scheduled reads; one for which nothing was missing is none"),
    figure("reads_ok", "of them those that brought all they were to bring"),
    figure(
        "reads_failed",
        "of them without an answer to the last attempt, or of meters without a route from the start",
    ),
    figure("reads_refused", "of them those that a meter of another security suite than the one on file refused"),
    figure("reads_skipped", "of them those whose turn had not come when the next round began"),
    figure("read_success_share", "share of the reads that brought all they were to bring; missing without reads"),
    figure(
        "read_delay_p50_s",
        "median time from the moment a read was due until its last answer, over those that ended well, to 1 %",
    ),
    figure("read_delay_p95_s", "the same, 95th percentile"),
    figure("read_delay_p99_s", "the same, 99th percentile"),
    figure("reads_late", "answers that came when their read had been given up; what they bring is kept"),
    figure("profile_rows", "rows of load profiles that the meter data management keeps"),
    figure("profile_rows_duplicate", "rows that it discarded because it had them"),
    figure("apdu_duplicates", "messages of meters that the head-end discarded because it had taken their counter"),
    figure("apdu_rejected", "messages of meters that were not genuine or not what was asked for"),
    figure(
        "values_checked",
        "values delivered and compared with the register of that meter at that moment; only with real payloads",
    ),
    figure("values_wrong", "of them different from it"),
    figure("events", "events that the engine handled"),
];

/// Unit of a figure, read off its key; empty for counts.
pub fn unit(key: &str) -> &'static str {
    match key.rsplit('_').next() {
        Some("s") => "s",
        Some("share") => "1",
        _ => "",
    }
}

/// What a gate calls the figure: metric and stat.
pub fn gate_name(key: &str) -> Option<String> {
    let named = |m: &crate::gate::Metric| {
        let (stat, _) = m.stats.iter().find(|(_, k)| *k == key)?;
        Some(if stat.is_empty() { m.name.to_owned() } else { format!("{} {stat}", m.name) })
    };
    METRICS.iter().find_map(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_that_a_gate_can_judge_is_described() {
        for (_, key) in METRICS.iter().flat_map(|m| m.stats) {
            assert!(FIGURES.iter().any(|f| f.key == *key), "{key}");
        }
        assert_eq!(gate_name("rejoin_p99_s").as_deref(), Some("rejoin_time p99"));
        assert_eq!(gate_name("border_router_busy_share").as_deref(), Some("border_router_busy"));
        assert_eq!(gate_name("events"), None);
        assert_eq!((unit("back_5min_share"), unit("rejoin_p50_s"), unit("retries")), ("1", "s", ""));
    }
}
