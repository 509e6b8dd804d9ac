//! Numbers of the physical layer: rates, air time, channel plans, timing.
