//! Text machinery of the language, ignorant of what a scenario is: sources, spans, diagnostics, paths, checking.

mod channels;
pub mod check;
mod condition;
mod date_time;
pub mod diagnostic;
pub mod keys;
pub mod path;
pub mod shape;
pub mod source;
pub mod tree;
