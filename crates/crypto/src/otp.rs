//! Time-based one-time passwords (RFC 6238) of six digits, thirty seconds and HMAC-SHA-1: what every authenticator app
//! makes, whatever else its address asks for.

use aws_lc_rs::hmac;

use crate::constant_time_eq;

/// Seconds that one code is shown for.
pub const STEP: i64 = 30;
/// In bytes: the length of the hash (RFC 4226, section 4, R6).
pub const SECRET_LENGTH: usize = 20;

/// The step in time of a moment, in seconds since 1970.
pub const fn step_at(seconds: i64) -> i64 {
    seconds.div_euclid(STEP)
}

/// The code of a step (RFC 4226, section 5.3).
pub fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[tag.len() - 1] & 0xf);
    let truncated = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
    format!("{:06}", truncated % 1_000_000)
}

/// The step whose code this is: the one that `seconds` lies in, the one before, or the one after (RFC 6238, section 5.2).
/// Takes the same time for every code.
pub fn matching_step(secret: &[u8], digits: &str, seconds: i64) -> Option<i64> {
    let now = step_at(seconds);
    let mut found = None;
    for step in [now + 1, now - 1, now] {
        if constant_time_eq(code(secret, step).as_bytes(), digits.as_bytes()) {
            found = Some(step);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, of whose eight digits six are ours.
    #[test]
    fn the_vectors_of_the_standard_come_out() {
        let secret = b"12345678901234567890";
        let vectors = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, expected) in vectors {
            assert_eq!(code(secret, step_at(seconds)), expected);
            assert_eq!(matching_step(secret, expected, seconds), Some(step_at(seconds)));
        }
    }

    /// RFC 4226, appendix D.
    #[test]
    fn the_vectors_of_the_counter_come_out() {
        let expected = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (counter, expected) in (0..).zip(expected) {
            assert_eq!(code(b"12345678901234567890", counter), expected);
        }
    }

    #[test]
    fn a_code_is_good_in_its_step_and_in_the_ones_beside() {
        let secret = [7; SECRET_LENGTH];
        let digits = code(&secret, 100);
        for (seconds, good) in [(2969, false), (2970, true), (3000, true), (3059, true), (3060, false)] {
            assert_eq!(matching_step(&secret, &digits, seconds), good.then_some(100), "{seconds}");
        }
        for wrong in ["", "12345", "1234567", "abcdef"] {
            assert_eq!(matching_step(&secret, wrong, 3000), None);
        }
    }
}
