//! Tests of the whole meter through its server.

mod access;
mod additional;
mod blocks;
mod bound;
mod client;
mod general;
mod golden;
mod layers;
mod peer;
mod protection;
mod push;
mod random;
mod server;
