//! Numbers of transactions: unique within a variant, the same whatever the threads.

use crate::backhaul::{Alarm, Notice};
use crate::node::SiteId;
use amitwin_data::rows::TransactionKind;

/// A transaction by what tells it from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionId {
    /// A report of a meter.
    Push {
        /// The meter, by site.
        meter: SiteId,
        /// Which of its reports.
        number: u32,
    },
    /// What a meter tells of its supply.
    Alarm {
        /// What.
        alarm: Alarm,
        /// The meter, by site.
        meter: SiteId,
        /// Which of its outages.
        outage: u16,
        /// Which message about it; 0: none was sent.
        attempt: u8,
    },
    /// What a meter tells of itself.
    Notice {
        /// What.
        notice: Notice,
        /// The meter, by site.
        meter: SiteId,
        /// Number of the sample or of the period; below 2^24.
        number: u32,
    },
    /// A meter's turn in a schedule of reads.
    Read {
        /// Which schedule; below 2^10.
        schedule: u16,
        /// Which round of it; below 2^20.
        round: u32,
        /// The meter, by site.
        meter: SiteId,
    },
    /// A meter in a campaign.
    Campaign {
        /// What the campaign does.
        kind: TransactionKind,
        /// Number of its job, which tells campaigns of all kinds apart.
        job: u16,
        /// The meter, by site.
        meter: SiteId,
    },
    /// A meter in a campaign that comes to it again and again.
    Turn {
        /// What the campaign does.
        kind: TransactionKind,
        /// Number of its job.
        job: u16,
        /// Which of its turns; below 2^12.
        round: u16,
        /// The meter, by site.
        meter: SiteId,
    },
}

impl TransactionId {
    /// In the column `transaction`. The two highest bits tell reports, reads, resets and others apart (a meter's
    /// number is below 2^30), the next one campaigns and what meters tell of their supply and of themselves.
    pub fn number(self) -> u64 {
        let (kind, of, low) = match self {
            TransactionId::Push { meter, number } => (0b00, meter.0, number),
            TransactionId::Read { schedule, round, meter } => (0b01, u32::from(schedule) << 20 | round, meter.0),
            TransactionId::Campaign { kind: TransactionKind::Reset, job, meter } => (0b10, u32::from(job), meter.0),
            TransactionId::Campaign { job, meter, .. } => (0b11, u32::from(job), meter.0),
            TransactionId::Turn { job, round, meter, .. } => (0b11, u32::from(round) << 16 | u32::from(job), meter.0),
            TransactionId::Alarm { alarm, meter, outage, attempt } => {
                (0b11, 1 << 29 | (alarm as u32) << 28 | u32::from(outage) << 8 | u32::from(attempt), meter.0)
            }
            TransactionId::Notice { notice, meter, number } => {
                (0b11, 0b101 << 27 | (notice as u32) << 26 | number & 0xFF_FFFF, meter.0)
            }
        };
        kind << 62 | u64::from(of) << 32 | u64::from(low)
    }

    /// In the column `kind`.
    pub fn kind(self) -> TransactionKind {
        match self {
            TransactionId::Push { .. } => TransactionKind::Push,
            TransactionId::Read { .. } => TransactionKind::Read,
            TransactionId::Campaign { kind, .. } | TransactionId::Turn { kind, .. } => kind,
            TransactionId::Notice { notice: Notice::Health, .. } => TransactionKind::Health,
            TransactionId::Notice { notice: Notice::KeepAlive, .. } => TransactionKind::KeepAlive,
            TransactionId::Alarm { alarm: Alarm::LastGasp, .. } => TransactionKind::LastGasp,
            TransactionId::Alarm { alarm: Alarm::PowerUp, .. } => TransactionKind::PowerUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_these() {
        let campaign = |kind| TransactionId::Campaign { kind, job: 2, meter: SiteId(0x1234) };
        let number = |id: TransactionId| format!("{:016x}", id.number());
        assert_eq!(number(TransactionId::Push { meter: SiteId(0x1234), number: 7 }), "0000123400000007");
        assert_eq!(number(TransactionId::Read { schedule: 1, round: 2, meter: SiteId(3) }), "4010000200000003");
        assert_eq!(number(campaign(TransactionKind::Reset)), "8000000200001234");
        assert_eq!(number(campaign(TransactionKind::Ping)), "c000000200001234");
        let alarm = TransactionId::Alarm { alarm: Alarm::PowerUp, meter: SiteId(0x1234), outage: 2, attempt: 3 };
        assert_eq!(number(alarm), "f000020300001234");
        let turn = |round| TransactionId::Turn { kind: TransactionKind::Keys, job: 2, round, meter: SiteId(0x1234) };
        assert_eq!(number(turn(3)), "c003000200001234");
        // The first turn is that of a campaign that has one.
        assert_eq!(number(turn(0)), number(campaign(TransactionKind::Keys)));
        let notice = TransactionId::Notice { notice: Notice::KeepAlive, meter: SiteId(0x1234), number: 5 };
        assert_eq!(number(notice), "ec00000500001234");
        // The largest of each field stay apart.
        let most = TransactionId::Read { schedule: 1023, round: (1 << 20) - 1, meter: SiteId(u32::MAX) };
        assert_eq!(number(most), "7fffffffffffffff");
    }
}
