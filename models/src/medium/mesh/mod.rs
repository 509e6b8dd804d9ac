//! The RF mesh, layer by layer.

pub mod mac;
pub mod net;
pub mod radio;
pub mod wire;
