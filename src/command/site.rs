//! `amitwin site FILE --repeaters N`: where repeaters would help, and what they would bring.

use super::study::threads;
use crate::cli::{Format, Site as Options};
use crate::failure::{Invalid, Usage};
use crate::shell;
use crate::talk::Talk;
use amitwin_data::files::FileError;
use amitwin_scenarios::load;
use amitwin_scenarios::site::{Outlook, Places, Proposal, SiteError, propose, to_csv};
use amitwin_viz::human;
use comfy_table::{CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Looks, prints, writes.
pub fn run(options: &Options, talk: &Talk) -> anyhow::Result<u8> {
    let scenario = load(&options.file, &options.set, options.seed)?;
    let wanted: Vec<String> = options.variant.iter().cloned().collect();
    let variant = scenario.select(&wanted).map_err(Usage)?[0];
    if options.output.exists() && !options.force {
        let path = options.output.display();
        return Err(
            Usage(format!("{path} is there already; choose another name, or give --force to replace it")).into()
        );
    }
    let height_m = options.height.0;
    let places = match &options.places {
        Some(path) => Places::read(path, height_m).map_err(|e| Invalid(e.to_string()))?,
        None => Places::Anywhere { height_m },
    };
    for note in &scenario.notes {
        talk.note(note);
    }
    let found = threads(options.threads)?.install(|| propose(variant, options.repeaters, &places));
    let found = found.map_err(|error| match error {
        SiteError::TooFew { .. } => anyhow::Error::from(Usage(error.to_string())),
        _ => Invalid(error.to_string()).into(),
    })?;
    match options.format {
        Format::Table => talk.print(&text(&found, talk.width))?,
        Format::Json => talk.print_json(&value(&found, &options.output))?,
    }
    for line in remarks(&found, options.repeaters) {
        talk.note(&line);
    }
    if found.chosen.is_empty() {
        talk.note(&format!("{} was not written", options.output.display()));
        return Ok(0);
    }
    write(&options.output, &to_csv(found.chosen.iter().map(|chosen| &chosen.site)), options.force)?;
    talk.note(&format!(
        "the places fit seed {}: with another one links are others, and a generated town is another town",
        scenario.seed
    ));
    let set = shell::quoted(&format!("placement.repeaters={}", options.output.display()));
    talk.note(&format!("next: amitwin run {} --set {set}", shell::path(&options.file)));
    Ok(0)
}

fn write(path: &Path, text: &str, replace: bool) -> anyhow::Result<()> {
    let file = if replace { File::create(path) } else { File::create_new(path) };
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(Usage(format!("{} appeared in the meantime; give --force to replace it", path.display())).into())
        }
        done => Ok(done.map_err(|e| FileError::io(path, "write the repeaters", e))?),
    }
}

fn text(found: &Proposal, width: usize) -> String {
    let mut table = Table::new();
    let style = TableStyle::new().header_lines(ContentLineStyle::none()).content_lines(ContentLineStyle::none());
    table.load_style(style.header_separator(LineStyle::none().fill('-')));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width.min(usize::from(u16::MAX)) as u16);
    table.set_header(["", "place", "no route", "single way", "hops", "busiest relay", "radios behind it"]);
    let row = |name: &str, place: String, outlook: &Outlook| {
        let count = |n: u32| human::count(f64::from(n));
        let busiest =
            if outlook.busiest.is_empty() { human::NONE.to_owned() } else { human::one_line(&outlook.busiest) };
        let hops = format!("{:.2}, max {}", outlook.hops_mean, outlook.hops_max);
        [
            human::one_line(name),
            place,
            count(outlook.without_route),
            count(outlook.single_way),
            hops,
            busiest,
            count(outlook.behind_max),
        ]
    };
    table.add_row(row("now", String::new(), &found.before));
    for chosen in &found.chosen {
        let place = format!("{:.5}, {:.5}", chosen.site.lat_deg, chosen.site.lon_deg);
        table.add_row(row(&format!("with {}", chosen.site.name), place, &chosen.outlook));
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim().to_owned()).collect();
    format!(
        "{}, {} looked at; each line has the repeaters of those above it\n\n{}\n",
        human::plural(found.before.meters as usize, "meter"),
        human::plural(found.places, "place"),
        lines.join("\n")
    )
}

/// What the table does not say.
fn remarks(found: &Proposal, asked: u32) -> Vec<String> {
    let mut lines = Vec::new();
    if found.before.without_route == 0 {
        lines.push(
            "every meter has a route to a border router: places are looked for by who has a single way out, and then by what the busiest \
             relay carries"
                .to_owned(),
        );
    }
    let after = found.after();
    if found.chosen.len() < asked as usize {
        let no = if found.chosen.is_empty() { "no" } else { "no other" };
        let left = match after.without_route {
            0 => String::new(),
            n => format!(
                "; {} without a route cannot be reached by one repeater more",
                human::plural(n as usize, "meter")
            ),
        };
        lines.push(format!("{no} place makes the mesh better{left}"));
    }
    lines
}

fn value(found: &Proposal, output: &Path) -> Value {
    let outlook = |o: &Outlook| {
        json!({
            "meters": o.meters,
            "without_route": o.without_route,
            "single_way": o.single_way,
            "hops_mean": o.hops_mean,
            "hops_max": o.hops_max,
            "busiest_relay": o.busiest,
            "behind_busiest_relay": o.behind_max,
        })
    };
    let chosen = found.chosen.iter().map(|chosen| {
        let site = &chosen.site;
        json!({
            "name": site.name.to_string(),
            "lat_deg": site.lat_deg,
            "lon_deg": site.lon_deg,
            "height_m": site.height_m,
            "with_it": outlook(&chosen.outlook),
        })
    });
    let file = (!found.chosen.is_empty()).then(|| output.display().to_string());
    json!({
        "places": found.places,
        "now": outlook(&found.before),
        "repeaters": chosen.collect::<Vec<_>>(),
        "file": file,
    })
}
