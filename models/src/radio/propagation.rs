//! Path loss between two radios.
