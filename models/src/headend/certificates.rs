//! Which meter's certificate is valid until when, as the authority knows that gave it.

use crate::apdu::Cosem;
use crate::check::same_count;
use crate::node::SiteId;
use crate::purpose::CERTIFICATE;
use crate::spec::CertificatesSpec;
use amitwin_dlms::x509;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use serde::{Deserialize, Serialize};

/// Pairs ahead of the one that is known that a request is looked for: those that a meter can have gone through unheard.
const AHEAD: u16 = 8;

/// What is known of one meter's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// It is valid until then; zero if it was not as the run began.
    to: SimTime,
    /// Which of the meter's pairs it is for.
    pair: u16,
}

/// The certificates of all sites.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Certificates {
    valid: SimTime,
    known: Vec<Known>,
    /// Renewed so far.
    pub renewed: u64,
    /// Time that meters were without a valid one before they got theirs, summed, s.
    lapsed_s: u64,
}

impl Certificates {
    /// As old as the specification says, by chance.
    pub fn new(spec: &CertificatesSpec, sites: usize, seed: u64) -> Certificates {
        let (low, high) = spec.age;
        let known = |site: u32| {
            let place = Stream::new(seed, site.into(), CERTIFICATE).unit();
            let age = low + SimTime::from_secs_f64((high - low).secs_f64() * place);
            Known { to: spec.valid.saturating_sub(age), pair: 0 }
        };
        Certificates { valid: spec.valid, known: (0..sites as u32).map(known).collect(), renewed: 0, lapsed_s: 0 }
    }

    /// Until when a meter's is valid.
    pub fn valid_to(&self, meter: SiteId) -> SimTime {
        self.known[meter.at()].to
    }

    /// Whether it has run out.
    pub fn has_expired(&self, meter: SiteId, now: SimTime) -> bool {
        now >= self.valid_to(meter)
    }

    /// How long a new one is valid.
    pub fn valid(&self) -> SimTime {
        self.valid
    }

    /// The pair that a request of a meter is for; `None` if it is not its own.
    pub fn requested(&self, cosem: &Cosem, meter: SiteId, request: &[u8]) -> Option<u16> {
        let of = cosem.meter(meter);
        let (suite, title) = (of.vendor().suite, of.system_title());
        let coordinates = x509::requested(suite, title, request)?;
        let known = self.known[meter.at()].pair;
        let is = |pair: &u16| {
            let key = of.fleet.keys.pair_key(title, suite, *pair);
            key.is_some_and(|key| key.public().coordinates() == coordinates)
        };
        (known..=known.saturating_add(AHEAD)).find(is)
    }

    /// A meter has imported a new one.
    pub fn renew(&mut self, meter: SiteId, now: SimTime, from: SimTime, pair: u16) {
        let known = &mut self.known[meter.at()];
        self.lapsed_s += now.saturating_sub(known.to).nanos() / 1_000_000_000;
        *known = Known { to: from + self.valid, pair };
        self.renewed += 1;
    }

    /// Of these meters those whose certificate has run out, and the time that meters were without a valid one, summed, s.
    pub fn expired(&self, meters: &[SiteId], now: SimTime) -> (u64, u64) {
        let expired = meters.iter().filter(|meter| self.has_expired(**meter, now));
        expired.fold((0, self.lapsed_s), |(count, lapsed_s), meter| {
            (count + 1, lapsed_s + (now - self.valid_to(*meter)).nanos() / 1_000_000_000)
        })
    }

    /// Whether it is about as many sites.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self, other: &Certificates) -> Result<(), String> {
        same_count("head-end: certificates", other.known.len(), self.known.len())
    }
}
