//! Figures of certificates that run out.

use super::ran::Ran;
use amitwin_data::metrics::Metric;

/// What is written for a figure: nothing where meters have no certificates.
pub fn written(metric: Metric, ran: &Ran<'_>, sessions_expired: u64) -> Option<Option<f64>> {
    let head_end = ran.head_end?;
    let certificates = head_end.talk.certificates.as_ref()?;
    let (expired, lapsed_s) = certificates.expired(head_end.meters(), ran.now);
    Some(Some(match metric {
        Metric::CertificatesRenewed => certificates.renewed as f64,
        Metric::CertificatesExpired => expired as f64,
        Metric::LapsedMeterH => lapsed_s as f64 / 3_600.0,
        Metric::SessionsExpired => sessions_expired as f64,
        _ => return None,
    }))
}
