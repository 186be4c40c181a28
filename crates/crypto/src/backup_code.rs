//! Backup codes: fifty random bits that people can type, known again by a MAC under a key of their set's own.

use std::fmt;

use aws_lc_rs::hmac;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::rng::{Rng, random};

/// Of 32 letters and digits: 50 bits.
const LENGTH: usize = 10;
/// Crockford's base 32: none of I, L, O and U, which are misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The key of one set.
pub struct SetKey(Zeroizing<[u8; 32]>);

impl SetKey {
    pub fn generate(rng: &dyn Rng) -> Self {
        Self(Zeroizing::new(random(rng)))
    }

    /// `None` for what is no key.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &*self.0
    }

    /// A new code, and the MAC to keep of it.
    pub fn make(&self, rng: &dyn Rng) -> (SecretString, [u8; 32]) {
        let code: Zeroizing<String> = Zeroizing::new(
            random::<LENGTH>(rng).iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect(),
        );
        let shown = format!("{}-{}", &code[..LENGTH / 2], &code[LENGTH / 2..]);
        let tag = hmac::sign(&self.key(), code.as_bytes());
        (SecretString::from(shown), tag.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }

    /// Whether this is the code of the MAC, as people type it: in either case, with or without the dash, and with the
    /// letters that look like digits.
    pub fn is_code_of(&self, typed: &str, mac: &[u8]) -> bool {
        let code: Zeroizing<String> = Zeroizing::new(
            typed
                .chars()
                .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '—'))
                .map(|c| match c.to_ascii_uppercase() {
                    'O' => '0',
                    'I' | 'L' => '1',
                    c => c,
                })
                .collect(),
        );
        hmac::verify(&self.key(), code.as_bytes(), mac).is_ok()
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &*self.0)
    }
}

impl fmt::Debug for SetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::rng::SystemRng;

    #[test]
    fn a_code_is_known_again_however_it_is_typed_and_under_its_own_key_alone() {
        let (key, other) = (SetKey::generate(&SystemRng), SetKey::generate(&SystemRng));
        for _ in 0..200 {
            let (code, mac) = key.make(&SystemRng);
            let code = code.expose_secret();
            assert_eq!(code.len(), 11);
            let mistyped = code.replace('0', "o").replace('1', "l");
            for typed in [
                code.to_owned(),
                code.to_lowercase(),
                code.replace('-', ""),
                code.replace('-', " "),
                mistyped,
            ] {
                assert!(key.is_code_of(&typed, &mac), "{typed}");
            }
            assert!(!other.is_code_of(code, &mac));
            assert!(!key.is_code_of(key.make(&SystemRng).0.expose_secret(), &mac));
        }
        assert!(!key.is_code_of("", &[]));
    }
}
