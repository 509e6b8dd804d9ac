//! What a sweep varies: lists, ranges and Latin hypercubes of settings, as the cases that they make together.

use crate::overrides::Override;
use amitwin_data::sweep::Varied;
use amitwin_sim_core::rng::Stream;
use std::str::FromStr;

/// Points of a range that does not say how many.
const POINTS: usize = 5;
/// Cases of a sweep, at most.
pub const CASES_MAX: usize = 100_000;
/// Keys and sections that are the same for all cases.
pub(super) const OF_THE_WHOLE: [&str; 6] = ["name", "description", "seed", "study", "variant", "gate"];
/// Stands in the keys of the streams that a Latin hypercube is drawn from.
const LATIN: u32 = u32::from_be_bytes(*b"latn");

/// Settings that change together, and their values, point by point.
///
/// ```
/// use amitwin_scenarios::study::Vary;
/// let vary: Vary = "placement.meters=1000..4000/3log".parse().unwrap();
/// assert_eq!(vary.keys, ["placement.meters"]);
/// assert_eq!(vary.points(), [["1000"], ["2000"], ["4000"]]);
/// let zipped: Vary = "placement.meters+placement.gateways=1000+1,4000+2".parse().unwrap();
/// assert_eq!(zipped.points(), [["1000", "1"], ["4000", "2"]]);
/// assert!("placement.meters=4000..1000".parse::<Vary>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Vary {
    /// Dotted paths.
    pub keys: Vec<String>,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    /// For each point, a text for each key.
    List(Vec<Vec<String>>),
    Range(Range),
}

/// From one number to another, both included.
#[derive(Clone, Debug, PartialEq)]
struct Range {
    low: f64,
    high: f64,
    points: usize,
    logarithmic: bool,
    /// Both ends are whole, so that all points are.
    whole: bool,
    unit: String,
}

impl FromStr for Vary {
    type Err = String;

    fn from_str(text: &str) -> Result<Vary, String> {
        let set: Override = text.parse().map_err(|_| {
            format!(
                "`{text}` is not KEY=VALUES; write for example radio.phy=1b,3,5 or placement.meters=1000..8000/4log"
            )
        })?;
        let keys: Vec<String> = outside_quotes(&set.key, '+').iter().map(|key| key.trim().to_owned()).collect();
        if keys.iter().any(String::is_empty) {
            return Err(format!("`{}` names no setting on one side of a +", set.key));
        }
        let parts = outside_quotes(&set.value, ',');
        if let (true, Some((low, rest))) = (parts.len() > 1, parts.iter().find_map(|part| part.split_once("..")))
            && let (Some(_), Some(_)) = (number(low), number(rest.split('/').next().unwrap_or_default()))
        {
            return Err(format!(
                "`{text}` mixes a range with single values; write either, such as {0}=10..30/5 or {0}=10,20,30",
                set.key
            ));
        }
        if let ([_], Some(range)) = (&keys[..], Range::of(&set.value)?) {
            return Ok(Vary { keys, values: Values::Range(range) });
        }
        let mut points: Vec<Vec<String>> = Vec::new();
        for point in outside_quotes(&set.value, ',') {
            let texts: Vec<String> = match keys.len() {
                1 => vec![point.trim().to_owned()],
                _ => outside_quotes(point, '+').iter().map(|text| text.trim().to_owned()).collect(),
            };
            if texts.len() != keys.len() || texts.iter().any(String::is_empty) {
                return Err(match keys.len() {
                    1 => format!("`{text}` has an empty value; write for example {}=1,2,3", set.key),
                    n => format!(
                        "`{}` varies {n} settings together, and `{point}` is not a value for each, joined by +",
                        set.key
                    ),
                });
            }
            if points.contains(&texts) {
                return Err(format!("`{}` has the value `{}` twice", set.key, point.trim()));
            }
            points.push(texts);
        }
        Ok(Vary { keys, values: Values::List(points) })
    }
}

impl Vary {
    /// A setting with these values.
    pub(super) fn list(key: String, values: Vec<String>) -> Vary {
        Vary { keys: vec![key], values: Values::List(values.into_iter().map(|value| vec![value]).collect()) }
    }

    /// Its values, point by point.
    pub fn points(&self) -> Vec<Vec<String>> {
        match &self.values {
            Values::List(points) => points.clone(),
            Values::Range(range) => range.grid().into_iter().map(|text| vec![text]).collect(),
        }
    }
}

