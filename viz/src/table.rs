//! The results table of a run on a terminal or in a log, and the same as JSON.

use crate::figures::{Figure, Standing, gate_name, gate_value, shown, worst_standing};
use crate::{human, over_seeds};
use amitwin_data::metrics::Activity;
use amitwin_data::summary::{Difference, GateVerdict, Summary, VariantSummary, Verdict};
use comfy_table::{Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};
use serde_json::{Value, json};
use std::fmt::Write;

/// Narrowest first column with which variants stay rows.
const NAME_WIDTH_MIN: u16 = 12;
/// Between two columns.
const GAP: u16 = 2;

/// One line of results: what it is called, its results, and how it stands with the gates.
pub(crate) struct Line<'a> {
    pub name: String,
    pub of: Of<'a>,
    pub standing: Option<Standing>,
    /// Of which limit it uses most, and how much of it; a column of its own where any line has that.
    pub nearest: Option<String>,
}

/// Whose figures stand in a line.
#[derive(Clone, Copy)]
pub(crate) enum Of<'a> {
    /// A variant's.
    Variant(&'a VariantSummary),
    /// Those of a variant less the baseline's.
    Difference(&'a Difference),
}

impl Of<'_> {
    fn text(self, figure: &Figure, full: bool) -> String {
        match self {
            Of::Variant(variant) => figure.with_interval(variant, full),
            Of::Difference(difference) => match difference.figures.get(figure.metric.key()) {
                Some(over) => over_seeds::difference(figure, over, full),
                None => human::NONE.into(),
            },
        }
    }
}

/// The table of a finished run, the verdicts that count and its finding, at most `width` columns wide where that can be had.
///
/// With `color`, ANSI colours mark the verdicts; without, the text is plain.
pub fn results_table(summary: &Summary, width: usize, color: bool) -> String {
    let lines: Vec<Line> = summary
        .variants
        .iter()
        .map(|v| Line {
            name: human::one_line(&v.name),
            of: Of::Variant(v),
            standing: worst_standing(&summary.gates, &v.name),
            nearest: None,
        })
        .collect();
    let mut out = if lines.is_empty() {
        format!("No variant has finished; the run is {}.\n", summary.status.word())
    } else {
        grid(&lines, &shown(summary.variants.iter()), width, color)
    };
    if shown(summary.variants.iter()).iter().any(|figure| figure.metric.activity() == Activity::Resets) {
        out.push_str(&wrap(
            "all back: since the campaign's start; rejoin and away: since each meter's own reset; collisions: at all radios",
            width,
        ));
        out.push('\n');
    }
    if !summary.seeds.is_empty() && !summary.variants.is_empty() {
        out.push_str(&wrap(&over_seeds::explained(summary), width));
        out.push('\n');
        differences(summary, width, color, &mut out);
    }
    for (i, gate) in summary.gates.iter().filter(|g| g.binding).enumerate() {
        let apart = if i == 0 { "\n" } else { "" };
        let _ = writeln!(out, "{apart}{}", gate_line(gate, summary.seeds.len().max(1), width, color));
    }
    if let Some(finding) = &summary.finding {
        out.push('\n');
        out.push_str(&wrap(&human::one_line(finding), width));
        out.push('\n');
    }
    out
}

/// The results as JSON: the summary's figures, numbers in the units of their names.
pub fn results_json(summary: &Summary) -> Value {
    serde_json::to_value(summary).unwrap_or_else(|e| json!({ "error": e.to_string() }))
}

/// What distinguishes the other variants from the baseline, seed by seed.
fn differences(summary: &Summary, width: usize, color: bool, out: &mut String) {
    let Some(first) = summary.differences.first() else { return };
    let title = format!(
        "\nLess '{}', seed by seed, with the 95 % interval; where that holds 0, the seeds do not tell which is larger:\n\n",
        human::one_line(&first.baseline)
    );
    out.push_str(&wrap(&title, width));
    let lines: Vec<Line> = (summary.differences.iter())
        .map(|d| Line { name: human::one_line(&d.variant), of: Of::Difference(d), standing: None, nearest: None })
        .collect();
    out.push_str(&grid(&lines, &shown(summary.variants.iter()), width, color));
}

/// Lines as rows if the width allows, if need be with figures of two words on two lines, else as columns.
pub(crate) fn grid(lines: &[Line], figures: &[Figure], width: usize, color: bool) -> String {
    let mut table = rows(lines, figures, width, color).unwrap_or_else(|| as_columns(lines, figures, color));
    table.set_width(width.min(usize::from(u16::MAX)) as u16);
    finish(&table, color)
}

/// The first of the figures, as many as lines have room for as rows; one at least. Many lines make no columns.
pub(crate) fn fitting<'a>(lines: &[Line], figures: &'a [Figure], width: usize) -> &'a [Figure] {
    let some = |n: usize| figures.get(..n).unwrap_or(figures);
    let fits = |figures: &&[Figure]| rows(lines, figures, width, false).is_some();
    (1..=figures.len()).rev().map(some).find(fits).unwrap_or(some(1))
}

/// Lines as rows, if they fit.
fn rows(lines: &[Line], figures: &[Figure], width: usize, color: bool) -> Option<Table> {
    let fits = |rows: &Table, name_width_max: u16| {
        let widths = rows.column_max_content_widths();
        let figures: usize = widths.iter().skip(1).map(|w| usize::from(w + GAP)).sum();
        figures + usize::from(widths.first().copied().unwrap_or(0).min(name_width_max)) <= width
    };
    let rows = [(false, u16::MAX), (true, NAME_WIDTH_MIN)].into_iter();
    let mut rows = rows.map(|(fold, name)| (as_rows(lines, figures, fold, color), name));
    rows.find(|(rows, name)| fits(rows, *name)).map(|(rows, _)| rows)
}

