//! A sweep in shares, as a cluster runs it: an array of jobs under a script that plays the scheduler.

use amitwin_testkit::folders::{files, folder};
use amitwin_testkit::program::{SMALL, Said, binary, run};
use std::fs;
use std::path::Path;
use std::process::Command;

const VARIED: &str = "[study]\nseeds = 2\nvary = [\"placement.meters=9,12,16,20,25\"]\n";

/// Plays `sbatch`: runs every share of the array at the same time, the third of them only until it is killed, the second one twice, and
/// the third again as a requeued one.
const SBATCH: &str = r#"#!/bin/sh
set -eu
last=$(sed -n 's/^#SBATCH --array=1-//p' "$1")
export SLURM_CPUS_PER_TASK=$(sed -n 's/^#SBATCH --cpus-per-task=//p' "$1")
share() { SLURM_ARRAY_TASK_ID=$1 sh "$2" > "said-$1" 2>&1; }
for id in $(seq 1 "$last"); do
    [ "$id" = 3 ] || share "$id" "$1" &
done
share 2 "$1" || echo "share 2 is under way already"
timeout -s KILL 0.01 env SLURM_ARRAY_TASK_ID=3 sh "$1" > said-3 2>&1 || true
wait
share 3 "$1"
"#;

/// A shell with the program on its path.
fn shell(here: &Path, script: &str) -> Said {
    let folder = binary().parent().expect("a folder").to_owned();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    Said::of(&Command::new("sh").current_dir(here).env("PATH", path).args(["-c", script]).output().expect("started"))
}

fn same_as_whole(here: &Path, dir: &str) {
    run(here, &["sweep", "small.toml", "-o", "whole"]).expect(0);
    for file in ["cases.parquet", "summary.json", "report.html"] {
        let read = |dir: &str| fs::read(here.join(dir).join(file)).expect("read");
        assert!(read("whole") == read(dir), "{file} differs");
    }
}

#[cfg(unix)]
#[test]
fn a_slurm_array_with_a_failed_and_a_repeated_share_comes_to_what_one_machine_does() {
    let here = folder(&format!("{SMALL}{VARIED}"));
    let job = run(here.path(), &["cluster", "slurm", "small.toml", "--shares", "4"]).expect(0);
    fs::write(here.path().join("job.sh"), &job.out).expect("written");
    fs::write(here.path().join("sbatch"), SBATCH).expect("written");
    shell(here.path(), "sh sbatch job.sh").expect(0);
    assert_eq!(
        fs::read_to_string(here.path().join("said-3")).expect("said").matches("share 3 of 4  complete").count(),
        1
    );
    let collect = job.out.lines().find_map(|line| line.strip_prefix("#   ")).expect("how it is collected");
    shell(here.path(), collect).expect(0);
    same_as_whole(here.path(), "small-sweep");
}

#[cfg(unix)]
#[test]
fn a_kubernetes_job_counts_its_shares_from_zero() {
    let here = folder(&format!("{SMALL}{VARIED}"));
    let job = run(here.path(), &["cluster", "kubernetes", "small.toml", "--shares", "3", "-o", "k8s"]).expect(0);
    assert!(job.out.contains("completions: 3\n") && job.out.contains("\n  name: small\n"), "{}", job.out);
    let arguments = job.out.lines().find_map(|line| line.trim().strip_prefix("args: ")).expect("arguments");
    let [command] = serde_json::from_str::<[String; 1]>(arguments).expect("a list with one text");
    for index in 0..3 {
        shell(here.path(), &format!("export JOB_COMPLETION_INDEX={index}\n{command}")).expect(0);
    }
    run(here.path(), &["sweep", "small.toml", "--collect", "-o", "k8s"]).expect(0);
    same_as_whole(here.path(), "k8s");
}

#[test]
fn a_name_in_braces_is_no_place_of_the_template_and_no_share_is_empty() {
    let text = SMALL.replace("name = \"small\"", "name = \"the {FILE} of {SHARES}\"");
    let here = folder(&format!("{text}{VARIED}"));
    let job = run(here.path(), &["cluster", "slurm", "small.toml", "--shares", "64"]).expect(0);
    assert!(job.out.contains("# A sweep of the {FILE} of {SHARES} in 10 shares:"), "{}", job.out);
    // Five cases with two seeds.
    assert!(job.out.contains("#SBATCH --array=1-10\n"), "{}", job.out);
    job.tells(&["10 runs, in 10 shares, because more would have nothing to do"]);
}

#[test]
fn what_is_missing_is_told_and_can_run_here() {
    let until = "[study.until]\nmetric = \"frames\"\nhalf_width = \"5 %\"\nseeds_max = 9\n";
    let here = folder(&format!("{SMALL}{VARIED}{until}"));
    let sweep = |more: &[&str]| run(here.path(), &[&["sweep", "small.toml", "-o", "out"], more].concat());
    sweep(&["--case", "2/3"]).expect(0);
    // Five cases from 0 on: the second of three shares has the cases 1 and 4, each with as many seeds as it takes.
    let kept = files(&here.path().join("out/shares/2-of-3/cases"), ".json");
    assert!(
        kept.len() >= 4
            && kept
                .iter()
                .all(|path| path.to_string_lossy().contains("/00001-") || path.to_string_lossy().contains("/00004-"))
    );
    assert!(!here.path().join("out/summary.json").exists(), "a share sums nothing up");
    sweep(&["--collect"]).expect(3).tells(&["runs are missing", "--resume runs them here"]);
    sweep(&["--resume"]).expect(0);
    same_as_whole(here.path(), "out");
}

#[test]
fn what_cannot_be_is_told() {
    let here = folder(&format!("{SMALL}{VARIED}"));
    let sweep = |more: &[&str]| run(here.path(), &[&["sweep", "small.toml", "-o", "out"], more].concat());
    for (arguments, words) in [
        (&["--case", "5/4"][..], "there is no share 5 of 4: they are 1/4 to 4/4"),
        (&["--case", "0/4"], "there is no share 0 of 4"),
        (&["--case", "1/0"], "is not K/N"),
        (&["--case", "third"], "is not K/N, such as 3/8"),
        (&["--case", "1/2", "--collect"], "cannot be used with"),
        (&["--collect", "--resume"], "cannot be used with"),
    ] {
        sweep(arguments).expect(2).tells(&[words]);
    }
    sweep(&["--case", "1/2"]).expect(0);
    sweep(&["--collect", "--set", "placement.spacing=40 m"]).expect(2).tells(&["1-of-2", "another study"]);
    let plain = folder(SMALL);
    run(plain.path(), &["cluster", "slurm", "small.toml"]).expect(2).tells(&["does not say what is varied"]);
    run(plain.path(), &["cluster", "slurm", "none.toml"]).expect(3).tells(&["cannot be read"]);
    run(plain.path(), &["cluster", "pbs", "small.toml"]).expect(2).tells(&["slurm, kubernetes"]);
}