impl Range {
    /// `1000..8000`, `10 dBm..30 dBm/5`, `1..100/3log`; `None` if it is no range.
    fn of(text: &str) -> Result<Option<Range>, String> {
        let Some((low, rest)) = text.split_once("..") else { return Ok(None) };
        let (high, count) = rest.rsplit_once('/').unwrap_or((rest, ""));
        let (count, logarithmic) = match count.trim().strip_suffix("log") {
            Some(count) => (count.trim(), true),
            None => (count.trim(), false),
        };
        let points = match count {
            "" => POINTS,
            count => count.parse().ok().filter(|n| (2..=10_000).contains(n)).ok_or_else(|| {
                format!("`{text}` does not say how many points it has; write 2 to 10000, such as {low}..{high}/4")
            })?,
        };
        let ends = (number(low), number(high));
        let (Some((from, from_unit)), Some((to, to_unit))) = ends else {
            return Err(format!("`{text}` is not a range of two numbers with their unit, such as 10 dBm..30 dBm/5"));
        };
        if !from_unit.is_empty() && from_unit != to_unit {
            return Err(format!("the ends of `{text}` have different units; write both in one"));
        }
        if from == to {
            return Err(format!("`{text}` is one value; write it alone, or two different ends"));
        }
        if from > to {
            return Err(format!("`{text}` is empty: its first number must be the smaller one, such as {high}..{low}"));
        }
        if logarithmic && from <= 0.0 {
            return Err(format!("`{text}` cannot be logarithmic, because it does not begin above zero"));
        }
        let whole = to_unit.is_empty() && [low, high].iter().all(|end| end.trim().parse::<i64>().is_ok());
        Ok(Some(Range { low: from, high: to, points, logarithmic, whole, unit: to_unit.to_owned() }))
    }

    /// The value at a place from 0 to 1.
    fn at(&self, place: f64) -> String {
        let value = match self.logarithmic {
            true => self.low * libm::pow(self.high / self.low, place),
            false => self.low + (self.high - self.low) * place,
        };
        if self.whole {
            return format!("{:.0}", value.round());
        }
        // Six digits: more would be noise in tables and charts.
        let scale = libm::pow(10.0, 5.0 - libm::floor(libm::log10(value.abs().max(1e-300))));
        let value = if value == 0.0 { 0.0 } else { (value * scale).round() / scale };
        if self.unit.is_empty() { format!("{value}") } else { format!("{value} {}", self.unit) }
    }

    fn grid(&self) -> Vec<String> {
        let mut points: Vec<String> = (0..self.points).map(|i| self.at(i as f64 / (self.points - 1) as f64)).collect();
        points.dedup();
        points
    }
}

/// A number and its unit.
pub(super) fn number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(text.len());
    Some((text[..end].parse().ok().filter(|v: &f64| v.is_finite())?, text[end..].trim()))
}

