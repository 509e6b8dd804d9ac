//! The program as its users run it: exit codes, streams, run directories, bad inputs, kills.

mod bad_placements;
mod bad_scenarios;
mod calibrate;
mod campaign_states;
mod cluster;
mod commands;
mod compare;
mod directories;
mod duckdb;
mod exit_codes;
mod find;
mod memory;
mod own_columns;
mod plan;
mod prices;
mod radio_years;
mod replay;
mod seeds;
mod serve;
mod serve_kill;
mod site;
mod stops;
mod streams;
mod sweep;
mod town;
mod wear;
