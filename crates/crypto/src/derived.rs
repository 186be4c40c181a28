//! Tokens that are computed from a secret kept in a row, so that neither they nor hashes of them are stored. A token names
//! its row and a generation, and proves both with a MAC under the row's secret.

use aws_lc_rs::hmac;
use base64::Engine;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::rng::{Rng, random};
use crate::{BASE64URL, constant_time_eq};

/// The 256 random bits of one row. They are stored sealed.
pub struct RowSecret(Zeroizing<[u8; 32]>);

/// A token that has the right form. Whether it is true is for [`DerivedToken::is_genuine`] to say.
pub struct DerivedToken {
    /// Which row.
    pub id: [u8; 16],
    /// Which of the row's tokens.
    pub generation: u64,
    prefix: Box<str>,
    mac: Zeroizing<[u8; 32]>,
}

impl RowSecret {
    pub fn generate(rng: &dyn Rng) -> Self {
        Self(Zeroizing::new(random(rng)))
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The token of this row and generation: the prefix, then base64url(id ‖ generation, big-endian ‖ MAC).
pub fn derive(prefix: &str, id: &[u8; 16], generation: u64, secret: &RowSecret) -> SecretString {
    let mut bytes = Zeroizing::new([0; BYTES]);
    bytes[..16].copy_from_slice(id);
    bytes[16..24].copy_from_slice(&generation.to_be_bytes());
    bytes[24..].copy_from_slice(mac(prefix, id, generation, secret).as_ref());
    // Enough room from the start, so that no growing leaves a copy behind.
    let mut token = String::with_capacity(prefix.len() + CHARACTERS);
    token.push_str(prefix);
    BASE64URL.encode_string(bytes.as_slice(), &mut token);
    token.into()
}

/// Takes a token apart; `None` for anything that [`derive`] could not have written.
pub fn parse(prefix: &str, token: &str) -> Option<DerivedToken> {
    let body = token.strip_prefix(prefix).filter(|body| body.len() == CHARACTERS)?;
    let mut bytes = Zeroizing::new([0; BYTES]);
    BASE64URL.decode_slice_unchecked(body, bytes.as_mut_slice()).ok().filter(|length| *length == BYTES)?;
    Some(DerivedToken {
        id: bytes[..16].try_into().ok()?,
        generation: u64::from_be_bytes(bytes[16..24].try_into().ok()?),
        prefix: prefix.into(),
        mac: Zeroizing::new(bytes[24..].try_into().ok()?),
    })
}

impl DerivedToken {
    /// Whether this row's secret made the token. Takes the same time whatever the answer.
    pub fn is_genuine(&self, secret: &RowSecret) -> bool {
        constant_time_eq(mac(&self.prefix, &self.id, self.generation, secret).as_ref(), self.mac.as_slice())
    }
}

const BYTES: usize = 16 + 8 + 32;
const CHARACTERS: usize = (BYTES * 8).div_ceil(6);

/// The prefix is part of what is vouched for: a token of one kind is never one of another kind from the same row. What
/// follows it has a fixed length, so the parts cannot run into each other.
fn mac(prefix: &str, id: &[u8; 16], generation: u64, secret: &RowSecret) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.expose()));
    context.update(prefix.as_bytes());
    context.update(id);
    context.update(&generation.to_be_bytes());
    context.sign()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    fn token() -> String {
        derive("t_", &[7; 16], 3, &RowSecret::from_bytes([9; 32])).expose_secret().to_owned()
    }

    #[test]
    fn a_token_is_computed_again_to_the_letter_and_names_its_row() {
        let parsed = parse("t_", &token()).unwrap();
        assert_eq!((parsed.id, parsed.generation), ([7; 16], 3));
        assert!(parsed.is_genuine(&RowSecret::from_bytes([9; 32])));
        assert_eq!(token(), token());
        assert_eq!(token().len(), 2 + 75);
    }

    #[test]
    fn a_token_of_another_secret_generation_row_or_kind_is_not_genuine() {
        let secret = RowSecret::from_bytes([9; 32]);
        assert!(!parse("t_", &token()).unwrap().is_genuine(&RowSecret::from_bytes([8; 32])));
        for (id, generation) in [([7; 16], 4), ([6; 16], 3)] {
            let mut forged = parse("t_", &token()).unwrap();
            (forged.id, forged.generation) = (id, generation);
            assert!(!forged.is_genuine(&secret));
        }
        let other_kind = token().replacen("t_", "u_", 1);
        assert!(!parse("u_", &other_kind).unwrap().is_genuine(&secret));
    }

    #[test]
    fn a_second_spelling_of_a_token_is_refused() {
        let token = token();
        assert!(parse("t_", &format!("{token}=")).is_none());
        assert!(parse("t_", &format!("{token}A")).is_none());
        assert!(parse("t_", &token[..token.len() - 1]).is_none());
        assert!(parse("u_", &token).is_none());
        assert!(parse("t_", "").is_none());
        // 75 characters hold 450 bits for 448: only a quarter of all last characters are canonical.
        let stem = &token[..token.len() - 1];
        let accepted = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']);
        let accepted = accepted.filter(|last| parse("t_", &format!("{stem}{last}")).is_some()).count();
        assert_eq!(accepted, 16);
    }

    proptest! {
        #[test]
        fn parsing_anything_never_panics(text in ".{0,100}", body in "[A-Za-z0-9_-]{75}") {
            parse("t_", &text);
            if let Some(token) = parse("t_", &format!("t_{body}")) {
                prop_assert!(!token.is_genuine(&RowSecret::from_bytes([9; 32])));
            }
        }

        #[test]
        fn a_changed_token_is_never_genuine(at in 0..77_usize, byte in 0_u8..128) {
            let mut changed = token().into_bytes();
            prop_assume!(changed[at] != byte);
            changed[at] = byte;
            let changed = String::from_utf8(changed).unwrap();
            let genuine = parse("t_", &changed).is_some_and(|t| t.is_genuine(&RowSecret::from_bytes([9; 32])));
            prop_assert!(!genuine);
        }
    }
}
