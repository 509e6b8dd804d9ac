//! Frame error probability of a receiver: bit errors, noise, capture.
