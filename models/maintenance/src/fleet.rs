//! The meters of a depot, packed: what failures and visits touch. Of parts only those have a place that fail before the plan ends, or that
//! came later than their meter.

use crate::column::Column;
use crate::draw;
use crate::heat::DOUBLING_K;
use crate::life::{self, Lives, NEVER, Whose};
use crate::sparse::Sparse;
use crate::spec::{DepotSpec, Meters, PartSpec, PlanSpec};
use amitwin_data::rows::{Effect, Part};
use amitwin_sim_core::rng::Stream;
use libm::exp2;

/// No job.
pub const NO_JOB: u32 = u32::MAX;

/// Parts of a vintage's meters as sets, by what their failure does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masks {
    /// Nothing is measured.
    pub unmeasured: u16,
    /// Nothing is heard.
    pub unheard: u16,
    /// It measures wrongly.
    pub drifting: u16,
    /// There is water in its case.
    pub wet: u16,
}

/// What is kept of every meter: half of a cache line, so that whoever looks at one waits for memory once.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub struct Meter {
    /// Ageing by heat against the others.
    warmth: f32,
    /// When it was put in: its installation, or its last exchange.
    installed: u32,
    /// From when on it has been as it is.
    pub as_it_is: u32,
    /// When the next of its parts fails or shows wear.
    pub next: u32,
    /// Its open job.
    pub job: u32,
    /// Place in the plan of its vintage.
    pub vintage: u16,
    /// Parts that fail before the plan ends, or have failed.
    ends: u16,
    /// Parts that were put in by themselves at some time.
    renewed: u16,
    /// Parts that have failed.
    pub failed: u16,
    /// Those of which the head-end knows, or which it has been warned of.
    pub seen: u16,
    /// How often it was exchanged.
    exchanges: u8,
}

const _: () = assert!(size_of::<Meter>() == 32);

/// The meters of a depot.
#[derive(Debug)]
pub struct Fleet {
    /// Number of the first in the fleet of the plan.
    pub first: u32,
    /// Each meter.
    pub meters: Vec<Meter>,
    /// By the place of the part, when those fail that do.
    fails_at: Vec<Column<u32>>,
    /// By the place of the part, when those came that were put in by themselves; and how often.
    since: Vec<Column<u32>>,
    renewals: Vec<Column<u8>>,
    /// From when on it has not been heard, of those meters that are not.
    pub quiet: Sparse<u32>,
    /// When the head-end last learned of a failure that is still there.
    pub seen_at: Sparse<u32>,
    masks: Vec<Masks>,
    /// Place of the gasket, of the certificate and of the firmware among the parts of each vintage.
    gasket: Vec<Option<usize>>,
    certificate: Vec<Option<usize>>,
    firmware: Vec<Option<usize>>,
}

impl Fleet {
    /// The meters of a depot, each with the lives of its parts.
    pub fn new(plan: &PlanSpec, depot: &DepotSpec, lives: &Lives) -> Fleet {
        let count = depot.meters.count() as usize;
        let slots = plan.vintages.iter().map(|v| v.parts.len()).max().unwrap_or(0);
        let place = |part: Part| plan.vintages.iter().map(|v| v.parts.iter().position(|p| p.part == part)).collect();
        let mut fleet = Fleet {
            first: depot.first,
            meters: Vec::with_capacity(count),
            fails_at: (0..slots).map(|_| Column::new()).collect(),
            since: (0..slots).map(|_| Column::new()).collect(),
            renewals: (0..slots).map(|_| Column::new()).collect(),
            quiet: Sparse::default(),
            seen_at: Sparse::default(),
            masks: plan.vintages.iter().map(|v| masks(&v.parts)).collect(),
            gasket: place(Part::Gasket),
            certificate: place(Part::Certificate),
            firmware: place(Part::Firmware),
        };
        for meter in 0..count as u32 {
            let id = u64::from(depot.first + meter);
            let (vintage, installed_s) = match &depot.meters {
                Meters::Listed(list) => (list[meter as usize].vintage, list[meter as usize].installed_s),
                Meters::Drawn(_, shares) => {
                    let vintage = pick(shares, Stream::new(plan.seed, id, draw::VINTAGE).unit());
                    let (from, to) = plan.vintages[usize::from(vintage)].installed_s;
                    let at = Stream::new(plan.seed, id, draw::INSTALLED).unit();
                    (vintage, from + (f64::from(to - from) * at) as u32)
                }
            };
            let warmer = depot.spread_k * draw::normal(&mut Stream::new(plan.seed, id, draw::WARMTH));
            fleet.meters.push(Meter {
                warmth: exp2(warmer / DOUBLING_K) as f32,
                installed: installed_s,
                as_it_is: 0,
                next: NEVER,
                job: NO_JOB,
                vintage,
                ends: 0,
                renewed: 0,
                failed: 0,
                seen: 0,
                exchanges: 0,
            });
        }
        // Columns are for all meters, so that all must be there.
        for meter in 0..count as u32 {
            fleet.draw_all(lives, &plan.vintages[usize::from(fleet.of(meter).vintage)].parts, meter);
        }
        fleet
    }

