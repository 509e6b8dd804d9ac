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
}

/// An order that was placed: its shelf, and how long it takes, s.
pub type Order = (u32, u32);

impl Stock {
    /// Full shelves.
    pub fn new(specs: &[StockSpec]) -> Stock {
        Stock { shelves: specs.iter().map(|spec| Shelf { spec: *spec, there: spec.full, ordered: 0 }).collect() }
    }

    /// Whether there is one; `None` is a meter.
    pub fn has(&self, part: Option<Part>) -> bool {
        self.shelves.iter().find(|shelf| shelf.spec.part == part).is_none_or(|shelf| shelf.there > 0)
    }

    /// Takes one that is there, and orders more when few are left.
    pub fn take(&mut self, part: Option<Part>) -> Option<Order> {
        let (at, shelf) = self.shelves.iter_mut().enumerate().find(|(_, shelf)| shelf.spec.part == part)?;
        shelf.there = shelf.there.saturating_sub(1);
        if shelf.there > shelf.spec.reorder || shelf.ordered > 0 {
            return None;
        }
        shelf.ordered = shelf.spec.full - shelf.there;
        Some((at as u32, shelf.spec.lead_s))
    }

    /// An order has come.
    pub fn arrive(&mut self, shelf: u32) {
        if let Some(shelf) = self.shelves.get_mut(shelf as usize) {
            shelf.there += shelf.ordered;
            shelf.ordered = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_low_is_ordered_once_and_comes() {
        let mut stock = Stock::new(&[StockSpec { part: None, full: 3, reorder: 1, lead_s: 7 }]);
        assert!(stock.has(Some(Part::Battery)) && stock.take(Some(Part::Battery)).is_none());
        assert_eq!((stock.take(None), stock.take(None)), (None, Some((0, 7))));
        assert_eq!(stock.take(None), None);
        assert!(!stock.has(None));
        stock.arrive(0);
        // Two were ordered when one was left, which is gone.
        assert!(stock.has(None));
        assert_eq!(stock.take(None), Some((0, 7)));
    }
}
