//! Spares of a depot: what is there, what is ordered, and when it comes.

use crate::spec::StockSpec;
use amitwin_data::rows::Part;

/// Spares of one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shelf {
    spec: StockSpec,
    there: u32,
    ordered: u32,
}

/// All spares; kinds that are not kept never run out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stock {
    shelves: Vec<Shelf>,
    /// Since when a shelf has been empty, if one is, s.
    out_since_s: Option<u32>,
    /// How long one was until then and has not been told, s.
    out_s: u32,
}

/// An order that was placed: its shelf, and how long it takes, s.
pub type Order = (u32, u32);

impl Stock {
    /// Full shelves.
    pub fn new(specs: &[StockSpec]) -> Stock {
        let shelves = specs.iter().map(|spec| Shelf { spec: *spec, there: spec.full, ordered: 0 }).collect();
        Stock { shelves, out_since_s: None, out_s: 0 }
    }

    /// Whether there is one; `None` is a meter.
    pub fn has(&self, part: Option<Part>) -> bool {
        self.shelves.iter().find(|shelf| shelf.spec.part == part).is_none_or(|shelf| shelf.there > 0)
    }

    /// Whether any kind is kept.
    pub fn is_kept(&self) -> bool {
        !self.shelves.is_empty()
    }

    /// How long some kind has been out until a moment, since this was asked last, s.
    pub fn out_s(&mut self, now: u32) -> u32 {
        self.settle(now);
        std::mem::take(&mut self.out_s)
    }

    /// Counts up to a moment, at which shelves may have changed.
    fn settle(&mut self, now: u32) {
        self.out_s += self.out_since_s.map_or(0, |since| now - since);
        self.out_since_s = self.shelves.iter().any(|shelf| shelf.there == 0).then_some(now);
    }

    /// Takes one that is there, and orders more when few are left.
    pub fn take(&mut self, part: Option<Part>, now: u32) -> Option<Order> {
        let (at, shelf) = self.shelves.iter_mut().enumerate().find(|(_, shelf)| shelf.spec.part == part)?;
        shelf.there = shelf.there.saturating_sub(1);
        if shelf.there == 0 {
            self.settle(now);
        }
        let shelf = &mut self.shelves[at];
        if shelf.there > shelf.spec.reorder || shelf.ordered > 0 {
            return None;
        }
        shelf.ordered = shelf.spec.full - shelf.there;
        Some((at as u32, shelf.spec.lead_s))
    }

    /// An order has come.
    pub fn arrive(&mut self, shelf: u32, now: u32) {
        if let Some(shelf) = self.shelves.get_mut(shelf as usize) {
            shelf.there += shelf.ordered;
            shelf.ordered = 0;
            self.settle(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_low_is_ordered_once_and_comes() {
        let mut stock = Stock::new(&[StockSpec { part: None, full: 3, reorder: 1, lead_s: 7 }]);
        assert!(stock.has(Some(Part::Battery)) && stock.take(Some(Part::Battery), 1).is_none());
        assert_eq!((stock.take(None, 1), stock.take(None, 2)), (None, Some((0, 7))));
        assert_eq!(stock.take(None, 4), None);
        assert!(!stock.has(None));
        stock.arrive(0, 9);
        // Two were ordered when one was left, which is gone.
        assert!(stock.has(None));
        assert_eq!(stock.take(None, 20), Some((0, 7)));
    }

    #[test]
    fn days_without_a_spare_are_counted_once_whatever_is_out() {
        let of = |part| StockSpec { part, full: 1, reorder: 0, lead_s: 7 };
        let mut stock = Stock::new(&[of(None), of(Some(Part::Battery))]);
        assert_eq!(stock.out_s(10), 0);
        stock.take(None, 12);
        stock.take(Some(Part::Battery), 15);
        // From 12 on; told until 16, and from then on.
        assert_eq!(stock.out_s(16), 4);
        stock.arrive(0, 19);
        stock.arrive(1, 22);
        assert_eq!((stock.out_s(30), stock.out_s(40)), (6, 0));
    }
}
