//! From the minutes of a head-end with limits to figures.

use amitwin_data::metrics::Metric;
use amitwin_data::rows::{Added, HeadendRow};

/// Minutes of a head-end with limits.
#[derive(Default)]
pub struct HeadEndMinutes {
    minutes: u32,
    /// Busy shares, summed.
    busy: f64,
    served: u32,
    waited_s: f64,
    queue_max: u32,
    refused: u32,
    session_wait_s: f64,
    open_max: u32,
    sessions_refused: u64,
    retries: u64,
    sessions_lost: u64,
    messages_lost: u64,
    mdms: Option<Mdms>,
}

/// Minutes of a broker and a meter data management.
#[derive(Default)]
struct Mdms {
    queue_max: u32,
    redelivered: u64,
    rows: u64,
    duplicates: u64,
}

fn count(column: Added<u32>) -> u64 {
    u64::from(column.0.unwrap_or_default())
}

impl HeadEndMinutes {
    /// Adds a minute.
    pub fn add(&mut self, row: &HeadendRow) {
        self.minutes += 1;
        self.busy += f64::from(row.busy_share);
        self.served += row.served;
        self.waited_s += row.wait_s.map_or(0.0, |wait_s| f64::from(wait_s) * f64::from(row.served));
        self.queue_max = self.queue_max.max(row.queue_max);
        self.refused += row.refused;
        self.session_wait_s = self.session_wait_s.max(f64::from(row.sessions_wait_s));
        self.open_max = self.open_max.max(row.sessions_open_max.0.unwrap_or_default());
        self.sessions_refused += count(row.sessions_refused);
        self.retries += count(row.retries);
        self.sessions_lost += count(row.sessions_lost);
        self.messages_lost += count(row.messages_lost);
        if row.mdms_rows.0.is_some() {
            let mdms = self.mdms.get_or_insert_default();
            mdms.queue_max = mdms.queue_max.max(row.broker_queue_max.0.unwrap_or_default());
            mdms.redelivered += count(row.broker_redelivered);
            mdms.rows += count(row.mdms_rows);
            mdms.duplicates += count(row.mdms_rows_duplicate);
        }
    }

    /// What they come to; nothing for a metric of something else, or of a broker that there is not.
    pub fn figure(&self, metric: Metric) -> Option<f64> {
        let mdms = |of: fn(&Mdms) -> u64| self.mdms.as_ref().map(|mdms| of(mdms) as f64);
        match metric {
            Metric::HeadEndBusyShare => Some(self.busy / f64::from(self.minutes)),
            Metric::HeadEndWaitS => Some(self.waited_s / f64::from(self.served.max(1))),
            Metric::HeadEndQueueMax => Some(f64::from(self.queue_max)),
            Metric::HeadEndRefused => Some(f64::from(self.refused)),
            Metric::SessionWaitMaxS => Some(self.session_wait_s),
            Metric::SessionsOpenMax => Some(f64::from(self.open_max)),
            Metric::SessionsRefused => Some(self.sessions_refused as f64),
            Metric::SessionsRetried => Some(self.retries as f64),
            Metric::SessionsLost => Some(self.sessions_lost as f64),
            Metric::MessagesLost => Some(self.messages_lost as f64),
            Metric::BrokerQueueMax => mdms(|mdms| u64::from(mdms.queue_max)),
            Metric::BrokerRedelivered => mdms(|mdms| mdms.redelivered),
            Metric::MdmsRows => mdms(|mdms| mdms.rows),
            Metric::MdmsRowsDuplicate => mdms(|mdms| mdms.duplicates),
            _ => None,
        }
    }
}
