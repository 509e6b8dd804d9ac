//! `run --seeds`: every variant with the same seeds, averages and verdicts over them, one directory.

use amitwin_data::files::RunDir;
use amitwin_data::metrics::Metric;
use amitwin_data::rows::TransactionRow;
use amitwin_data::summary::{Status, Summary, VariantSummary, Verdict};
use amitwin_testkit::folders::{files, folder};
use amitwin_testkit::program::{SHORT_AND_LONG, SMALL, amitwin, run, summary, wait_for};
use amitwin_testkit::tools::duckdb;
use std::process::Command;

/// The small scenario with two ways of resetting, and more of it.
fn two_ways(more: &str) -> String {
    format!(
        "{SMALL}\n[[variant]]\nname = \"at once\"\nset = {{ \"campaign.reset.window\" = [\"0s\", \"0s\"] }}\n\
         [[variant]]\nname = \"half a minute\"\n{more}"
    )
}

fn p50(variant: &VariantSummary) -> f64 {
    variant.metrics.value(Metric::RejoinP50S).expect("half of the meters are back")
}

#[test]
fn a_study_holds_the_runs_of_its_seeds_and_their_averages() {
    let here = folder(&two_ways(""));
    run(here.path(), &["run", "small.toml", "--seeds", "3", "-o", "out", "--threads", "2"]).expect(0);
    let study = summary(&here.path().join("out"));
    assert_eq!((study.status, study.seed, &study.seeds[..]), (Status::Complete, 1, &[1, 2, 3][..]));
    let alone: Vec<Summary> = (1..=3)
        .map(|seed: u64| {
            let out = format!("alone-{seed}");
            run(here.path(), &["run", "small.toml", "--seed", &seed.to_string(), "-o", &out]).expect(0);
            summary(&here.path().join(out))
        })
        .collect();
    let reader = RunDir::open(&here.path().join("out")).expect("complete");
    for (at, variant) in study.variants.iter().enumerate() {
        for (seed, alone) in variant.seeds.iter().zip(&alone) {
            assert_eq!(
                (&seed.fingerprint, &seed.metrics),
                (&alone.variants[at].fingerprint, &alone.variants[at].metrics)
            );
            let rows: Vec<TransactionRow> = reader.rows(&variant.name, seed.seed).expect("rows of the seed alone");
            assert_eq!(rows.len(), 9, "one for each meter");
        }
        let mean = alone.iter().map(|run| p50(&run.variants[at])).sum::<f64>() / 3.0;
        assert!((p50(variant) - mean).abs() < 1e-9);
    }
    let [difference] = &study.differences[..] else { panic!("{:?}", study.differences) };
    assert_eq!((difference.baseline.as_str(), difference.variant.as_str()), ("at once", "half a minute"));
    let mean = alone.iter().map(|run| p50(&run.variants[1]) - p50(&run.variants[0])).sum::<f64>() / 3.0;
    assert!((difference.figures["rejoin_p50_s"].value.expect("a mean") - mean).abs() < 1e-9);
    run(here.path(), &["verify", "out"]).expect(0);
    run(here.path(), &["report", "out"]).expect(0);
}

#[test]
fn the_fingerprint_is_the_same_on_any_number_of_threads_and_in_a_moved_directory() {
    let here = folder(&two_ways("[study]\nseeds = 4\nbaseline = \"half a minute\"\n"));
    let prints: Vec<String> = ["1", "2", "3"]
        .map(|threads| {
            let out = format!("out-{threads}");
            run(here.path(), &["run", "small.toml", "--threads", threads, "-o", &out]).expect(0);
            summary(&here.path().join(out)).fingerprint
        })
        .into();
    run(here.path(), &["run", "out-1/scenario.resolved.toml", "-o", "again"]).expect(0);
    let again = summary(&here.path().join("again"));
    assert!(prints.iter().all(|print| *print == again.fingerprint));
    assert_eq!((again.seeds.len(), again.differences[0].baseline.as_str()), (4, "half a minute"));
}

#[test]
fn a_share_of_the_seeds_that_too_few_can_show_is_undecided_and_exits_8() {
    let gate = |max: &str| {
        format!("{SMALL}\n[[gate]]\nmetric = \"frames\"\nmax = {max}\nshare = \"50 %\"\nconfidence = \"90 %\"\n")
    };
    // One half with 90 % confidence takes four seeds: 0.1^(1/3) = 46 %, 0.1^(1/4) = 56 %.
    for (max, seeds, code, word) in [
        ("1_000_000", "3", 8, "undecided: 3 of 3 seeds pass"),
        ("1_000_000", "4", 0, "pass: 4 of 4 seeds pass"),
        ("0", "4", 4, "breach: 0 of 4 seeds pass"),
        ("1_000_000", "1", 8, "undecided: 1 of 1 seeds pass"),
    ] {
        let here = folder(&gate(max));
        let said = run(here.path(), &["run", "small.toml", "--seeds", seeds, "-o", "out"]).expect(code);
        assert!(said.out.contains(word), "{}", said.out);
        assert_eq!(summary(&here.path().join("out")).exit_code, Some(code as u8));
    }
}

