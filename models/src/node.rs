//! Numbers that must not be swapped: a radio of a partition, a channel, and tables by radio.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Index, IndexMut};

/// A radio by its number in its partition: border routers first, then own radios by id, then foreign ones that are only
/// heard. Sixteen bits, because neighbour tables are made of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Node(pub u16);

impl Node {
    /// Nobody.
    pub const NONE: Node = Node(u16::MAX);
    /// All who hear it: the addressee of a broadcast.
    pub const EVERYONE: Node = Node(u16::MAX);

    /// Its place in tables.
    #[inline]
    pub const fn at(self) -> usize {
        self.0 as usize
    }

    /// Whether it is a radio at all.
    #[inline]
    pub fn is_some(self) -> bool {
        self != Node::NONE
    }
}

impl From<Node> for u32 {
    /// The local index under which the engine counts what a radio causes.
    #[inline]
    fn from(node: Node) -> u32 {
        u32::from(node.0)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A site by its number in the placement, the same in every partition; the id of nodes in tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct SiteId(pub u32);

impl SiteId {
    /// Its place in the placement.
    #[inline]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

impl From<SiteId> for u64 {
    /// The entity of its random streams.
    #[inline]
    fn from(site: SiteId) -> u64 {
        u64::from(site.0)
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A channel by its number in the channel plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Channel(pub u16);

impl Channel {
    /// The one that everybody listens to: all frames without hopping, broadcast slots with it.
    pub const COMMON: Channel = Channel(u16::MAX);

    /// Its place in tables.
    #[inline]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// One value for each radio of a partition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PerNode<T>(pub Vec<T>);

impl<T> PerNode<T> {
    /// Radios.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// No radio.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<T>()
    }
}

impl<T: Clone> PerNode<T> {
    /// The same for `count` radios.
    pub fn of(value: T, count: usize) -> Self {
        PerNode(vec![value; count])
    }
}

impl<T> Index<Node> for PerNode<T> {
    type Output = T;
    #[inline]
    fn index(&self, node: Node) -> &T {
        &self.0[node.at()]
    }
}

impl<T> IndexMut<Node> for PerNode<T> {
    #[inline]
    fn index_mut(&mut self, node: Node) -> &mut T {
        &mut self.0[node.at()]
    }
}

impl<T> FromIterator<T> for PerNode<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        PerNode(values.into_iter().collect())
    }
}
