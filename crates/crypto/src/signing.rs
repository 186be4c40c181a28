//! Asymmetric keys for signed tokens: made, stored, published and parsed once.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, ParsedPublicKey, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use doorward_protocol::jwk::{Jwk, KeyMaterial};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::BASE64URL;

/// How a token is signed (RFC 7518, section 3.1 and RFC 8037, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256; keys that are made here have 2048 bits.
    Rs256,
}

/// The name is not `ES256`, `EdDSA` or `RS256`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a signing algorithm is ES256, EdDSA or RS256")]
pub struct UnknownAlgorithm;

/// A key could not be made, read or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    #[error("the key is malformed, weak, or not one for this algorithm")]
    Rejected,
    #[error("the cryptographic library failed")]
    Failed,
}

/// A private key, parsed.
pub struct SigningKey {
    pair: Pair,
    public: VerifyingKey,
    jwk: Jwk,
}

/// A public key, parsed. Its algorithm is its own: nothing in a token chooses another.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    kid: String,
    key: ParsedPublicKey,
}

impl SigningKey {
    /// A new key, from the cryptographic library's own generator. RSA takes a good part of a second.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::Es256)
            }
            Algorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::EdDsa),
            Algorithm::Rs256 => RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rs256),
        };
        Self::from_pair(pair.map_err(|_| KeyError::Failed)?)
    }

    /// Reads an unencrypted PKCS #8 document.
    pub fn from_pkcs8(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Pair::Es256)
            }
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8).map(Pair::EdDsa),
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(pkcs8).map(Pair::Rs256),
        };
        Self::from_pair(pair.map_err(|_| KeyError::Rejected)?)
    }

    /// The key as an unencrypted PKCS #8 document, to be sealed and stored.
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let written = "a key that was parsed can be written";
        Zeroizing::new(match &self.pair {
            Pair::Es256(pair) => pair.to_pkcs8v1().expect(written).as_ref().to_vec(),
            Pair::EdDsa(pair) => pair.to_pkcs8v1().expect(written).as_ref().to_vec(),
            Pair::Rs256(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).expect(written).as_ref().to_vec(),
        })
    }

    /// The key's RFC 7638 thumbprint in base64url.
    pub fn kid(&self) -> &str {
        self.public.kid()
    }

    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// The public half, to be published.
    pub fn public_jwk(&self) -> Jwk {
        self.jwk.clone()
    }

    pub fn verifying_key(&self) -> VerifyingKey {
        self.public.clone()
    }

    /// The signature in the form that JWS wants (RFC 7518, sections 3.3 and 3.4).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Es256(pair) => {
                pair.sign_digest(&digest::digest(&SHA256, message)).map(|s| s.as_ref().to_vec())
            }
            Pair::EdDsa(pair) => pair.try_sign(message).map(|s| s.as_ref().to_vec()),
            Pair::Rs256(pair) => {
                let mut bytes = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&signature::RSA_PKCS1_SHA256, &digest::digest(&SHA256, message), &mut bytes)
                    .map(|()| bytes)
            }
        }
        .map_err(|_| KeyError::Failed)
    }

    fn from_pair(pair: Pair) -> Result<Self, KeyError> {
        let (algorithm, key) = match &pair {
            Pair::Es256(pair) => {
                // SEC 1, section 2.3.3: 0x04, then both coordinates.
                let (x, y) = pair.public_key().as_ref().get(1..).ok_or(KeyError::Failed)?.split_at(32);
                let (x, y) = (BASE64URL.encode(x), BASE64URL.encode(y));
                (Algorithm::Es256, KeyMaterial::Ec { crv: "P-256".to_owned(), x, y })
            }
            Pair::EdDsa(pair) => {
                let x = BASE64URL.encode(pair.public_key());
                (Algorithm::EdDsa, KeyMaterial::Okp { crv: "Ed25519".to_owned(), x })
            }
            Pair::Rs256(pair) => {
                let (n, e) = rsa_numbers(pair.public_key().as_ref()).ok_or(KeyError::Failed)?;
                (Algorithm::Rs256, KeyMaterial::Rsa { n: BASE64URL.encode(n), e: BASE64URL.encode(e) })
            }
        };
        let mut jwk =
            Jwk { key, kid: None, usage: Some("sig".to_owned()), alg: Some(algorithm.as_str().to_owned()) };
        jwk.kid = Some(thumbprint(&jwk));
        Ok(Self { pair, public: VerifyingKey::from_jwk(&jwk)?, jwk })
    }
}

impl VerifyingKey {
    /// Takes a P-256, Ed25519 or RSA key (2048 bits or more) that is not meant for another use. Its `kid` is the JWK's own,
    /// or the thumbprint where it has none.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let number = |text: &str| BASE64URL.decode(text).map_err(|_| KeyError::Rejected);
        let (algorithm, key) = match &jwk.key {
            KeyMaterial::Ec { crv, x, y } if crv == "P-256" => {
                let point = [&[4], number(x)?.as_slice(), number(y)?.as_slice()].concat();
                let fits = point.len() == 65 && number(x)?.len() == 32;
                let key = fits.then(|| ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point));
                (Algorithm::Es256, key)
            }
            KeyMaterial::Okp { crv, x } if crv == "Ed25519" => {
                let point = number(x)?;
                let key = (point.len() == 32).then(|| ParsedPublicKey::new(&signature::ED25519, point));
                (Algorithm::EdDsa, key)
            }
            KeyMaterial::Rsa { n, e } => {
                let (n, e) = (number(n)?, number(e)?);
                // RFC 7518, section 3.3: 2048 bits at least. An exponent of one, or an even one, makes forgeries.
                let fits = (256..=1024).contains(&n.len())
                    && (n[0] >= 0x80 || n.len() > 256)
                    && e.last().is_some_and(|last| last % 2 == 1)
                    && e != [1];
                let components = RsaPublicKeyComponents { n, e };
                let key =
                    fits.then(|| components.to_parsed_public_key(&signature::RSA_PKCS1_2048_8192_SHA256));
                (Algorithm::Rs256, key)
            }
            _ => return Err(KeyError::Rejected),
        };
        let other_alg = jwk.alg.as_deref().is_some_and(|alg| alg != algorithm.as_str());
        let other_use = jwk.usage.as_deref().is_some_and(|usage| usage != "sig");
        if other_alg || other_use {
            return Err(KeyError::Rejected);
        }
        let key = key.ok_or(KeyError::Rejected)?.map_err(|_| KeyError::Rejected)?;
        Ok(Self { algorithm, kid: jwk.kid.clone().unwrap_or_else(|| thumbprint(jwk)), key })
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

