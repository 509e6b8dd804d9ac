//! How a meter reaches its gateway.

pub mod mesh;
