//! The page of figures, and what an earlier page says of them.

use super::{Figure, Group, Tolerance, Verdict};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const HEAD: &str = "# Validation

What the models come to beside what others have published or measured. `cargo run --release -p amitwin-benches --bin validation --
--output docs/validation.md` measures every figure again and writes this page; without `--output` it compares verdicts with it, and
exits with 1 if one got worse. `--quick` leaves out what takes longest. Two groups need a Python with SimPy and `reliability`
(`pip install simpy reliability`), which `AMITWIN_PYTHON` names.

Tolerances were set before the figures were measured. A figure that does not hold stays, and its section says why. \"Beside\" is a
figure that its source is not expected to equal. Tests of single formulas stand in the tables of the layers' pages (Validation in
`models/src/*/README.md`). What comes out for a placement that exists, a district of Montréal with 769 meters, is in [a page of its own](../benches/results/2026-12-01-trees.md).
";

/// So many significant digits are told.
const DIGITS: i32 = 4;

fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let decimals = DIGITS - 1 - value.abs().log10().floor() as i32;
    let text = format!("{value:.*}", decimals.clamp(0, 3) as usize);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

impl Figure {
    fn row(&self) -> String {
        let [low, high] = self.expected.map(number);
        let unit = if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) };
        let expected = match self.expected {
            [value, _] if value.is_nan() => "-".to_owned(),
            _ if low == high => low + &unit,
            _ => format!("{low} to {high}{unit}"),
        };
        let tolerance = match self.tolerance {
            Tolerance::Within(near) => format!("± {}{unit}", number(near)),
            Tolerance::Share(share) => format!("± {} %", number(100.0 * share)),
            Tolerance::Beside => "-".to_owned(),
        };
        let measured = self.measured.map_or("-".to_owned(), |measured| number(measured) + &unit);
        format!("| {} | {expected} | {tolerance} | {measured} | {} |", self.what, self.verdict().word())
    }
}

/// The page.
pub fn render(groups: &[Group]) -> String {
    let mut page = HEAD.to_owned();
    let count = |verdict| groups.iter().flat_map(|g| &g.figures).filter(|f| f.verdict() == verdict).count();
    let [hold, fail, beside, missing] =
        [Verdict::Holds, Verdict::Fails, Verdict::Beside, Verdict::NotMeasured].map(count);
    let _ = writeln!(
        page,
        "\nOf these figures {hold} hold, {fail} do not, {beside} stand beside, and {missing} were not measured."
    );
    for group in groups {
        let Group { title, source, how, .. } = group;
        let _ = writeln!(page, "\n## {title}\n\nSource: {source}.\n\nMeasured: {how}.\n");
        page.push_str("| what | expected | tolerance | measured | verdict |\n| --- | --- | --- | --- | --- |\n");
        for figure in &group.figures {
            let _ = writeln!(page, "{}", figure.row());
        }
        if !group.why.is_empty() {
            let _ = writeln!(page, "\n{}", group.why);
        }
    }
    page
}

/// Verdicts of a page by heading and what the figure is.
pub fn verdicts(page: &str) -> BTreeMap<(String, String), Verdict> {
    let mut title = String::new();
    let mut found = BTreeMap::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            title = heading.to_owned();
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let ([what, _, _, _, verdict], true) = (&cells[..], line.starts_with('|'))
            && let Some(verdict) = Verdict::of(verdict)
        {
            found.insert((title.clone(), (*what).to_owned()), verdict);
        }
    }
    found
}

/// Figures whose verdict is worse than that of a page, a line each. What was not measured now is no worse.
pub fn worse(groups: &[Group], page: &str) -> Vec<String> {
    let before = verdicts(page);
    let figures = groups.iter().flat_map(|group| group.figures.iter().map(move |figure| (group.title, figure)));
    let is_worse = |(title, figure): &(&str, &Figure)| {
        let earlier = before.get(&((*title).to_owned(), figure.what.clone()));
        figure.verdict() == Verdict::Fails && earlier != Some(&Verdict::Fails)
    };
    figures.filter(is_worse).map(|(title, figure)| format!("{title}: {}", figure.row())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(measured: Option<f64>) -> Vec<Group> {
        let figure = Figure { measured, ..Figure::new("delay", 10.0, "ms", Tolerance::Share(0.1), 0.0) };
        vec![Group { title: "Line", source: "s", how: "h", why: "", figures: vec![figure] }]
    }

    #[test]
    fn a_tolerance_is_around_the_range_of_its_source() {
        let of = |tolerance, measured| {
            Figure { expected: [3.0, 5.0], ..Figure::new("x", 0.0, "", tolerance, measured) }.verdict()
        };
        // 10 % below 3 and above 5.
        assert_eq!(
            [2.69, 2.71, 5.49, 5.51].map(|m| of(Tolerance::Share(0.1), m) == Verdict::Holds),
            [false, true, true, false]
        );
        assert_eq!(
            [2.4, 2.6, 5.4, 5.6].map(|m| of(Tolerance::Within(0.5), m) == Verdict::Holds),
            [false, true, true, false]
        );
        assert_eq!(of(Tolerance::Beside, 99.0), Verdict::Beside);
        // Below zero as well: 10 % of 100.
        assert_eq!(Figure::new("x", -100.0, "dBm", Tolerance::Share(0.1), -109.0).verdict(), Verdict::Holds);
    }

    #[test]
    fn a_page_keeps_verdicts_and_tells_which_got_worse() {
        let (good, bad, unknown) = (group(Some(10.5)), group(Some(12.0)), group(None));
        let page = render(&good);
        assert!(page.contains("\n| delay | 10 ms | ± 10 % | 10.5 ms | holds |\n"), "{page}");
        assert_eq!(
            verdicts(&page).into_iter().collect::<Vec<_>>(),
            [(("Line".into(), "delay".into()), Verdict::Holds)]
        );
        assert_eq!(worse(&bad, &page), ["Line: | delay | 10 ms | ± 10 % | 12 ms | does not hold |"]);
        assert!(worse(&good, &page).is_empty() && worse(&unknown, &page).is_empty());
        assert!(worse(&bad, &render(&bad)).is_empty(), "it did not hold before");
        assert_eq!(worse(&bad, "").len(), 1, "a new figure has to hold");
    }

    #[test]
    fn numbers_have_four_digits_and_three_decimals_at_most() {
        let told = [0.30719, 2_235.27, -105.3107, 10.0, 100.0, 0.0004, 14_600.0].map(number);
        assert_eq!(told, ["0.307", "2235", "-105.3", "10", "100", "0", "14600"]);
    }

    /// The page in the repository, whose figures have to be those that are measured.
    #[test]
    fn the_page_has_every_figure_of_the_quick_run() {
        let page =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/validation.md")).expect("a page");
        let told = verdicts(&page);
        let groups = super::super::all(super::super::Effort::Quick, None);
        let figures = groups.iter().flat_map(|g| g.figures.iter().map(|f| (g.title.to_owned(), f.what.clone())));
        let missing: Vec<_> = figures.filter(|key| !told.contains_key(key)).collect();
        assert!(missing.is_empty(), "{missing:?}: write docs/validation.md again, as it says");
        assert_eq!(worse(&groups, &page), Vec::<String>::new());
    }
}
