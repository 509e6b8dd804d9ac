//! Maintenance plans: a text becomes a list of plans to run, with gates to judge them by, and they are run.
//!
//! ```text
//! file.toml -> language (spans) -> sections::plan -> resolve (rules, the list of meters) -> Plan -> drive
//! ```

mod backlog;
mod drive;
mod figures;
mod finding;
mod load;
mod of_variants;
mod resolve;
mod town;

pub use crate::sections::plan::json_schema;
pub(crate) use drive::run_one;
pub use drive::{Watch, run};
pub use load::{Plan, Variant, is_plan, load, load_text};
pub use resolve::climate_of;
pub use town::{Town, TownError, town};
