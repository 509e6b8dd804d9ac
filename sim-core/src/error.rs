//! What can go wrong in the engine itself; each of these is a bug of the caller, never of the user's input.

/// An engine that cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The lookahead was zero.
    #[error("the lookahead between partitions is zero; the run could not advance (this is a bug, please report it)")]
    NoLookahead,
    /// Two partitions with one id.
    #[error(
        "two partitions have the id {0}; the order of results would be undefined (this is a bug, please report it)"
    )]
    DuplicatePartition(u32),
    /// A message to nobody.
    #[error(
        "a message went to partition {0}, which does not exist; the run has stopped (this is a bug, please report it)"
    )]
    NoSuchPartition(u32),
    /// The run has ended.
    #[error("the run has ended and its partitions have concluded; it cannot go on (this is a bug, please report it)")]
    Finished,
}
