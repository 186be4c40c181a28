//! What test runners say they ran.

use std::ops::AddAssign;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
}

impl Counts {
    /// Adds the line where it is a test runner's own sum: libtest's `test result: …`, or node's `pass 3` and `fail 0`.
    pub fn add_line(&mut self, line: &str) {
        let line = plain(line);
        if let Some(result) = line.strip_prefix("test result: ") {
            let sums = result.split_once(". ").map_or("", |(_, sums)| sums);
            for sum in sums.split("; ") {
                match sum.split_once(' ') {
                    Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                    Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                    _ => {}
                }
            }
        } else if let Some(sum) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) {
            match sum.split_once(' ') {
                Some(("pass", number)) => self.passed += number.parse().unwrap_or(0),
                Some(("fail" | "cancelled", number)) => self.failed += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// The line without its colours: `ESC [ … letter`.
fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        if char == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(char);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(output: &str) -> (u64, u64) {
        let mut counts = Counts::default();
        output.lines().for_each(|line| counts.add_line(line));
        (counts.passed, counts.failed)
    }

    #[test]
    fn sums_of_libtest() {
        let output = "running 2 tests\ntest a ... ok\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: \u{1b}[31mFAILED\u{1b}[0m. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(counts(output), (15, 2));
    }

    #[test]
    fn sums_of_node() {
        assert_eq!(
            counts("✔ signs up (3 ms)\nℹ tests 8\nℹ pass 5\nℹ fail 2\nℹ cancelled 1\nℹ skipped 0\n"),
            (5, 3)
        );
        assert_eq!(counts("ok 1 - a\n# tests 1\n# pass 1\n# fail 0\n# cancelled 0\n"), (1, 0));
        assert_eq!(counts("\u{1b}[34mℹ pass 7\u{1b}[39m\n"), (7, 0));
    }

    #[test]
    fn a_test_that_prints_numbers_does_not_count() {
        assert_eq!(counts("pass 5\n9 passed; 9 failed\n  test result: ok. 1 passed\n"), (0, 0));
    }
}
