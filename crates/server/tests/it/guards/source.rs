//! Rust source taken apart: code, text literals, and which lines are tests.

/// A Rust file without what a guard must not trip over.
pub struct Source {
    /// The code alone: comments and literals are blanked out, and lines stay where they are.
    pub code: String,
    /// Text literals, each with the line on which it starts, counted from one.
    pub texts: Vec<(usize, String)>,
}

impl Source {
    /// Takes the file apart, up to the test module that by our custom ends it.
    pub fn read(text: &str) -> Self {
        let product = text.find("#[cfg(test)]\nmod ").map_or(text, |tests| &text[..tests]);
        let mut reader =
            Reader { rest: product, line: 1, source: Self { code: String::new(), texts: Vec::new() } };
        while !reader.rest.is_empty() {
            reader.step();
        }
        reader.source
    }

    /// The line of a byte of `code`, counted from one.
    pub fn line_of(&self, byte: usize) -> usize {
        self.code[..byte].matches('\n').count() + 1
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    source: Source,
}

impl Reader<'_> {
    fn step(&mut self) {
        let rest = self.rest;
        if rest.starts_with("//") {
            self.blank(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.blank(rest.find("*/").map_or(rest.len(), |end| end + 2));
        } else if let Some((open, close)) = raw_delimiters(rest).filter(|_| !self.inside_a_word()) {
            let end = rest[open..].find(&close).map_or(rest.len(), |end| open + end);
            self.text(open, end, (end + close.len()).min(rest.len()));
        } else if rest.starts_with('"') {
            let end = end_of_text(rest);
            self.text(1, end, (end + 1).min(rest.len()));
        } else if let Some(end) = end_of_char(rest) {
            self.blank(end);
        } else {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            self.line += usize::from(rest.starts_with('\n'));
            self.source.code.push_str(&rest[..next]);
            self.rest = &rest[next..];
        }
    }

    fn text(&mut self, from: usize, to: usize, end: usize) {
        self.source.texts.push((self.line, self.rest[from..to].to_owned()));
        self.blank(end);
    }

    fn blank(&mut self, end: usize) {
        let (blanked, rest) = self.rest.split_at(end);
        for byte in blanked.bytes() {
            self.source.code.push(if byte == b'\n' { '\n' } else { ' ' });
        }
        self.line += blanked.matches('\n').count();
        self.rest = rest;
    }

    fn inside_a_word(&self) -> bool {
        self.source.code.ends_with(|char: char| char.is_alphanumeric() || char == '_')
    }
}

/// Where the text of `r"…"`, `br#"…"#` begins, and what ends it.
fn raw_delimiters(rest: &str) -> Option<(usize, String)> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let open = after[hashes..].strip_prefix('"')?;
    Some((rest.len() - open.len(), format!("\"{}", "#".repeat(hashes))))
}

fn end_of_text(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// The end of `'x'` or `'\u{1b}'`; a lifetime is no literal.
fn end_of_char(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    if let Some(escape) = inside.strip_prefix('\\') {
        let first = escape.chars().next().map_or(0, char::len_utf8);
        return escape[first..].find('\'').map(|end| 2 + first + end + 1);
    }
    let char = inside.chars().next()?;
    inside[char.len_utf8()..].starts_with('\'').then(|| 1 + char.len_utf8() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_comments_are_told_from_code() {
        let source = Source::read(
            "let a = \"x \\\" // y\"; // crate::comment\n/* \"no\" */ let b: &'static str = r#\"raw \"q\" \"#;\n\
             let c = ['\"', '\\'', '\\u{1b}', 'é'];\nlet d = br\"bytes\";\n#[cfg(test)]\nmod tests { \"gone\" }\n",
        );
        let texts: Vec<_> = source.texts.iter().map(|(line, text)| (*line, text.as_str())).collect();
        assert_eq!(texts, [(1, "x \\\" // y"), (2, "raw \"q\" "), (4, "bytes")]);
        assert!(source.code.contains("let b: &'static str ="));
        assert!(
            !source.code.contains("comment") && !source.code.contains("no") && !source.code.contains("gone")
        );
        assert_eq!(source.line_of(source.code.find("let d").unwrap()), 4);
    }
}
