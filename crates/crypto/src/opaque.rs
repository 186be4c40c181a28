//! Tokens and codes that mean nothing in themselves: whoever keeps them keeps a hash or a MAC.

use base64::Engine;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::BASE64URL;
use crate::rng::{Rng, random};

/// A token of 256 random bits: the prefix, then 43 characters of base64url.
pub fn opaque_token(prefix: &str, rng: &dyn Rng) -> SecretString {
    let bytes = Zeroizing::new(random::<32>(rng));
    // Enough room from the start, so that no growing leaves a copy behind.
    let mut token = String::with_capacity(prefix.len() + 43);
    token.push_str(prefix);
    BASE64URL.encode_string(bytes.as_slice(), &mut token);
    token.into()
}

/// What is stored of an opaque token: its SHA-256, prefix included. Fit for 256-bit tokens only, not for short codes.
pub fn token_hash(token: &str) -> [u8; 32] {
    crate::sha256(token.as_bytes())
}

/// SHA-1 in hex, only for what others have agreed to look up by it.
pub fn sha1_hex(text: &str) -> String {
    use std::fmt::Write as _;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    let mut hex = String::with_capacity(40);
    for byte in digest.as_ref() {
        let _ = write!(hex, "{byte:02X}");
    }
    hex
}

/// Six decimal digits, each code as likely as any other.
pub fn one_time_code(rng: &dyn Rng) -> String {
    // 128 bits cut down to a million leave a bias below 2^-108, and need no loop that a stuck rng would never leave.
    format!("{:06}", u128::from_le_bytes(random(rng)) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::rng::SystemRng;

    #[test]
    fn a_token_has_256_bits_and_its_prefix() {
        let token = opaque_token("p_", &SystemRng);
        let body = token.expose_secret().strip_prefix("p_").unwrap();
        assert_eq!(BASE64URL.decode(body).unwrap().len(), 32);
        assert_ne!(token.expose_secret(), opaque_token("p_", &SystemRng).expose_secret());
    }

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(token_hash("abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
    }

    #[test]
    fn codes_are_six_digits_and_spread_over_the_whole_range() {
        let codes: Vec<String> = (0..2000).map(|_| one_time_code(&SystemRng)).collect();
        assert!(codes.iter().all(|code| code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())));
        for first in '0'..='9' {
            let count = codes.iter().filter(|code| code.starts_with(first)).count();
            assert!((100..300).contains(&count), "{first} leads {count} of 2000 codes");
        }
    }
}
