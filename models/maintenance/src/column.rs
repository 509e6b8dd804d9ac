//! A number for each meter of a depot that most meters do not have: kept for those alone that have it, until they are many.

use crate::sparse::Sparse;

/// A number for each meter.
#[derive(Debug)]
pub enum Column<T> {
    /// Of those meters that have one.
    Few(Sparse<T>),
    /// Of all meters; those that have none have the empty one.
    Many(Vec<T>),
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Column::Few(Sparse::default())
    }
}

impl<T: Copy + Default + PartialEq> Column<T> {
    /// Of no meter yet.
    pub fn new() -> Column<T> {
        Column::default()
    }

    /// A meter's, or the empty one.
    pub fn get(&self, meter: u32, empty: T) -> T {
        match self {
            Column::Few(few) => few.get(meter).unwrap_or(empty),
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
            few.end(meter);
            return;
        }
        few.set(meter, value);
        if few.bytes() > meters * size_of::<T>() {
            let mut all = vec![empty; meters];
            few.iter().for_each(|(meter, value)| all[meter as usize] = value);
            *self = Column::Many(all);
        }
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        match self {
            Column::Few(few) => few.bytes(),
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
        // 20 places of 8 bytes, which are for 16, take less than 4 bytes for each of 60; the 25 places for a seventeenth would too, and the 31
        // for a twenty-first take more than 240.
        for meter in 0..20 {
            column.set((3 * meter, 60), meter + 1, 0);
        }
        assert!(matches!(&column, Column::Few(_)));
        assert_eq!((column.get(6, 0), column.get(7, 0), column.bytes()), (3, 0, 25 * 8));
        column.set((59, 60), 7, 0);
        assert!(matches!(column, Column::Many(_)));
        assert_eq!((column.get(6, 0), column.get(7, 0), column.get(59, 0), column.bytes()), (3, 0, 7, 60 * 4));
        column.set((6, 60), 0, 0);
        assert_eq!(column.get(6, 0), 0);
    }

    #[test]
    fn the_empty_one_has_no_place() {
        let mut column = Column::new();
        column.set((3, 1_000), 5_u8, 9);
        column.set((3, 1_000), 9, 9);
        assert_eq!(column.get(3, 9), 9);
        assert!(matches!(&column, Column::Few(few) if few.iter().next().is_none()));
    }
}
