//! Memory as the kernel counts it, and how many jobs it has room for.

use amitwin_scenarios::Variant;
use amitwin_scenarios::estimate::estimate;
use amitwin_scenarios::plan::{self, Plan};
use amitwin_scenarios::study::Subject;
use std::path::Path;

/// Resident now, bytes; `None` where the system does not tell.
pub fn resident_bytes() -> Option<u64> {
    field(STATUS, "VmRSS:")
}

/// Largest resident set so far, bytes; `None` where the system does not tell.
pub fn peak_bytes() -> Option<u64> {
    field(STATUS, "VmHWM:")
}

const STATUS: &str = "/proc/self/status";

fn field(file: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Memory that the system could give, bytes; `None` where it does not tell.
fn available_bytes() -> Option<u64> {
    let machine = field("/proc/meminfo", "MemAvailable:");
    let group = std::fs::read_to_string("/proc/self/cgroup").ok();
    let group = group.and_then(|text| left_in_group(&text, Path::new("/sys/fs/cgroup")));
    machine.into_iter().chain(group).min()
}

/// What the control groups of a scheduler or a container leave, bytes: the least of the group that `of_process` names below `root`
/// and of those above it (cgroup v2).
fn left_in_group(of_process: &str, root: &Path) -> Option<u64> {
    let own = of_process.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let read = |path: &Path, file: &str| std::fs::read_to_string(path.join(file)).ok()?.trim().parse::<u64>().ok();
    let left = |path: &Path| Some(read(path, "memory.max")?.saturating_sub(read(path, "memory.current")?));
    let own = root.join(own);
    own.ancestors().take_while(|path| path.starts_with(root)).filter_map(left).min()
}

/// Up to so many meters a world is small beside any memory, and is not built to find out.
const SMALL_METERS: usize = 20_000;

/// Memory that a meter takes while its plan runs, byte; measured.
const PLAN_METER_BYTES: u64 = 120;

/// Memory that the program takes beside the meters of plans, byte; measured.
pub const PLAN_PROCESS_BYTES: u64 = 30_000_000;

/// Memory that the largest of these variants takes, byte.
pub fn of_plan<'a>(variants: impl IntoIterator<Item = &'a plan::Variant>) -> u64 {
    variants.into_iter().map(|v| u64::from(v.spec.meters())).max().unwrap_or(0) * PLAN_METER_BYTES
}

/// How many jobs of a plan, each a variant with a seed, may run at a time: as many as there are threads, if they fit into four fifths of
/// the memory that is there.
pub fn plans_at_once(threads: usize, plan: &Plan) -> usize {
    let largest = of_plan(&plan.variants).max(1);
    let fit = available_bytes().map(|there| there * 4 / 5 / largest);
    fit.map_or(threads, |fit| usize::try_from(fit).unwrap_or(threads)).clamp(1, threads.max(1))
}

/// How many jobs of a study, each all variants with a seed, may run at a time.
pub fn cases_at_once(threads: usize, subject: &Subject) -> usize {
    match subject {
        Subject::Scenario(scenario) => jobs_at_once(threads, &scenario.variants.iter().collect::<Vec<_>>()),
        Subject::Plan(plan) => plans_at_once(threads, plan),
    }
}

/// How many jobs, each a variant with a seed, may run at a time: as many as there are threads, if they fit into four fifths of
/// the memory that is there.
pub fn jobs_at_once(threads: usize, variants: &[&Variant]) -> usize {
    let large = variants.iter().filter(|v| v.spec.placement.sites.len() > SMALL_METERS);
    let largest = large.filter_map(|v| estimate(v).ok()).map(|e| e.memory_bytes).fold(0.0, f64::max);
    match available_bytes() {
        Some(bytes) if largest > 0.0 => ((bytes as f64 * 0.8 / largest) as usize).clamp(1, threads.max(1)),
        _ => threads.max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::left_in_group;
    use std::fs;

    #[test]
    fn the_tightest_of_the_groups_counts() {
        let root = tempfile::tempdir().expect("a folder");
        let job = root.path().join("batch/job");
        fs::create_dir_all(&job).expect("made");
        for (folder, max, current) in [(root.path().join("batch"), "9000", "1000"), (job, "max", "500")] {
            fs::write(folder.join("memory.max"), format!("{max}\n")).expect("written");
            fs::write(folder.join("memory.current"), current).expect("written");
        }
        assert_eq!(left_in_group("0::/batch/job\n", root.path()), Some(8_000));
        assert_eq!(left_in_group("0::/other\n", root.path()), None);
        assert_eq!(left_in_group("4:memory:/batch\n", root.path()), None);
    }
}