impl Algorithm {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        [Self::Es256, Self::EdDsa, Self::Rs256]
            .into_iter()
            .find(|a| a.as_str() == name)
            .ok_or(UnknownAlgorithm)
    }
}

enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

fn thumbprint(jwk: &Jwk) -> String {
    BASE64URL.encode(crate::sha256(jwk.thumbprint_input().as_bytes()))
}

/// Modulus and exponent out of an `RSAPublicKey` (RFC 8017, appendix A.1.1), without leading zeros.
fn rsa_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    let (sequence, _) = der_value(SEQUENCE, der)?;
    let (modulus, rest) = der_value(INTEGER, sequence)?;
    let (exponent, _) = der_value(INTEGER, rest)?;
    let unsigned = |number: &'_ [u8]| number.iter().take_while(|byte| **byte == 0).count();
    Some((&modulus[unsigned(modulus)..], &exponent[unsigned(exponent)..]))
}

/// The contents of the DER value at the start, and what follows it.
fn der_value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = der.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 | 0x82 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    (found == tag).then(|| rest.split_at_checked(length))?
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

    #[test]
    fn a_key_signs_the_same_after_storing_and_its_published_half_verifies() {
        for algorithm in ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let read = SigningKey::from_pkcs8(algorithm, &key.to_pkcs8()).unwrap();
            assert_eq!((read.kid(), read.algorithm()), (key.kid(), algorithm));
            let public = VerifyingKey::from_jwk(&read.public_jwk()).unwrap();
            assert_eq!((public.kid(), public.algorithm()), (key.kid(), algorithm));
            let signature = read.sign(b"message").unwrap();
            assert!(public.verifies(b"message", &signature) && !public.verifies(b"massage", &signature));
            let other = SigningKey::generate(algorithm).unwrap();
            assert!(other.kid() != key.kid() && !other.verifying_key().verifies(b"message", &signature));
        }
    }

    #[test]
    fn a_key_of_one_algorithm_is_not_read_as_another() {
        for (made, read) in [(0, 1), (1, 2), (2, 0)] {
            let pkcs8 = SigningKey::generate(ALL[made]).unwrap().to_pkcs8();
            assert!(SigningKey::from_pkcs8(ALL[read], &pkcs8).is_err());
        }
        assert!(SigningKey::from_pkcs8(Algorithm::Es256, b"").is_err());
    }

    #[test]
    fn the_kid_is_the_thumbprint() {
        // RFC 8037, appendices A.1 to A.3.
        let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let key = VerifyingKey::from_jwk(&serde_json::from_str(jwk).unwrap()).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        // RFC 7638, section 3.1.
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let jwk = format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB","alg":"RS256"}}"#);
        let key = VerifyingKey::from_jwk(&serde_json::from_str(&jwk).unwrap()).unwrap();
        assert_eq!(key.kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_weak_malformed_or_misused_public_key_is_refused() {
        let jwk = SigningKey::generate(Algorithm::Es256).unwrap().public_jwk();
        let x = |jwk: &Jwk| match &jwk.key {
            KeyMaterial::Ec { x, .. } => x.clone(),
            _ => String::new(),
        };
        let off_curve = KeyMaterial::Ec { crv: "P-256".to_owned(), x: x(&jwk), y: x(&jwk) };
        let other_curve = KeyMaterial::Ec { crv: "P-384".to_owned(), x: x(&jwk), y: x(&jwk) };
        let short = KeyMaterial::Okp { crv: "Ed25519".to_owned(), x: "AAAA".to_owned() };
        let rsa = |bytes: usize, e: &str| KeyMaterial::Rsa {
            n: BASE64URL.encode(vec![0xff; bytes]),
            e: e.to_owned(),
        };
        let weak = [
            rsa(128, "AQAB"),
            rsa(0, "AQAB"),
            rsa(256, "AQ"),
            rsa(256, "Ag"),
            rsa(256, ""),
            rsa(4096, "AQAB"),
        ];
        for key in [off_curve, other_curve, short].into_iter().chain(weak) {
            let jwk = Jwk { key, kid: None, usage: None, alg: None };
            assert!(VerifyingKey::from_jwk(&jwk).is_err(), "{jwk:?}");
        }
        assert!(VerifyingKey::from_jwk(&Jwk { usage: Some("enc".to_owned()), ..jwk.clone() }).is_err());
        assert!(VerifyingKey::from_jwk(&Jwk { alg: Some("HS256".to_owned()), ..jwk }).is_err());
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for algorithm in ALL {
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
        }
        for name in ["none", "HS256", "es256", ""] {
            assert_eq!(name.parse::<Algorithm>(), Err(UnknownAlgorithm));
        }
    }
}
