//! A comparison for people and for programs.

use super::{Comparison, Setting};
use crate::figures::{shown, worst_standing};
use crate::human;
use crate::table::{Line, Of, empty_table, finish, grid, wrap};
use amitwin_data::stats::Interval;
use comfy_table::CellAlignment;
use serde_json::{Value, json};
use std::fmt::Write;

impl Comparison {
    /// The results of all runs in one table, then the differences; at most `width` columns wide where that can be had.
    pub fn table(&self, width: usize, color: bool) -> String {
        let mut out = String::new();
        for (i, run) in self.runs.iter().enumerate() {
            let name = human::one_line(&run.summary.name);
            let seeds = match run.summary.seeds[..] {
                [first, .., last] => format!("seeds {first} to {last}"),
                _ => format!("seed {}", run.summary.seed),
            };
            let (label, path) = (human::one_line(&run.label), human::one_line(&run.path.display().to_string()));
            // Where the label is no directory, that is told as well.
            let dir = if path.ends_with(&label) { String::new() } else { format!(", in {path}") };
            let told = if label == seeds { String::new() } else { format!(", {seeds}") };
            let _ = writeln!(out, "{}", wrap(&format!("[{}] {label}  {name}{told}{dir}", i + 1), width));
        }
        out.push('\n');
        let lines: Vec<Line> = self
            .runs
            .iter()
            .enumerate()
            .flat_map(|(i, run)| {
                run.summary.variants.iter().map(move |v| Line {
                    name: format!("[{}] {}", i + 1, human::one_line(&v.name)),
                    of: Of::Variant(v),
                    standing: worst_standing(&run.summary.gates, &v.name),
                    nearest: None,
                })
            })
            .collect();
        let figures = shown(self.runs.iter().flat_map(|run| &run.summary.variants));
        out.push_str(&grid(&lines, &figures, width, color));
        self.meter_text(&mut out, width, color);
        self.exchange_text(&mut out, width, color);
        self.seed_text(&mut out, width, color);
        for note in &self.notes {
            let _ = write!(out, "\n{}\n", wrap(note, width));
        }
        out
    }

    fn meter_text(&self, out: &mut String, width: usize, color: bool) {
        if self.meters.is_empty() {
            return;
        }
        let title = "Rejoin time, meter by meter: setting less baseline (negative: sooner), median and 95 % interval";
        let _ = write!(out, "\n{}\n\n", wrap(title, width));
        let mut table = empty_table(color);
        table.set_header([
            "\nbaseline",
            "\nsetting",
            "\nmeters",
            "\nmedian",
            "\n95 % interval",
            "back in\nboth",
            "only\nbaseline",
            "only\nsetting",
            "\nneither",
        ]);
        for d in &self.meters {
            let both = d.pairs - d.back_in_baseline_only - d.back_in_setting_only;
            let mut row = vec![setting_name(&d.baseline), setting_name(&d.setting), human::count(d.pairs as f64)];
            row.extend(interval_text(d.difference_s, difference));
            row.extend(
                [both, d.back_in_baseline_only, d.back_in_setting_only, d.back_in_neither]
                    .map(|n| human::count(n as f64)),
            );
            table.add_row(row);
        }
        align(&mut table, 2, width);
        out.push_str(&finish(&table, color));
    }

    fn exchange_text(&self, out: &mut String, width: usize, color: bool) {
        if self.exchanges.is_empty() {
            return;
        }
        let title = "Reports and reads, meter by meter: setting less baseline, of shares the mean and of times the median, with the \
                     95 % interval";
        let _ = write!(out, "\n{}\n\n", wrap(title, width));
        let mut table = empty_table(color);
        let head = ["\nbaseline", "\nsetting", "\nfigure", "\nmeters", "\ndifference", "\n95 % interval"];
        table.set_header(head.into_iter().chain(["\nlower", "\nhigher", "in one\nonly"]));
        for d in &self.exchanges {
            let text = |v: f64| match (d.figure.is_share(), v) {
                (true, v) => format!("{}{:.1} points", if v > 0.0 { "+" } else { "" }, 100.0 * v),
                (false, v) => difference(v),
            };
            let mut row = vec![setting_name(&d.baseline), setting_name(&d.setting), d.figure.label().to_owned()];
            row.push(human::count(d.pairs as f64));
            row.extend(interval_text(d.difference, text));
            row.extend([d.lower, d.higher, d.in_one_only].map(|n| human::count(n as f64)));
            table.add_row(row);
        }
        align(&mut table, 3, width);
        out.push_str(&finish(&table, color));
    }

