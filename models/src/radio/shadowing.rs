//! Shadowing that neighbours share: a correlated Gaussian field over the plane.
