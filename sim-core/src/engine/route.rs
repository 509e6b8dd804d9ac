//! Which shard and cell each partition of this process is in.

/// Where a partition is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) id: u32,
    pub(super) shard: u32,
    pub(super) cell: u32,
}

/// Places of all partitions, sorted by id.
pub(super) struct Route(pub(super) Vec<Place>);

impl Route {
    #[inline]
    pub(super) fn find(&self, id: u32) -> Option<Place> {
        // Ids mostly count from zero.
        match self.0.get(id as usize) {
            Some(place) if place.id == id => Some(*place),
            _ => self.0.binary_search_by_key(&id, |p| p.id).ok().map(|at| self.0[at]),
        }
    }
}
