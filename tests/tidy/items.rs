//! Types and functions of a source file, as far as the rules ask for them: names, bodies, `&mut` parameters.

use crate::source::{Source, is_word};

/// A word or a sign of the code, with its line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token<'a> {
    pub text: &'a str,
    pub line: usize,
}

/// A struct, an enum or a type alias.
#[derive(Debug)]
pub struct Type<'a> {
    pub name: &'a str,
    pub line: usize,
    /// All between its braces or parentheses, or behind its equals sign.
    pub body: Vec<Token<'a>>,
    /// Named fields of a struct.
    pub fields: usize,
}

/// A function.
#[derive(Debug)]
pub struct Function<'a> {
    pub name: &'a str,
    pub line: usize,
    /// Words of all parameters that are borrowed to be changed; of `&mut self` the type that it is.
    pub changes: Vec<&'a str>,
}

/// What a file declares outside its tests.
#[derive(Debug, Default)]
pub struct Items<'a> {
    pub types: Vec<Type<'a>>,
    pub functions: Vec<Function<'a>>,
}

/// Reads a file's items.
pub fn items(source: &Source) -> Items<'_> {
    let tokens = tokens(source);
    let mut found = Items::default();
    // Types whose `impl` blocks are open, with the end of each.
    let mut owners: Vec<(&str, usize)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        owners.retain(|(_, end)| at < *end);
        let name = tokens.get(at + 1).filter(|next| is_word(next.text.as_bytes()[0]));
        match (token.text, name) {
            ("impl", _) if !follows(&tokens, at, &["(", ",", ":", "<", ">", "&", "=", "mut", "+"]) => {
                let open = seek(&tokens, at, "{");
                if let Some(owner) = owner(&tokens[at + 1..open]) {
                    owners.push((owner, close(&tokens, open)));
                }
            }
            ("struct" | "union", Some(name)) => found.types.push(declared(&tokens, at + 1, name)),
            ("enum", Some(name)) => {
                let mut item = declared(&tokens, at + 1, name);
                item.body = without_variants(&item.body);
                found.types.push(item);
            }
            ("type", Some(name)) => {
                let end = seek(&tokens, at, ";");
                let body = tokens[at..end].iter().skip_while(|token| token.text != "=").copied().collect();
                found.types.push(Type { name: name.text, line: name.line, body, fields: 0 });
            }
            ("fn", Some(name)) => {
                let open = seek_flat(&tokens, at + 2, &["("]);
                let parameters = &tokens[(open + 1).min(tokens.len())..close(&tokens, open)];
                let owner = owners.last().map(|(owner, _)| *owner);
                found.functions.push(Function {
                    name: name.text,
                    line: name.line,
                    changes: changes(parameters, owner),
                });
            }
            _ => {}
        }
    }
    found
}

/// A struct or enum whose name stands at `at`.
fn declared<'a>(tokens: &[Token<'a>], at: usize, name: &Token<'a>) -> Type<'a> {
    let open = seek_flat(tokens, at + 1, &["{", "(", ";"]);
    let is = |text| tokens.get(open).is_some_and(|token| token.text == text);
    let body = if is(";") { Vec::new() } else { tokens[(open + 1).min(tokens.len())..close(tokens, open)].to_vec() };
    let mut depth = 0;
    let mut fields = 0;
    for (n, token) in body.iter().enumerate() {
        match token.text {
            "{" | "(" | "[" | "<" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            ">" if n == 0 || body[n - 1].text != "-" => depth -= 1,
            ":" if depth == 0 && is("{") => fields += 1,
            _ => {}
        }
    }
    Type { name: name.text, line: name.line, body, fields }
}

/// The body of an enum without the names of its variants, which are no types.
fn without_variants<'a>(body: &[Token<'a>]) -> Vec<Token<'a>> {
    let parts = split(body).into_iter().map(|variant| {
        let name =
            (0..variant.len()).filter(|&n| is_word(variant[n].text.as_bytes()[0])).find(|&n| depth(variant, n) == 0);
        variant.iter().enumerate().filter(move |(n, _)| Some(*n) != name).map(|(_, token)| *token).collect::<Vec<_>>()
    });
    parts.flatten().collect()
}

