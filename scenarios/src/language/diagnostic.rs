//! Errors that show the place in the file, what is wrong there and what to do.

use super::source::{Place, Sources};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;

/// Diagnostics that one error shows; the rest is counted.
const SHOWN_MAX: usize = 20;

/// Lists up to this length are shown even when one of them is near.
const SHORT_LIST: usize = 8;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// What is wrong, in one line.
    pub title: String,
    /// Where.
    pub place: Option<Place>,
    /// What is wrong with the marked text.
    pub label: String,
    /// Another place that matters, and why.
    pub related: Option<(Place, String)>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// With a title alone.
    pub fn error(title: impl Into<String>) -> Diagnostic {
        Diagnostic { title: title.into(), place: None, label: String::new(), related: None, help: None }
    }

    /// Marks a place.
    pub fn at(mut self, place: &Place, label: impl Into<String>) -> Diagnostic {
        self.place = Some(place.clone());
        self.label = label.into();
        self
    }

    /// Marks a second place.
    pub fn related(mut self, place: &Place, label: impl Into<String>) -> Diagnostic {
        self.related = Some((place.clone(), label.into()));
        self
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    fn render(&self, sources: &Sources, renderer: &Renderer) -> String {
        let mut group = Group::with_title(Level::ERROR.primary_title(&self.title));
        if let Some(place) = &self.place {
            group = group.element(snippet(sources, place, &self.label, AnnotationKind::Primary, self.related.as_ref()));
        }
        if let Some((place, label)) = &self.related
            && self.place.as_ref().is_none_or(|p| p.source != place.source)
        {
            group = group.element(snippet(sources, place, label, AnnotationKind::Context, None));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }
}

fn snippet<'a>(
    sources: &'a Sources,
    place: &Place,
    label: &'a str,
    kind: AnnotationKind,
    related: Option<&'a (Place, String)>,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let source = &sources.0[place.source];
    let bound =
        |at: usize| (0..=at.min(source.text.len())).rev().find(|i| source.text.is_char_boundary(*i)).unwrap_or(0);
    let annotation = kind.span(bound(place.start)..bound(place.end));
    let annotation = if label.is_empty() { annotation } else { annotation.label(label) };
    let mut snippet = Snippet::source(source.text.as_str()).path(source.name.as_str()).annotation(annotation);
    if let Some((other, label)) = related.filter(|(other, _)| other.source == place.source) {
        let span = bound(other.start)..bound(other.end);
        snippet = snippet.annotation(AnnotationKind::Context.span(span).label(label.as_str()));
    }
    snippet
}

/// A scenario that cannot run, with everything found wrong in it.
#[derive(Clone, Debug)]
pub struct ScenarioError {
    diagnostics: Vec<Diagnostic>,
    sources: Sources,
}

impl ScenarioError {
    /// From diagnostics in any order; they are sorted by place and freed of repetitions.
    pub fn new(mut diagnostics: Vec<Diagnostic>, sources: Sources) -> ScenarioError {
        diagnostics
            .sort_by(|a, b| (a.place.is_none(), &a.place, &a.title).cmp(&(b.place.is_none(), &b.place, &b.title)));
        diagnostics
            .dedup_by(|a, b| a.place == b.place && (a.title == b.title || a.place.is_some() && a.label == b.label));
        ScenarioError { diagnostics, sources }
    }

    /// Everything found wrong, in the order of the file.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// All messages as text for a terminal, with the lines of the file they are about.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let shown = self.diagnostics.iter().take(SHOWN_MAX);
        let mut text = shown.map(|d| d.render(&self.sources, &renderer)).collect::<Vec<_>>().join("\n\n");
        if self.diagnostics.len() > SHOWN_MAX {
            text.push_str(&format!("\n\n{} more errors are not shown", self.diagnostics.len() - SHOWN_MAX));
        }
        text
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for ScenarioError {}

/// The candidate that a misspelt word most likely meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let fold = |s: &str| s.to_lowercase().replace(['_', ' '], "-");
    let word = fold(word);
    if word.chars().count() < 3 {
        return None;
    }
    let scored = candidates.into_iter().map(|c| (strsim::damerau_levenshtein(&word, &fold(c)), c));
    let near = scored.filter(|(d, c)| {
        *d <= 1 + word.chars().count().max(c.chars().count()) / 4 || word.len() >= 5 && fold(c).starts_with(&word)
    });
    near.min_by_key(|(d, _)| *d).map(|(_, c)| c)
}

/// "did you mean `near`?", or the list of what is known.
pub fn suggest(word: &str, known: &[&str], what: &str) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) if known.len() > SHORT_LIST || known.len() == 1 => format!("did you mean `{near}`?"),
        Some(near) => format!("did you mean `{near}`? {what}: {}", known.join(", ")),
        None if known.is_empty() => format!("there is no {what}"),
        None => format!("{what}: {}", known.join(", ")),
    }
}
