//! What is drawn, from made-up runs: the table, the report, the comparison.

mod compare;
mod find;
mod report;
mod seeds;
mod sweep;
mod synthetic;
mod table;