/// Brackets open at `at`.
fn depth(tokens: &[Token], at: usize) -> i32 {
    tokens[..at]
        .iter()
        .map(|token| match token.text {
            "(" | "[" | "{" => 1,
            ")" | "]" | "}" => -1,
            _ => 0,
        })
        .sum()
}

/// The type that an `impl` block between the keyword and its brace is about.
fn owner<'a>(header: &[Token<'a>]) -> Option<&'a str> {
    let start = if header.first()?.text == "<" { after_generics(header, 0) } else { 0 };
    let behind = (start..header.len()).rev().find(|&n| {
        // `for<'a>` is no separator.
        header[n].text == "for" && header.get(n + 1).is_some_and(|next| next.text != "<")
    });
    let path = &header[behind.map_or(start, |n| n + 1)..];
    let end = path.iter().position(|token| token.text == "<" || token.text == "where").unwrap_or(path.len());
    path[..end].iter().rfind(|token| is_word(token.text.as_bytes()[0])).map(|token| token.text)
}

/// Words of the parameters that are borrowed to be changed.
fn changes<'a>(parameters: &[Token<'a>], owner: Option<&'a str>) -> Vec<&'a str> {
    let mut all = Vec::new();
    for parameter in split(parameters) {
        let mutable = parameter.windows(2).position(|pair| pair[1].text == "mut" && is_borrow(pair[0].text));
        let Some(at) = mutable else { continue };
        let words = parameter[at + 2..].iter().map(|token| token.text).filter(|text| is_word(text.as_bytes()[0]));
        all.extend(words.filter_map(|word| if matches!(word, "self" | "Self") { owner } else { Some(word) }));
    }
    all
}

/// `&`, or the lifetime behind one.
fn is_borrow(text: &str) -> bool {
    text == "&" || text.starts_with('\'')
}

/// Parts between the commas that lie in no brackets.
fn split<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (n, token) in tokens.iter().enumerate() {
        match token.text {
            "(" | "[" | "{" | "<" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            ">" if n == 0 || tokens[n - 1].text != "-" => depth -= 1,
            "," if depth == 0 => {
                parts.push(&tokens[start..n]);
                start = n + 1;
            }
            _ => {}
        }
    }
    parts.push(&tokens[start..]);
    parts
}

fn follows(tokens: &[Token], at: usize, before: &[&str]) -> bool {
    at > 0 && before.contains(&tokens[at - 1].text)
}

fn seek(tokens: &[Token], from: usize, text: &str) -> usize {
    tokens[from..].iter().position(|token| token.text == text).map_or(tokens.len(), |n| from + n)
}

/// The first of `texts` that lies outside `<…>`.
fn seek_flat(tokens: &[Token], mut at: usize, texts: &[&str]) -> usize {
    while at < tokens.len() && !texts.contains(&tokens[at].text) {
        at = if tokens[at].text == "<" { after_generics(tokens, at) } else { at + 1 };
    }
    at
}

/// Behind the `>` that closes the `<` at `at`.
fn after_generics(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0;
    for n in at..tokens.len() {
        match tokens[n].text {
            "<" => depth += 1,
            ">" if tokens[n - 1].text != "-" => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return n + 1;
        }
    }
    tokens.len()
}

/// Where the bracket at `open` is closed.
fn close(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (n, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return n;
        }
    }
    tokens.len()
}

/// Words, lifetimes and signs of the code outside tests.
pub fn tokens(source: &Source) -> Vec<Token<'_>> {
    let mut all = Vec::new();
    for (line, text) in source.lines(false) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let from = at;
            at += 1;
            if bytes[from].is_ascii_whitespace() {
                continue;
            }
            if is_word(bytes[from]) || bytes[from] == b'\'' {
                while at < bytes.len() && is_word(bytes[at]) {
                    at += 1;
                }
            } else {
                while !text.is_char_boundary(at) {
                    at += 1;
                }
                if text[from..].starts_with("::") {
                    at += 1;
                }
            }
            all.push(Token { text: &text[from..at], line });
        }
    }
    all
}