    /// How many.
    pub fn len(&self) -> u32 {
        self.meters.len() as u32
    }

    /// No meters.
    pub fn is_empty(&self) -> bool {
        self.meters.is_empty()
    }

    /// Bytes that a meter takes on average.
    pub fn bytes_per_meter(&self) -> usize {
        let columns: usize = self.fails_at.iter().chain(&self.since).map(Column::bytes).sum();
        let renewals: usize = self.renewals.iter().map(Column::bytes).sum();
        let of_few = columns + renewals + self.quiet.bytes() + self.seen_at.bytes();
        size_of::<Meter>() + of_few / self.meters.len().max(1)
    }

    fn of(&self, meter: u32) -> &Meter {
        &self.meters[meter as usize]
    }

    fn of_mut(&mut self, meter: u32) -> &mut Meter {
        &mut self.meters[meter as usize]
    }

    /// Whose life a part's is.
    pub fn whose(&self, meter: u32, slot: usize) -> Whose {
        let of = self.of(meter);
        let (mut generation, mut since_s) = (of.exchanges, of.installed);
        if of.renewed & 1 << slot != 0 {
            generation = generation.saturating_add(self.renewals[slot].get(meter, 0));
            since_s = self.since[slot].get(meter, 0).max(since_s);
        }
        let (is_first, warmth) = (since_s == of.installed, f64::from(of.warmth));
        Whose { meter: self.first + meter, vintage: of.vintage, slot, generation, since_s, is_first, warmth }
    }

    /// When a part was put in.
    pub fn since_s(&self, meter: u32, slot: usize) -> u32 {
        let of = self.of(meter);
        if of.renewed & 1 << slot == 0 {
            return of.installed;
        }
        self.since[slot].get(meter, 0).max(of.installed)
    }

    /// Parts that fail before the plan ends, or have failed, as a set.
    pub fn ends(&self, meter: u32) -> u16 {
        self.of(meter).ends
    }

    /// When a part fails, or has failed.
    pub fn fails_at(&self, meter: u32, slot: usize) -> u32 {
        if self.of(meter).ends & 1 << slot == 0 {
            return NEVER;
        }
        self.fails_at[slot].get(meter, NEVER)
    }

    /// When a part will fail, s, whether or not the plan lasts so long: who looks at its wear cannot know when a plan ends. `None`: never.
    pub fn will_fail_s(&self, lives: &Lives, parts: &[PartSpec], meter: u32, slot: usize) -> Option<f64> {
        let until_s = |slot: usize, wet_s: u32| match self.fails_at(meter, slot) {
            NEVER => lives.lives_until_s(&parts[slot], self.whose(meter, slot), wet_s),
            at => Some(f64::from(at)),
        };
        let gasket = self.gasket[usize::from(self.of(meter).vintage)].filter(|_| life::minds_water(parts[slot].part));
        let wet_s = gasket.and_then(|gasket| until_s(gasket, NEVER)).map_or(NEVER, |wet_s| wet_s as u32);
        until_s(slot, wet_s)
    }

    /// When the meter was put in: its installation, or its last exchange.
    pub fn installed_s(&self, meter: u32) -> u32 {
        self.of(meter).installed
    }

    /// How often it was exchanged.
    pub fn exchanges(&self, meter: u32) -> u8 {
        self.of(meter).exchanges
    }

    /// Parts of the meter's vintage as sets.
    pub fn masks(&self, meter: u32) -> Masks {
        self.masks[usize::from(self.of(meter).vintage)]
    }

    /// Whether it has a failure that keeps it from being heard.
    pub fn is_unheard(&self, meter: u32) -> bool {
        self.of(meter).failed & self.masks(meter).unheard != 0
    }

    /// Whether its certificate was wrong from the beginning, which is why nothing that it sends is accepted.
    pub fn has_wrong_certificate(&self, meter: u32) -> bool {
        self.certificate(meter).is_some_and(|slot| {
            let whose = self.whose(meter, slot);
            let failed = self.of(meter).failed & 1 << slot != 0;
            failed && whose.is_first && self.fails_at(meter, slot) == whose.since_s
        })
    }

    /// Place of its firmware.
    pub fn firmware(&self, meter: u32) -> Option<usize> {
        self.firmware[usize::from(self.of(meter).vintage)]
    }

    /// Its open job.
    pub fn job(&self, meter: u32) -> u32 {
        self.of(meter).job
    }

    /// Whether it has an open job.
    pub fn has_job(&self, meter: u32) -> bool {
        self.job(meter) != NO_JOB
    }

