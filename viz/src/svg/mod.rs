//! A small SVG writer: shapes by class, text escaped, no colours of its own (the page's style sheet sets them).
//!
//! Charts are drawn in user units of a fixed view box and scaled by the page. Colours come from the classes of
//! [`style::SHEET`], so that one drawing serves the light page, the dark page and paper.

pub mod bars;
pub mod cells;
pub mod heat;
pub mod lines;
pub mod map;
pub mod panels;
pub mod plot;
pub mod strips;
pub mod style;
pub mod ticks;

use std::fmt::Write;

/// The view box width that every chart uses; the page's style sheet knows it when it enlarges text on a phone.
pub const WIDTH: f64 = 640.0;

/// `text` with the five characters that mean something in markup replaced, and control characters dropped.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            // Neither XML 1.0 nor a reader has a use for these.
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

/// A coordinate with at most one decimal, without a trailing `.0` or a negative zero.
pub fn coord(v: f64) -> String {
    let tenths = (v * 10.0).round() as i64;
    if tenths % 10 == 0 {
        format!("{}", tenths / 10)
    } else {
        format!("{}{}.{}", if tenths < 0 { "-" } else { "" }, tenths.abs() / 10, tenths.abs() % 10)
    }
}

/// Where a text is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// At its left end.
    Start,
    /// In its middle.
    Middle,
    /// At its right end.
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

/// A drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Svg {
    /// User units from left to right.
    pub width: f64,
    /// User units from top to bottom.
    pub height: f64,
    title: String,
    body: String,
}

impl Svg {
    /// An empty drawing of `width` x `height` user units; `title` is read out in place of the picture.
    pub fn new(width: f64, height: f64, title: &str) -> Self {
        Svg { width, height, title: escape(title), body: String::new() }
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, x1: f64, y1: f64, x2: f64, y2: f64) {
        let (x1, y1, x2, y2) = (coord(x1), coord(y1), coord(x2), coord(y2));
        let _ = write!(self.body, "<path class=\"{class}\" d=\"M{x1} {y1}L{x2} {y2}\"/>");
    }

    /// A path of ready path data; empty data draws nothing.
    pub fn path(&mut self, class: &str, data: &str) {
        if !data.is_empty() {
            let _ = write!(self.body, "<path class=\"{class}\" d=\"{data}\"/>");
        }
    }

    /// Round marks of one size: path data of points (`M1 2h0M3 4h0`).
    pub fn marks(&mut self, class: &str, size: f64, data: &str) {
        if !data.is_empty() {
            let size = coord(size);
            let _ = write!(self.body, "<path class=\"{class}\" stroke-width=\"{size}\" d=\"{data}\"/>");
        }
    }

    /// A rectangle with a tooltip.
    pub fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64, tip: &str) {
        let (x, y, w, h) = (coord(x), coord(y), coord(width), coord(height));
        let _ = write!(self.body, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"");
        match tip {
            "" => self.body.push_str("/>"),
            tip => {
                let _ = write!(self.body, "><title>{}</title></rect>", escape(tip));
            }
        }
    }

    /// A line of text on its baseline.
    pub fn text(&mut self, class: &str, x: f64, y: f64, anchor: Anchor, text: &str) {
        let (x, y, a, t) = (coord(x), coord(y), anchor.name(), escape(text));
        let _ = write!(self.body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{a}\">{t}</text>");
    }

    /// Another drawing in this one, with its upper left corner there.
    pub fn put(&mut self, x: f64, y: f64, other: &Svg) {
        let _ = write!(self.body, "<g transform=\"translate({} {})\">{}</g>", coord(x), coord(y), other.body);
    }

    /// The element, for a page whose style sheet knows the classes.
    pub fn element(&self) -> String {
        self.wrapped("", "")
    }

    /// A file of its own, with its style sheet.
    pub fn file(&self, sheet: &str) -> String {
        let (w, h) = (coord(self.width), coord(self.height));
        self.wrapped(&format!(" width=\"{w}\" height=\"{h}\""), &format!("<style>\n{sheet}</style>")) + "\n"
    }

    fn wrapped(&self, size: &str, style: &str) -> String {
        let Svg { title, body, .. } = self;
        let (w, h) = (coord(self.width), coord(self.height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\"{size} viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{title}\">\
             <title>{title}</title>{style}{body}</svg>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_is_inert() {
        assert_eq!(escape("<b a=\"1\">&'\u{1b}"), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;\u{FFFD}");
    }

    #[test]
    fn coordinates_are_short() {
        for (v, s) in [(1.0, "1"), (1.26, "1.3"), (-0.04, "0"), (-0.26, "-0.3"), (-12.0, "-12"), (99.96, "100")] {
            assert_eq!(coord(v), s);
        }
    }
}
