use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

/// The text with `$1` for `?1`, made once for each text of the program.
pub(super) fn rewritten(sql: &'static str) -> &'static str {
    static KNOWN: LazyLock<RwLock<HashMap<(usize, usize), &'static str>>> = LazyLock::new(RwLock::default);
    let key = (sql.as_ptr().addr(), sql.len());
    if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return known;
    }
    // Kept for the life of the process: there are as many as there are texts in the program.
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.entry(key).or_insert_with(|| rewrite(sql).leak())
}

/// Leaves alone what stands in quotes and comments.
fn rewrite(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            _ => first.len_utf8(),
        };
        if first == '?' && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
            out.push('$');
        } else {
            out.push_str(&rest[..taken]);
        }
        rest = &rest[taken..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{rewrite, rewritten};

    #[test]
    fn placeholders_become_dollars_outside_of_quotes_and_comments() {
        for (from, to) in [
            ("SELECT ?1, ?12", "SELECT $1, $12"),
            ("SELECT '?1', \"?2\", ?3", "SELECT '?1', \"?2\", $3"),
            ("SELECT 'it''s ?1', ?1", "SELECT 'it''s ?1', $1"),
            ("SELECT ?1 -- ?2\n, ?2 /* ?3 */", "SELECT $1 -- ?2\n, $2 /* ?3 */"),
            ("SELECT 'offen ?1", "SELECT 'offen ?1"),
            ("SELECT \u{e4} ? x", "SELECT \u{e4} ? x"),
        ] {
            assert_eq!(rewrite(from), to);
        }
    }

    #[test]
    fn a_text_is_rewritten_once() {
        const SQL: &str = "SELECT ?1 FROM once";
        assert!(std::ptr::eq(rewritten(SQL), rewritten(SQL)));
    }
}
