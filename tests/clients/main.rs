//! `amitwin serve` from outside: stock clients, hostile bytes, kills.
#![cfg(unix)]

mod air;
mod blocks;
mod changed_keys;
mod golden;
mod hostile;
mod ipv6;
mod listed;
mod readme;
mod refusals;
mod secrets;
mod stock;
mod zones;
