//! Keys and ciphers: keys of each meter, key pairs, key agreement, AES-GCM envelopes.

pub mod agreement;
pub mod cipher;
pub mod keys;
pub mod pairs;
pub mod x509;
