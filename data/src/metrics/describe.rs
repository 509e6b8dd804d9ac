//! The dictionary of figures as text, from their declaration.

use super::Metric;
use std::fmt::Write;

/// Every figure with its unit, what gates call it, and its meaning.
pub fn metrics() -> String {
    let gate = |metric: &Metric| metric.gate().map(ToString::to_string).unwrap_or_default();
    let widest = |of: &dyn Fn(&Metric) -> usize| Metric::ALL.iter().map(of).max().unwrap_or(0);
    let (key_width, gate_width) = (widest(&|m| m.key().len()), widest(&|m| gate(m).len()));
    let mut out = format!("{:key_width$}  {:4}  {:gate_width$}  meaning\n", "figure", "unit", "in a gate");
    for metric in Metric::ALL {
        let (key, unit, help) = (metric.key(), metric.unit(), metric.help());
        let _ = writeln!(out, "{key:key_width$}  {unit:4}  {:gate_width$}  {help}", gate(metric));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_holds_every_figure() {
        let text = metrics();
        for (metric, line) in Metric::ALL.iter().zip(text.lines().skip(1)) {
            assert!(line.starts_with(metric.key()) && line.ends_with(metric.help()), "{line}");
        }
        assert_eq!(text.lines().count(), Metric::ALL.len() + 1);
    }
}