    /// It has another open job, or none.
    pub fn set_job(&mut self, meter: u32, job: u32) {
        self.of_mut(meter).job = job;
    }

    /// Place of its certificate.
    pub fn certificate(&self, meter: u32) -> Option<usize> {
        self.certificate[usize::from(self.of(meter).vintage)]
    }

    /// Since when, or from when on, there is water in its case.
    fn wet_s(&self, meter: u32) -> u32 {
        let slot = self.gasket[usize::from(self.of(meter).vintage)];
        slot.map_or(NEVER, |slot| self.fails_at(meter, slot))
    }

    fn draw(&mut self, lives: &Lives, part: &PartSpec, meter: u32, slot: usize, wet_s: u32) {
        let fails_at = lives.fails_at(part, self.whose(meter, slot), wet_s);
        self.set_fails_at(meter, slot, fails_at);
    }

    fn set_fails_at(&mut self, meter: u32, slot: usize, time_s: u32) {
        let (bit, meters) = (1 << slot, self.meters.len());
        let of = self.of_mut(meter);
        if time_s == NEVER && of.ends & bit == 0 {
            return;
        }
        of.ends = if time_s == NEVER { of.ends & !bit } else { of.ends | bit };
        self.fails_at[slot].set((meter, meters), time_s, NEVER);
    }

    /// The lives of all parts of a new meter.
    fn draw_all(&mut self, lives: &Lives, parts: &[PartSpec], meter: u32) {
        // The gasket first, because it may make others fail sooner.
        if let Some(slot) = self.gasket[usize::from(self.of(meter).vintage)] {
            self.draw(lives, &parts[slot], meter, slot, NEVER);
        }
        let wet_s = self.wet_s(meter);
        for (slot, part) in parts.iter().enumerate().filter(|(_, part)| part.part != Part::Gasket) {
            self.draw(lives, part, meter, slot, wet_s);
        }
    }

    /// A part fails now, whatever it would have done.
    pub fn fail_now(&mut self, meter: u32, slot: usize, now: u32) {
        self.set_fails_at(meter, slot, now);
    }

    /// Puts a new meter in the place of one.
    pub fn exchange(&mut self, lives: &Lives, parts: &[PartSpec], meter: u32, now: u32) {
        let of = self.of_mut(meter);
        of.exchanges = of.exchanges.saturating_add(1);
        of.installed = now;
        (of.failed, of.seen) = (0, 0);
        self.seen_at.end(meter);
        self.draw_all(lives, parts, meter);
    }

    /// Puts a new part in. A new gasket lets those boards live longer that have not failed.
    pub fn renew(&mut self, lives: &Lives, parts: &[PartSpec], meter: u32, slot: usize, now: u32) {
        let (bit, meters) = (1 << slot, self.meters.len());
        let renewals = self.renewals[slot].get(meter, 0).saturating_add(1);
        self.renewals[slot].set((meter, meters), renewals, 0);
        self.since[slot].set((meter, meters), now, 0);
        let of = self.of_mut(meter);
        of.renewed |= bit;
        of.failed &= !bit;
        of.seen &= !bit;
        if of.seen == 0 {
            self.seen_at.end(meter);
        }
        if parts[slot].part != Part::Gasket {
            let wet_s = self.wet_s(meter);
            return self.draw(lives, &parts[slot], meter, slot, wet_s);
        }
        self.draw(lives, &parts[slot], meter, slot, NEVER);
        let wet_s = self.wet_s(meter);
        for (other, part) in parts.iter().enumerate() {
            let lives_on = self.of(meter).failed & 1 << other == 0;
            if lives_on && life::minds_water(part.part) {
                let before = self.fails_at(meter, other);
                self.draw(lives, part, meter, other, wet_s);
                // What water has done before stays done.
                if self.fails_at(meter, other) <= now {
                    self.set_fails_at(meter, other, before);
                }
            }
        }
    }
}

fn masks(parts: &[PartSpec]) -> Masks {
    let of = |wanted: &[Effect]| {
        parts.iter().enumerate().filter(|(_, p)| wanted.contains(&p.effect)).fold(0, |mask, (slot, _)| mask | 1 << slot)
    };
    Masks {
        unmeasured: of(&[Effect::Dead, Effect::LockedOut]),
        unheard: of(&[Effect::Dead, Effect::Silent]),
        drifting: of(&[Effect::Drifting]),
        wet: of(&[Effect::Wet]),
    }
}

/// Which of some shares a number between 0 and 1 falls into.
fn pick(shares: &[f64], unit: f64) -> u16 {
    let all: f64 = shares.iter().sum();
    let mut left = unit * all;
    for (place, share) in shares.iter().enumerate() {
        left -= share;
        if left < 0.0 {
            return place as u16;
        }
    }
    shares.len().saturating_sub(1) as u16
}