/// `text` at each `separator` that is in no quotes and no brackets.
fn outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quote) = (Vec::new(), 0, 0, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, _) if c == separator && depth == 0 => {
                parts.push(&text[from..at]);
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// The cases of all of it: every point of each with every point of the others, the last one fastest. With `latin` all ranges
/// make so many points together, a Latin hypercube that follows from `seed`.
///
/// # Errors
/// A setting that is varied twice, more cases than a sweep can have, or a Latin hypercube without a range.
pub fn cases(vary: &[Vary], latin: Option<u32>, seed: u64) -> Result<Vec<Vec<Varied>>, String> {
    let keys: Vec<&String> = vary.iter().flat_map(|v| &v.keys).collect();
    if let Some(twice) = keys.iter().enumerate().find(|(i, key)| keys[..*i].contains(key)) {
        return Err(format!("`{}` is varied twice", twice.1));
    }
    if let Some(whole) = keys.iter().find(|key| OF_THE_WHOLE.contains(&key.split('.').next().unwrap_or_default())) {
        return Err(format!("`{whole}` belongs to the whole study and cannot be varied; --seeds N runs several seeds"));
    }
    let mut axes: Vec<(Vec<String>, Vec<Vec<String>>)> = Vec::new();
    let ranges: Vec<(&String, &Range)> = vary
        .iter()
        .filter_map(|v| match &v.values {
            Values::Range(range) => Some((&v.keys[0], range)),
            Values::List(_) => None,
        })
        .collect();
    match latin {
        Some(_) if ranges.is_empty() => {
            return Err("a Latin hypercube needs a range, such as --vary placement.meters=1000..8000".to_owned());
        }
        Some(points) => {
            let keys = ranges.iter().map(|(key, _)| (*key).clone()).collect();
            axes.push((keys, hypercube(&ranges, points as usize, seed)));
            let lists = vary.iter().filter(|v| matches!(v.values, Values::List(_)));
            axes.extend(lists.map(|v| (v.keys.clone(), v.points())));
        }
        None => axes.extend(vary.iter().map(|v| (v.keys.clone(), v.points()))),
    }
    let all = axes.iter().try_fold(1_usize, |all, (_, points)| all.checked_mul(points.len()));
    if all.is_none_or(|all| all > CASES_MAX) {
        return Err(format!(
            "that makes more than {CASES_MAX} cases; vary fewer settings, or take a Latin hypercube (--latin N)"
        ));
    }
    let mut cases: Vec<Vec<Varied>> = vec![Vec::new()];
    for (keys, points) in &axes {
        let with = |case: &Vec<Varied>, point: &Vec<String>| {
            let more = keys.iter().zip(point).map(|(key, value)| Varied { key: key.clone(), value: value.clone() });
            case.iter().cloned().chain(more).collect::<Vec<Varied>>()
        };
        cases = cases.iter().flat_map(|case| points.iter().map(move |point| with(case, point))).collect();
    }
    Ok(cases)
}

/// Each range cut into as many stretches as there are points, and each stretch taken once.
fn hypercube(ranges: &[(&String, &Range)], points: usize, seed: u64) -> Vec<Vec<String>> {
    let column = |(dimension, (_, range)): (usize, &(&String, &Range))| -> Vec<String> {
        let mut draws = Stream::new(seed, dimension as u64, LATIN);
        let mut order: Vec<usize> = (0..points).collect();
        for last in (1..points).rev() {
            order.swap(last, draws.below(last as u32 + 1) as usize);
        }
        order.into_iter().map(|stretch| range.at((stretch as f64 + draws.unit()) / points as f64)).collect()
    };
    let columns: Vec<Vec<String>> = ranges.iter().enumerate().map(column).collect();
    (0..points).map(|at| columns.iter().map(|column| column[at].clone()).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vary(text: &str) -> Vary {
        text.parse().unwrap_or_else(|why| panic!("{why}"))
    }

    fn points(text: &str) -> Vec<String> {
        vary(text).points().into_iter().map(|point| point.join("+")).collect()
    }

    #[test]
    fn lists_keep_their_texts_and_ranges_are_round() {
        assert_eq!(points("radio.phy=1b, 3,5"), ["1b", "3", "5"]);
        assert_eq!(points("campaign.reset.window=auto,[10s, 60s]"), ["auto", "[10s, 60s]"]);
        assert_eq!(points("a.b=\"x,y\",z"), ["\"x,y\"", "z"]);
        assert_eq!(points("radio.tx_power=10 dBm..30 dBm/5"), ["10 dBm", "15 dBm", "20 dBm", "25 dBm", "30 dBm"]);
        assert_eq!(points("radio.tx_power=10..30 dBm/3"), ["10 dBm", "20 dBm", "30 dBm"]);
        assert_eq!(points("backhaul.loss=0..1.0/4"), ["0", "0.333333", "0.666667", "1"]);
        assert_eq!(points("placement.meters=10..1000/3log"), ["10", "100", "1000"]);
        // Whole numbers that come twice are taken once.
        assert_eq!(points("placement.gateways=1..3/5"), ["1", "2", "3"]);
    }

    #[test]
    fn what_is_no_range_and_no_list_is_told() {
        for (text, why) in [
            ("placement.meters", "is not KEY=VALUES"),
            ("placement.meters=", "empty value"),
            ("placement.meters=1,,2", "empty value"),
            ("placement.meters=8..2", "the smaller one"),
            ("placement.meters=2..2", "is one value"),
            ("placement.meters=10..20,30", "mixes a range with single values"),
            ("placement.meters=0..8/3log", "above zero"),
            ("placement.meters=1..8/1", "2 to 10000"),
            ("radio.tx_power=1 W..30 dBm", "different units"),
            ("radio.tx_power=low..high", "two numbers"),
            ("a.b+c.d=1+2,3", "is not a value for each"),
            ("a.b=1,2,1", "twice"),
        ] {
            let told = text.parse::<Vary>().expect_err(text);
            assert!(told.contains(why), "{text}: {told}");
        }
    }

    #[test]
    fn cases_are_a_grid_and_the_last_axis_is_the_fastest() {
        let all = cases(&[vary("a.m=1,2"), vary("b.p+c.q=x+u,y+v")], None, 1).expect("cases");
        let texts: Vec<String> =
            all.iter().map(|case| case.iter().map(|s| s.value.as_str()).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(texts, ["1 x u", "1 y v", "2 x u", "2 y v"]);
        assert!(cases(&[vary("a.m=1,2"), vary("a.m=3,4")], None, 1).expect_err("twice").contains("twice"));
        assert!(cases(&[vary("seed=1,2")], None, 1).expect_err("seeds").contains("--seeds N"));
        assert!(cases(&[vary("a.m=1,2")], Some(4), 1).expect_err("no range").contains("range"));
        let long = "a.m=1..10000/10000";
        assert!(cases(&[vary(long), vary(&long.replace("a.m", "b.m"))], None, 1).expect_err("many").contains("100000"));
    }

    #[test]
    fn a_hypercube_has_one_point_in_each_stretch_of_each_range() {
        let vary = [vary("a.m=0..10.0"), vary("b.m=1..1024.0/2log"), vary("c.p=x,y")];
        let all = cases(&vary, Some(10), 7).expect("cases");
        assert_eq!(all.len(), 20, "ten points, and two words for each");
        let column = |at: usize, place: fn(f64) -> f64| {
            let mut stretches: Vec<usize> = all
                .iter()
                .step_by(2)
                .map(|case| place(case[at].value.parse::<f64>().expect("a number")) as usize)
                .collect();
            stretches.sort_unstable();
            stretches
        };
        // Stretches of length 1, and of a doubling.
        assert_eq!(column(0, |v| v), (0..10).collect::<Vec<_>>());
        assert_eq!(column(1, libm::log2), (0..10).collect::<Vec<_>>());
        assert_eq!(all, cases(&vary, Some(10), 7).expect("cases"));
        assert_ne!(all, cases(&vary, Some(10), 8).expect("cases"));
    }
}
