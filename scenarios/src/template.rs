//! Commented scenarios to start from, for `amitwin init`.

use std::str::FromStr;

/// What a new scenario is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateKind {
    /// A mass reset, spread in four ways.
    MassReset,
    /// Regular meter readings, at three data rates.
    Readings,
    /// The shortest scenario that runs.
    Minimal,
    /// A maintenance plan, in three ways.
    Plan,
}

impl TemplateKind {
    /// Every kind.
    pub const ALL: [TemplateKind; 4] =
        [TemplateKind::MassReset, TemplateKind::Readings, TemplateKind::Minimal, TemplateKind::Plan];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            TemplateKind::MassReset => "mass-reset",
            TemplateKind::Readings => "readings",
            TemplateKind::Minimal => "minimal",
            TemplateKind::Plan => "plan",
        }
    }
}

impl FromStr for TemplateKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = TemplateKind::ALL.map(TemplateKind::as_str);
        TemplateKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("there is no template `{text}`; templates are {}", known.join(", ")))
    }
}

/// The text of a new scenario.
pub fn template(name: &str, kind: TemplateKind) -> String {
    let text = match kind {
        TemplateKind::MassReset => include_str!("templates/mass-reset.toml"),
        TemplateKind::Readings => include_str!("templates/readings.toml"),
        TemplateKind::Minimal => include_str!("templates/minimal.toml"),
        TemplateKind::Plan => include_str!("templates/plan.toml"),
    };
    text.replace("\"NAME\"", &toml::Value::String(name.to_owned()).to_string())
}
