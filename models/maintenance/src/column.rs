//! A number for each meter of a depot that most meters do not have: kept for those alone that have it, until they are many.

use std::collections::BTreeMap;

/// A number for each meter.
#[derive(Debug)]
pub enum Column<T> {
    /// Of those meters that have one.
    Few(BTreeMap<u32, T>),
    /// Of all meters; those that have none have the empty one.
    Many(Vec<T>),
}

/// Bytes of a map for each number: its key, half-full nodes and their ends.
const FEW_BYTES: usize = 16;

impl<T> Default for Column<T> {
    fn default() -> Self {
        Column::Few(BTreeMap::new())
    }
}

impl<T: Copy + PartialEq> Column<T> {
    /// Of no meter yet.
    pub fn new() -> Column<T> {
        Column::default()
    }

    /// A meter's, or the empty one.
    pub fn get(&self, meter: u32, empty: T) -> T {
        match self {
            Column::Few(few) => few.get(&meter).copied().unwrap_or(empty),
            Column::Many(all) => all[meter as usize],
        }
    }

    /// A meter of `meters` has it from now on, or none if it is the empty one.
    pub fn set(&mut self, (meter, meters): (u32, usize), value: T, empty: T) {
        let few = match self {
            Column::Many(all) => return all[meter as usize] = value,
            Column::Few(few) => few,
        };
        if value == empty {
            few.remove(&meter);
            return;
        }
        few.insert(meter, value);
        if few.len() * FEW_BYTES > meters * size_of::<T>() {
            let mut all = vec![empty; meters];
            for (meter, value) in std::mem::take(few) {
                all[meter as usize] = value;
            }
            *self = Column::Many(all);
        }
    }

    /// Bytes that it takes, about.
    pub fn bytes(&self) -> usize {
        match self {
            Column::Few(few) => few.len() * FEW_BYTES,
            Column::Many(all) => all.len() * size_of::<T>(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_become_many_and_say_the_same() {
        let mut column = Column::new();
        // 16 bytes for each of few against 4 for each of all: from the 26th of 100 on they are many.
        for meter in 0..25 {
            column.set((4 * meter, 100), meter + 1, 0);
        }
        assert!(matches!(&column, Column::Few(few) if few.len() == 25));
        assert_eq!((column.get(8, 0), column.get(9, 0), column.bytes()), (3, 0, 400));
        column.set((99, 100), 7, 0);
        assert!(matches!(column, Column::Many(_)));
        assert_eq!((column.get(8, 0), column.get(9, 0), column.get(99, 0), column.bytes()), (3, 0, 7, 400));
        column.set((8, 100), 0, 0);
        assert_eq!(column.get(8, 0), 0);
    }

    #[test]
    fn the_empty_one_takes_no_memory() {
        let mut column = Column::new();
        column.set((3, 1_000), 5_u8, 9);
        column.set((3, 1_000), 9, 9);
        assert_eq!((column.get(3, 9), column.bytes()), (9, 0));
    }
}
