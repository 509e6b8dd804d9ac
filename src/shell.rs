//! Commands to be pasted into a shell.

use crate::cli::Scenario;
use std::path::Path;

/// A word as a POSIX shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A path as a POSIX shell takes it. One that begins with a dash is no option.
pub fn path(path: &Path) -> String {
    let text = path.display().to_string();
    quoted(&if text.starts_with('-') { format!("./{text}") } else { text })
}

/// The scenario of these options and what was chosen of it, without its seed and output, as they would be typed.
pub fn same_choice(options: &Scenario) -> String {
    let set = options.set.iter().map(|s| ("set", format!("{}={}", s.key, s.value)));
    let variants = options.variants.iter().map(|v| ("variant", v.clone()));
    // One seed is what there is without it.
    let seeds = options.seeds.filter(|&n| n > 1).map(|n| ("seeds", n.to_string()));
    let chosen: String =
        set.chain(variants).chain(seeds).map(|(option, value)| format!(" --{option} {}", quoted(&value))).collect();
    path(&options.file) + &chosen
}

/// The seed, if it was chosen.
pub fn same_seed(options: &Scenario) -> String {
    options.seed.map(|seed| format!(" --seed {seed}")).unwrap_or_default()
}

/// The run directory, if it was chosen.
pub fn same_output(options: &Scenario) -> String {
    let force = if options.force { " --force" } else { "" };
    options.output.as_deref().map_or_else(String::new, |output| format!(" --output {}{force}", path(output)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_or_change_them() {
        assert_eq!(quoted("radio.tx_power=20dBm"), "radio.tx_power=20dBm");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
        assert_eq!(path(Path::new("-x.toml")), "./-x.toml");
        assert_eq!(path(Path::new("Straße 1.toml")), "'Straße 1.toml'");
    }
}
