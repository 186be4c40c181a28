//! The compact form of a signed token (RFC 7515, section 7.1), read as strictly as RFC 8725 asks.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::error::VerifyError;
use crate::json::{Anything, Names};

/// Longer tokens are refused unread.
pub(crate) const MAX_LENGTH: usize = 8 * 1024;

/// A token taken apart, its parts still in base64url.
pub(crate) struct Parts<'t> {
    pub header: &'t str,
    pub payload: &'t str,
    pub signature: &'t str,
    /// Header and payload, with the point between them.
    pub signed: &'t str,
}

/// Of the header, what counts. It never brings a key along, and never chooses how it is used.
#[derive(Debug)]
pub(crate) struct Header {
    pub alg: String,
    pub kid: String,
    typ: Option<String>,
}

impl<'t> Parts<'t> {
    pub(crate) fn of(token: &'t str) -> Result<Self, VerifyError> {
        if token.len() > MAX_LENGTH {
            return Err(VerifyError::Malformed);
        }
        // A further point, as in the five parts of an encrypted token, is no base64url.
        let (signed, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(VerifyError::Malformed)?;
        Ok(Self { header, payload, signature, signed })
    }
}

impl Header {
    pub(crate) fn read(part: &str) -> Result<Self, VerifyError> {
        serde_json::from_slice(&decode(part)?).map_err(|_| VerifyError::Malformed)
    }

    /// RFC 9068, section 2.1. Media types compare without case, and `application/` may be left out (RFC 7515, section 4.1.9).
    pub(crate) fn check_type(&self) -> Result<(), VerifyError> {
        const PREFIX: &str = "application/";
        let found = self.typ.as_deref().ok_or(VerifyError::WrongType)?;
        let short = match found.split_at_checked(PREFIX.len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
            _ => found,
        };
        if short.eq_ignore_ascii_case("at+jwt") { Ok(()) } else { Err(VerifyError::WrongType) }
    }
}

/// Base64url without padding (RFC 7515, section 2), in its one canonical spelling.
pub(crate) fn decode(part: &str) -> Result<Vec<u8>, VerifyError> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| VerifyError::Malformed)
}

/// As [`decode`], into a place that is there already; gives what was filled.
pub(crate) fn decode_into<'b>(part: &str, buffer: &'b mut [u8]) -> Result<&'b [u8], VerifyError> {
    let length = BASE64_URL_SAFE_NO_PAD.decode_slice(part, buffer).map_err(|_| VerifyError::Malformed)?;
    buffer.get(..length).ok_or(VerifyError::Malformed)
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfHeader)
    }
}

struct OfHeader;

impl<'de> Visitor<'de> for OfHeader {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token's header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Header, A::Error> {
        let mut names = Names::new();
        let (mut alg, mut kid, mut typ) = (None, None, None);
        while let Some(name) = members.next_key()? {
            match &**names.add::<A::Error>(name)? {
                "alg" => alg = Some(members.next_value()?),
                "kid" => kid = Some(members.next_value()?),
                "typ" => typ = Some(members.next_value()?),
                // What brings a key along, or changes how the token is read (RFC 7515, sections 4.1.2 to 4.1.6 and 4.1.11;
                // RFC 7797), whatever it holds.
                "crit" | "jwk" | "jku" | "x5u" | "x5c" | "b64" => {
                    return Err(A::Error::custom("a member that is not taken"));
                }
                _ => {
                    members.next_value::<Anything>()?;
                }
            }
        }
        Ok(Header {
            alg: alg.ok_or_else(|| A::Error::missing_field("alg"))?,
            kid: kid.ok_or_else(|| A::Error::missing_field("kid"))?,
            typ,
        })
    }
}