    fn seed_text(&self, out: &mut String, width: usize, color: bool) {
        if self.seeds.is_empty() {
            return;
        }
        let title = "Over replications, seed by seed: setting less baseline, mean and 95 % interval";
        let _ = write!(out, "\n{}\n\n", wrap(title, width));
        let mut table = empty_table(color);
        table.set_header(["baseline", "setting", "figure", "seeds", "mean", "95 % interval"]);
        for d in &self.seeds {
            let seeds = match d.seeds_without_value {
                0 => d.seeds.to_string(),
                missing => format!("{} of {}", d.seeds, d.seeds + missing),
            };
            let mut row =
                vec![setting_name(&d.baseline), setting_name(&d.setting), d.figure.named.label.to_string(), seeds];
            row.extend(interval_text(d.difference, |v| d.figure.difference_text(v)));
            table.add_row(row);
        }
        align(&mut table, 3, width);
        out.push_str(&finish(&table, color));
    }

    /// Runs, differences and notes as JSON; times in seconds, ends that are not finite as null.
    pub fn to_json(&self) -> Value {
        let setting = |s: &Setting| json!({ "run": self.runs[s.run].label, "variant": s.variant });
        let meters = self.meters.iter().map(|d| {
            json!({
                "baseline": setting(&d.baseline), "setting": setting(&d.setting), "seed": d.seed, "pairs": d.pairs,
                "back_in_baseline_only": d.back_in_baseline_only, "back_in_setting_only": d.back_in_setting_only,
                "back_in_neither": d.back_in_neither, "rejoin_difference_s": interval_json(d.difference_s, "median"),
            })
        });
        let exchanges = self.exchanges.iter().map(|d| {
            json!({
                "baseline": setting(&d.baseline), "setting": setting(&d.setting), "seed": d.seed,
                "figure": d.figure.key(), "pairs": d.pairs, "lower": d.lower, "higher": d.higher,
                "in_one_only": d.in_one_only,
                "difference": interval_json(d.difference, if d.figure.is_share() { "mean" } else { "median" }),
            })
        });
        let seeds = self.seeds.iter().map(|d| {
            json!({
                "baseline": setting(&d.baseline), "setting": setting(&d.setting), "figure": d.figure.metric.key(),
                "seeds": d.seeds, "seeds_without_value": d.seeds_without_value,
                "difference": interval_json(d.difference, "mean"),
            })
        });
        let runs = self.runs.iter().map(|r| {
            json!({ "label": r.label, "path": r.path.display().to_string(), "summary": crate::results_json(&r.summary) })
        });
        json!({
            "runs": runs.collect::<Vec<_>>(),
            "meter_differences": meters.collect::<Vec<_>>(),
            "exchange_differences": exchanges.collect::<Vec<_>>(),
            "seed_differences": seeds.collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }
}

fn setting_name(s: &Setting) -> String {
    format!("[{}] {}", s.run + 1, human::shorten(&human::one_line(&s.variant), 24))
}

/// A difference of times; infinite where one side was not back.
fn difference(v: f64) -> String {
    match v {
        f64::INFINITY => "later".into(),
        f64::NEG_INFINITY => "sooner".into(),
        // Less than a clock of hundredths shows.
        v if v.abs() < 0.005 => human::duration(0.0),
        v if v > 0.0 => format!("+{}", human::duration(v)),
        v => human::duration(v),
    }
}

fn interval_text(interval: Option<Interval>, text: impl Fn(f64) -> String) -> [String; 2] {
    match interval {
        None => [human::NONE.into(), human::NONE.into()],
        Some(Interval { middle, low: Some(low), high: Some(high) }) => {
            [text(middle), format!("{} to {}", text(low), text(high))]
        }
        Some(Interval { middle, .. }) => [text(middle), "too few".into()],
    }
}

fn interval_json(interval: Option<Interval>, middle: &str) -> Value {
    interval.map_or(Value::Null, |i| json!({ middle: i.middle, "low": i.low, "high": i.high }))
}

fn align(table: &mut comfy_table::Table, first_number: usize, width: usize) {
    table.set_width(width.min(usize::from(u16::MAX)) as u16);
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        column.set_cell_alignment(if i < first_number { CellAlignment::Left } else { CellAlignment::Right });
    }
}
