//! The blocks of a page that do something.

/// What runs a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A shell.
    Shell,
    /// DuckDB.
    Sql,
    /// Python.
    Python,
    /// Nothing: it shows what the block before it printed.
    Shown,
}

/// A fenced block that is run, or shows what was printed.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// What runs it.
    pub kind: Kind,
    /// The line of its fence.
    pub line: usize,
    /// What stands between the fences.
    pub text: String,
    /// How it ends.
    pub exit_code: i32,
}

fn kind(fence: &str) -> Option<Kind> {
    match fence.trim_start_matches('`').trim() {
        "sh" => Some(Kind::Shell),
        "sql" => Some(Kind::Sql),
        "python" => Some(Kind::Python),
        "text" => Some(Kind::Shown),
        _ => None,
    }
}

/// The blocks of a page, in order; those that are marked as not run are left out.
pub fn blocks(page: &str) -> Result<Vec<Block>, String> {
    let mut found = Vec::new();
    let mut before = "";
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if !line.starts_with("```") {
            before = line;
            continue;
        }
        let text: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let mark = before.strip_prefix("<!-- ").and_then(|mark| mark.strip_suffix(" -->"));
        before = "";
        let exit_code = match mark {
            Some(mark) if mark.starts_with("not run: ") => continue,
            Some(mark) => mark
                .strip_prefix("exit code ")
                .and_then(|code| code.parse().ok())
                .ok_or_else(|| format!("line {number}: `{mark}` is neither `not run: WHY` nor `exit code N`"))?,
            None => 0,
        };
        if let Some(kind) = kind(line) {
            found.push(Block { kind, line: number + 1, text: text.join("\n") + "\n", exit_code });
        }
    }
    Ok(found)
}

#[test]
fn marks_and_languages_decide() {
    let page = "# Page\n```toml\na = 1\n```\n```sh\nls\n```\n<!-- not run: it takes a day -->\n```sh\nsleep 1d\n```\n\
                <!-- exit code 3 -->\n```sql\nSELECT 1\n```\n```text\n1\n```\n";
    let is = |kind, line, text: &str, exit_code| Block { kind, line, text: text.to_owned(), exit_code };
    let expected = [is(Kind::Shell, 5, "ls\n", 0), is(Kind::Sql, 13, "SELECT 1\n", 3), is(Kind::Shown, 16, "1\n", 0)];
    assert_eq!(blocks(page), Ok(expected.into()));
    assert!(blocks("<!-- sometimes -->\n```sh\nls\n```\n").is_err());
}
