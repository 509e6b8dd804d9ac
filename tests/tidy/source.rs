//! A source file as the rules see it: text, code without comments and literals, and which lines are tests.

use std::path::Path;

/// One Rust file.
pub struct Source {
    /// Path from the repository's root, with forward slashes.
    pub path: String,
    /// As written.
    pub text: String,
    /// Comments, strings and characters blanked out; same lines, same columns.
    pub code: String,
    /// Only strings and characters blanked out.
    pub prose: String,
    /// For each line whether it belongs to tests.
    pub test: Vec<bool>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let (code, prose) = (blank(text, true), blank(text, false));
        let path = path.replace('\\', "/");
        let parts: Vec<&str> = path.split('/').collect();
        // The crate `benches` is no test.
        let whole = parts.iter().any(|p| matches!(*p, "tests" | "tests.rs")) || parts[1..].contains(&"benches");
        let test = if whole { vec![true; text.lines().count()] } else { test_lines(&code) };
        Source { text: text.to_owned(), code, prose, test, path }
    }

    /// Every Rust file under the folders `crates` of `root`, sorted by path.
    pub fn all(root: &Path, folders: &[&str]) -> Vec<Source> {
        let mut found = Vec::new();
        for folder in folders {
            walk(root, &root.join(folder), &mut found);
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }

    /// Lines of code with their numbers; without those of tests unless `with_tests`.
    pub fn lines(&self, with_tests: bool) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.code.lines().enumerate().map(|(n, line)| (n + 1, line));
        lines.filter(move |(n, _)| with_tests || !self.test[n - 1])
    }

    /// Name of the crate: `models`, or `` for the root package.
    pub fn krate(&self) -> &str {
        match self.path.split_once('/') {
            Some(("models", rest)) if rest.starts_with("dlms/") => "dlms",
            Some(("models", rest)) if rest.starts_with("maintenance/") => "maintenance",
            Some(("tests", rest)) if rest.starts_with("testkit/") => "testkit",
            Some(("src" | "tests", _)) | None => "",
            Some((folder, _)) => folder,
        }
    }
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("a readable entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            walk(root, &path, found);
        } else if name.ends_with(".rs") {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let relative = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
            found.push(Source::new(&relative, &text));
        }
    }
}

/// Replaces literals, and comments if asked, by spaces. Line breaks stay.
fn blank(text: &str, comments: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let (end, blanked) = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => (line_end(bytes, at), comments),
            b'/' if bytes[at..].starts_with(b"/*") => (comment_end(bytes, at), comments),
            b'"' => (string_end(bytes, at), true),
            b'r' if at == 0 || !is_word(bytes[at - 1]) || bytes[at - 1] == b'b' => match raw_end(bytes, at) {
                Some(end) => (end, true),
                None => (at + 1, false),
            },
            b'\'' => match char_end(bytes, at) {
                Some(end) => (end, true),
                None => (at + 1, false),
            },
            _ => (at + 1, false),
        };
        if blanked {
            out[at..end].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
        }
        at = end;
    }
    String::from_utf8(out).expect("only whole literals were blanked")
}

pub fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n)
}

fn comment_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if bytes[at..].starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut n = at + 1;
    while n < bytes.len() && bytes[n] != b'"' {
        n += if bytes[n] == b'\\' { 2 } else { 1 };
    }
    (n + 1).min(bytes.len())
}

/// End of `r"…"` or `r#"…"#`, if one starts here.
fn raw_end(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes[at + 1..].iter().take_while(|b| **b == b'#').count();
    let open = at + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let length = bytes[open + 1..].windows(close.len()).position(|w| w == close);
    Some(length.map_or(bytes.len(), |n| open + 1 + n + close.len()))
}

/// End of a character literal; `None` for a lifetime.
fn char_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at + 1) == Some(&b'\\') {
        let from = at + 3;
        return bytes[from.min(bytes.len())..].iter().position(|b| *b == b'\'').map(|n| from + n + 1);
    }
    let width = (1..=4).find(|n| bytes.get(at + 1 + n) == Some(&b'\''))?;
    let inside = std::str::from_utf8(&bytes[at + 1..at + 1 + width]).ok()?;
    (inside.chars().count() == 1).then_some(at + width + 2)
}

/// Lines of the items behind `#[cfg(test)]` and `#[test]`.
fn test_lines(code: &str) -> Vec<bool> {
    let bytes = code.as_bytes();
    let mut test = vec![false; code.lines().count()];
    let line_of = |at: usize| bytes[..at].iter().filter(|b| **b == b'\n').count();
    for marker in ["#[cfg(test)]", "#[test]"] {
        for (at, _) in code.match_indices(marker) {
            let end = item_end(bytes, at + marker.len());
            let last = line_of(end).min(test.len() - 1);
            test[line_of(at)..=last].fill(true);
        }
    }
    test
}

/// End of the item that starts here: its closing brace, or a semicolon before any brace.
fn item_end(bytes: &[u8], at: usize) -> usize {
    let mut depth = 0;
    for (n, byte) in bytes.iter().enumerate().skip(at) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b';' if depth == 0 => return n,
            _ => continue,
        }
        if depth == 0 {
            return n;
        }
    }
    bytes.len()
}