/// Differences have no verdicts; results have a column for them, be it empty.
fn has_gates(lines: &[Line]) -> bool {
    lines.iter().any(|line| matches!(line.of, Of::Variant(_)))
}

fn has_nearest(lines: &[Line]) -> bool {
    lines.iter().any(|line| line.nearest.is_some())
}

fn nearest_cell(line: &Line) -> String {
    line.nearest.clone().unwrap_or_else(|| human::NONE.into())
}

fn as_rows(lines: &[Line], figures: &[Figure], fold: bool, color: bool) -> Table {
    let mut table = empty_table(color);
    let (gates, nearest) = (has_gates(lines), has_nearest(lines));
    let mut header = vec!["\nvariant".to_string()];
    header.extend(figures.iter().map(|f| f.named.header.to_string()));
    header.extend(nearest.then(|| "nearest\nlimit".into()));
    header.extend(gates.then(|| "\ngate".into()));
    table.set_header(header);
    for line in lines {
        let two_words = |text: String| match fold {
            true => text.replace("not reached", "not\nreached").replace("would ", "would\n"),
            false => text,
        };
        let mut row = vec![Cell::new(&line.name)];
        row.extend(figures.iter().map(|f| Cell::new(two_words(line.of.text(f, false)))));
        row.extend(nearest.then(|| Cell::new(nearest_cell(line))));
        row.extend(gates.then(|| Cell::new(two_words(gate_cell(line.standing)))));
        table.add_row(row);
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, GAP));
        let last = gates && i == figures.len() + usize::from(nearest) + 1;
        if i > 0 {
            column.set_constraint(comfy_table::ColumnConstraint::ContentWidth);
        }
        column.set_cell_alignment(if i == 0 || last { CellAlignment::Left } else { CellAlignment::Right });
    }
    if let Some(last) = table.column_mut(figures.len() + usize::from(nearest) + usize::from(gates)) {
        last.set_padding((0, 0));
    }
    table
}

fn as_columns(lines: &[Line], figures: &[Figure], color: bool) -> Table {
    let mut table = empty_table(color);
    let mut header = vec![String::new()];
    header.extend(lines.iter().map(|l| l.name.clone()));
    table.set_header(header);
    for figure in figures {
        let mut row = vec![Cell::new(figure.named.label)];
        row.extend(lines.iter().map(|l| Cell::new(l.of.text(figure, true))));
        table.add_row(row);
    }
    if has_nearest(lines) {
        let mut row = vec![Cell::new("nearest limit")];
        row.extend(lines.iter().map(|l| Cell::new(nearest_cell(l))));
        table.add_row(row);
    }
    if has_gates(lines) {
        let mut row = vec![Cell::new("gate")];
        row.extend(lines.iter().map(|l| Cell::new(gate_cell(l.standing))));
        table.add_row(row);
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, GAP));
        if i == 0 {
            column.set_constraint(comfy_table::ColumnConstraint::ContentWidth);
        } else {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    if let Some(last) = table.column_mut(lines.len()) {
        last.set_padding((0, 0));
    }
    table
}

pub(crate) fn empty_table(color: bool) -> Table {
    let rule = if color { '─' } else { '-' };
    let style = TableStyle::new()
        .header_lines(ContentLineStyle::none())
        .header_separator(LineStyle::none().fill(rule))
        .content_lines(ContentLineStyle::none());
    let mut table = Table::new();
    table.load_style(style).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// The table's lines without trailing blanks, colours put in.
pub(crate) fn finish(table: &Table, color: bool) -> String {
    let mut out = String::new();
    for line in table.lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    paint(&out, color)
}

// The table library counts an escape sequence as text, so verdicts go in between invisible operators of no width
// and are coloured when the layout is done.
const MARKS: [(char, &str); 4] =
    [('\u{2061}', "\u{1b}[32m"), ('\u{2062}', "\u{1b}[31m"), ('\u{2063}', "\u{1b}[33m"), ('\u{2064}', "\u{1b}[0m")];

fn gate_cell(standing: Option<Standing>) -> String {
    let Some(standing) = standing else { return human::NONE.into() };
    if !standing.binding {
        return standing.word().into();
    }
    let mark = match standing.verdict {
        Verdict::Pass => MARKS[0].0,
        Verdict::Breach => MARKS[1].0,
        Verdict::NoData | Verdict::Undecided => MARKS[2].0,
    };
    format!("{mark}{}{}", standing.word(), MARKS[3].0)
}

fn paint(text: &str, color: bool) -> String {
    MARKS.iter().fold(text.to_string(), |t, (mark, code)| t.replace(*mark, if color { code } else { "" }))
}

fn gate_line(gate: &GateVerdict, seeds: usize, width: usize, color: bool) -> String {
    let more = over_seeds::judged(gate, seeds).map_or_else(String::new, |more| format!(": {more}"));
    let text = format!(
        "gate {}, {}: {} {}, {}{more}",
        gate_name(gate),
        human::one_line(&gate.limit),
        human::one_line(&gate.variant),
        gate_value(gate),
        gate_cell(Some(Standing::of(gate))),
    );
    paint(&wrap(&text, width), color)
}

/// `text` broken between words into lines of at most `width` characters; the marks of colours have no width.
pub(crate) fn wrap(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().filter(|c| MARKS.iter().all(|(mark, _)| mark != c)).count();
        if used > 0 && used + 1 + length > width {
            out.push('\n');
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out
}
