//! What is drawn, from made-up runs: the table, the report, the comparison.

mod compare;
mod report;
mod synthetic;
mod table;