#[test]
fn a_limit_within_the_interval_of_the_average_is_undecided() {
    let here = folder(SMALL);
    run(here.path(), &["run", "small.toml", "--seeds", "3", "-o", "out"]).expect(0);
    let frames = summary(&here.path().join("out")).variants[0].metrics.value(Metric::Frames).expect("a mean");
    let gate = format!("{SMALL}\n[[gate]]\nmetric = \"frames\"\nmax = {frames:.0}\n");
    let here = folder(&gate);
    run(here.path(), &["run", "small.toml", "--seeds", "3", "-o", "out"]).expect(8);
    assert_eq!(summary(&here.path().join("out")).gates[0].verdict, Verdict::Undecided);
}

#[test]
fn seeds_are_added_until_the_figure_is_known_or_the_cap_is_reached() {
    let until = |half_width: &str| {
        folder(&format!(
            "{SMALL}\n[study]\nseeds = 3\n[study.until]\nmetric = \"frames\"\nhalf_width = \"{half_width}\"\nseeds_max = 7\n"
        ))
    };
    // Rounds: 3, and 2 more each.
    for (half_width, seeds) in [("100 %", 3), ("0.1 %", 7)] {
        let here = until(half_width);
        run(here.path(), &["run", "small.toml", "-o", "out"]).expect(0);
        let summary = summary(&here.path().join("out"));
        assert_eq!(summary.seeds.len(), seeds, "half-width {half_width}");
        let is_told = summary.warnings.iter().any(|text| text.contains("7 seeds, the most that study.until allows"));
        assert_eq!(is_told, seeds == 7, "{:?}", summary.warnings);
    }
}

#[test]
fn what_cannot_be_is_told() {
    let here = folder(&two_ways(""));
    for (arguments, code, words) in [
        (&["--seeds", "0"][..], 2, "0 is not in 1..=10000"),
        (&["--seeds", "many"], 2, "invalid digit"),
        (&["--seeds", "2", "--variant", "at once", "--capture", "x.pcapng"], 2, "frames of one seed"),
        (&["--set", "study.baseline=at onec"], 3, "did you mean `at once`?"),
        (&["--seed", "9223372036854775807", "--seeds", "2"], 3, "the seed is out of range"),
    ] {
        run(here.path(), &[&["run", "small.toml", "-o", "out"], arguments, &["--force"]].concat())
            .expect(code)
            .tells(&[words]);
    }
}

#[test]
fn studies_are_compared_over_their_seeds() {
    let here = folder(&two_ways(""));
    run(here.path(), &["run", "small.toml", "--seeds", "3", "-o", "study"]).expect(0);
    run(here.path(), &["run", "small.toml", "--seed", "4", "-o", "fourth"]).expect(0);
    let said = run(here.path(), &["compare", "study", "fourth", "--format", "json"]).expect(0).json();
    let all_back = said["seed_differences"].as_array().expect("differences");
    assert!(all_back.iter().all(|d| d["seeds"] == 4), "{all_back:?}");
    assert_eq!(said["meter_differences"], serde_json::json!([]), "meters of several seeds are never mixed");
}

#[test]
fn readers_tell_seeds_apart_by_a_column() {
    let Some(python) = duckdb() else { return };
    let here = folder(&two_ways(""));
    run(here.path(), &["run", "small.toml", "--seeds", "3", "-o", "out"]).expect(0);
    let question = "import duckdb; print(duckdb.sql(\"SELECT count(*), count(DISTINCT t.seed) \
                    FROM 'out/tables/transactions/*/*.parquet' t \
                    JOIN 'out/tables/nodes/*/*.parquet' USING (variant, seed, node)\").fetchall())";
    let output = Command::new(python).current_dir(here.path()).args(["-c", question]).output().expect("python starts");
    // Nine meters, two variants, three seeds.
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "[(54, 3)]");
}

#[cfg(unix)]
#[test]
fn an_interrupted_study_keeps_the_seeds_that_every_variant_ran_with() {
    let here = folder(SHORT_AND_LONG);
    let arguments = ["run", "small.toml", "--variant", "short", "--seeds", "10000", "-o", "out", "--threads", "1"];
    let child = amitwin(here.path(), &arguments).spawn().expect("started");
    let tables = here.path().join("out/tables/frames/short");
    wait_for("a few seeds", || files(&tables, ".parquet").len() > 2);
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(kill.success());
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(130));
    let summary = summary(&here.path().join("out"));
    assert_eq!((summary.status, summary.variants.len()), (Status::Interrupted, 1));
    assert!(summary.seeds.len() >= 3 && summary.seeds.len() < 10_000);
    assert!(summary.warnings.iter().any(|w| w.contains("of 10000 seeds")), "{:?}", summary.warnings);
}
