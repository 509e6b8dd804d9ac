//! `amitwin check FILE`: everything that can be wrong without running, and what running will take.

use super::plan;
use crate::cli::{Format, Scenario as Options};
use crate::failure::{Invalid, Usage};
use crate::shell;
use crate::talk::Talk;
use amitwin_data::files::RunDir;
use amitwin_data::summary::FILE_KEYS;
use amitwin_scenarios::drive::warnings::merged;
use amitwin_scenarios::estimate::{Estimate, METHOD, PROCESS_BYTES, estimate};
use amitwin_scenarios::{Scenario, Variant, keys_word, load};
use amitwin_viz::human;
use comfy_table::{CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};
use serde_json::{Value, json};
use std::fmt::Write;

/// Checks, estimates, prints.
pub fn run(options: &Options, talk: &Talk) -> anyhow::Result<u8> {
    if plan::is_plan(&options.file) {
        return plan::checked(options, talk);
    }
    let mut scenario = load(&options.file, &options.overrides(), options.seed)?;
    scenario.load_keys()?;
    let variants = scenario.select(&options.variants).map_err(Usage)?;
    if let Some(path) = &options.output {
        RunDir::check_free(path, options.force)?;
    }
    let threads = options.threads.map_or_else(rayon::current_num_threads, usize::from);
    let mut estimates = Vec::new();
    for variant in &variants {
        let found = estimate(variant).map_err(|error| {
            let file = options.file.display();
            Invalid(format!("{file}: the world of variant '{}' cannot be built: {error}", variant.name))
        })?;
        estimates.push(found);
    }
    let mut warnings = scenario.warnings.clone();
    warnings.extend(merged(estimates.iter().map(|e| (e.variant.as_str(), e.warnings.as_slice()))));
    warnings.extend(scenario.unjudged(&variants));
    for note in &scenario.notes {
        talk.note(note);
    }
    for warning in &warnings {
        talk.warn(warning);
    }
    let sum = Sum::of(&estimates, threads, scenario.study.seeds);
    match options.format {
        Format::Table => talk.print(&text(&scenario, &estimates, &sum, talk.width))?,
        Format::Json => talk.print_json(&value(&scenario, &estimates, &sum, &warnings))?,
    }
    let (choice, seed) = (shell::same_choice(options), shell::same_seed(options));
    talk.note(&format!("{METHOD}\nnext: amitwin run {choice}{seed}{}", shell::same_output(options)));
    Ok(0)
}

/// All variants together.
struct Sum {
    threads: usize,
    events: f64,
    memory_bytes: f64,
    disk_bytes: f64,
}

impl Sum {
    /// Every variant runs with each of the seeds.
    fn of(estimates: &[Estimate], threads: usize, seeds: u32) -> Sum {
        let each = || estimates.iter().cycle().take(estimates.len() * seeds as usize);
        let mut memory: Vec<f64> = each().map(|e| e.memory_bytes).collect();
        memory.sort_by(|a, b| b.total_cmp(a));
        Sum {
            threads,
            events: each().map(|e| e.events).sum(),
            // As many variants as threads are in memory at once; the largest ones, at worst.
            memory_bytes: PROCESS_BYTES + memory.iter().take(threads).sum::<f64>(),
            disk_bytes: each().map(|e| e.disk_bytes).sum(),
        }
    }
}

fn text(scenario: &Scenario, estimates: &[Estimate], sum: &Sum, width: usize) -> String {
    let mut out = format!("{}, seed {}\n", human::one_line(&scenario.name), scenario.seed);
    if !scenario.description.is_empty() {
        let _ = writeln!(out, "{}", human::one_line(&scenario.description));
    }
    let mut table = Table::new();
    let style = TableStyle::new().header_lines(ContentLineStyle::none()).content_lines(ContentLineStyle::none());
    table.load_style(style.header_separator(LineStyle::none().fill('-')));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width.min(usize::from(u16::MAX)) as u16);
    table.set_header([
        "variant",
        "meters",
        "border routers",
        "no route",
        "hops",
        "time",
        "reset window",
        "events",
        "memory",
        "disk",
    ]);
    for e in estimates {
        let windows: Vec<String> = e.campaigns.iter().map(|c| human::duration(c.window_s)).collect();
        table.add_row([
            human::one_line(&e.variant),
            human::count(f64::from(e.meters)),
            human::count(f64::from(e.gateways)),
            human::count(f64::from(e.unreachable)),
            format!("{:.1}, max {}", e.hops_mean, e.hops_max),
            human::whole_duration(e.duration_s),
            if windows.is_empty() { human::NONE.to_owned() } else { windows.join(", ") },
            about(e.events),
            human::bytes((PROCESS_BYTES + e.memory_bytes) as u64),
            human::bytes(e.disk_bytes as u64),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let _ = writeln!(out);
    for line in table.lines() {
        let _ = writeln!(out, "{}", line.trim());
    }
    let judged: Vec<&Variant> =
        scenario.variants.iter().filter(|v| estimates.iter().any(|e| e.variant == v.name)).collect();
    // Published keys matter to what reads meters or a capture: `serve` and `run --capture` tell.
    let keys = keys_word(&judged);
    if keys == FILE_KEYS {
        let _ = writeln!(out, "\nkeys of the meters: {}", human::keys(keys));
    }
    let _ = writeln!(
        out,
        "\n{}, {} and {}. About {} events in all, {} of memory with {}, {} of disk.",
        human::plural(estimates.len(), "variant"),
        human::plural(scenario.study.seeds as usize, "seed"),
        human::plural(scenario.gates.len(), "gate"),
        about(sum.events),
        human::bytes(sum.memory_bytes as u64),
        human::plural(sum.threads, "thread"),
        human::bytes(sum.disk_bytes as u64)
    );
    out
}

/// An estimate does not have more than two digits.
fn about(events: f64) -> String {
    let mut scale = 1.0;
    while events / scale >= 100.0 {
        scale *= 10.0;
    }
    human::short_count((events / scale).round() * scale)
}

fn value(scenario: &Scenario, estimates: &[Estimate], sum: &Sum, warnings: &[String]) -> Value {
    let one = |e: &Estimate| {
        let campaign = |c: &amitwin_scenarios::estimate::CampaignEstimate| json!({ "name": c.name, "commanded": c.commanded, "window_s": c.window_s });
        json!({
            "name": e.variant,
            "meters": e.meters,
            "gateways": e.gateways,
            "partitions": e.partitions,
            "unreachable": e.unreachable,
            "hops_mean": e.hops_mean,
            "hops_max": e.hops_max,
            "duration_s": e.duration_s,
            "campaigns": e.campaigns.iter().map(campaign).collect::<Vec<_>>(),
            "events_expected": e.events.round(),
            "memory_bytes_expected": (PROCESS_BYTES + e.memory_bytes).round(),
            "disk_bytes_expected": e.disk_bytes.round(),
        })
    };
    json!({
        "name": scenario.name,
        "seed": scenario.seed,
        "seeds": scenario.study.seeds,
        "seeds_max": scenario.study.seeds_max(),
        "scenario_hash": scenario.scenario_hash,
        "gates": scenario.gates.len(),
        "variants": estimates.iter().map(one).collect::<Vec<_>>(),
        "threads": sum.threads,
        "events_expected": sum.events.round(),
        "memory_bytes_expected": sum.memory_bytes.round(),
        "disk_bytes_expected": sum.disk_bytes.round(),
        "method": METHOD,
        "notes": scenario.notes,
        "warnings": warnings,
    })
}
