//! Public keys: one entry of a JWK Set (RFC 7517), parsed once.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents};
use serde::Deserialize;
use serde_json::Value;

use crate::builder::ConfigError;
use crate::error::VerifyError;
use crate::jws::{Parts, decode, decode_into};

/// How a token may be signed (RFC 7518, section 3.1; RFC 8037, section 3.1). There is no symmetric one, and no `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256: Doorward's own choice unless it is set otherwise.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256, by keys of 2048 bits or more.
    Rs256,
}

impl Algorithm {
    pub const fn as_str(self) -> &'static str {
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
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, ConfigError> {
        let all = [Self::Es256, Self::EdDsa, Self::Rs256];
        all.into_iter()
            .find(|own| own.as_str() == name)
            .ok_or_else(|| ConfigError::new("an algorithm is ES256, EdDSA or RS256"))
    }
}

/// A key that may verify. Its algorithm is its own: nothing in a token chooses another (RFC 8725, section 3.1).
pub(crate) struct Key {
    pub kid: String,
    pub algorithm: Algorithm,
    public: ParsedPublicKey,
    /// The header of a token that was right in all: the next one with the same header need not be read again.
    header: OnceLock<Box<str>>,
    /// False once a fetched key set no longer has it: what it signed is not taken from then on.
    published: AtomicBool,
}

/// The members that count. Those of private keys are not read.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl Key {
    /// `None` for an entry that is not understood, not for verifying, too weak, or not of these algorithms.
    pub(crate) fn from_jwk(jwk: &Value, algorithms: &[Algorithm]) -> Option<Self> {
        let jwk = Jwk::deserialize(jwk).ok()?;
        let (algorithm, public) = jwk.material()?;
        let fits = algorithms.contains(&algorithm)
            && jwk.alg.as_deref().is_none_or(|alg| alg == algorithm.as_str())
            && jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
            && jwk.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|one| one == "verify"));
        let kid = jwk.kid.filter(|_| fits)?;
        Some(Self { kid, algorithm, public, header: OnceLock::new(), published: AtomicBool::new(true) })
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.kid == other.kid
            && self.algorithm == other.algorithm
            && self.public.as_ref() == other.public.as_ref()
    }

    pub(crate) fn is_published(&self) -> bool {
        self.published.load(Ordering::Acquire)
    }

    pub(crate) fn withdraw(&self) {
        self.published.store(false, Ordering::Release);
    }

    pub(crate) fn knows_header(&self, header: &str) -> bool {
        self.header.get().is_some_and(|known| **known == *header)
    }

    /// For a token that was right in all.
    pub(crate) fn remember_header(&self, header: &str) {
        if header.len() <= 512 {
            self.header.get_or_init(|| header.into());
        }
    }

    pub(crate) fn check_signature(&self, parts: &Parts<'_>) -> Result<(), VerifyError> {
        // 8192 bits of RSA.
        let mut buffer = [0; 1024 + 2];
        let signature = decode_into(parts.signature, &mut buffer)?;
        let holds = self.public.verify_sig(parts.signed.as_bytes(), signature);
        holds.map_err(|_| VerifyError::BadSignature)
    }
}

impl Jwk {
    fn material(&self) -> Option<(Algorithm, ParsedPublicKey)> {
        let number = |text: &Option<String>| decode(text.as_deref()?).ok();
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("EC", Some("P-256")) => {
                // RFC 7518, section 6.2.1.2: both at their full length. SEC 1, section 2.3.3: the point, uncompressed.
                let (x, y) = (number(&self.x)?, number(&self.y)?);
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                let fits = x.len() == 32 && y.len() == 32;
                let key = fits.then(|| ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point))?;
                Some((Algorithm::Es256, key.ok()?))
            }
            ("OKP", Some("Ed25519")) => {
                let point = number(&self.x)?;
                let key = (point.len() == 32).then(|| ParsedPublicKey::new(&signature::ED25519, point))?;
                Some((Algorithm::EdDsa, key.ok()?))
            }
            ("RSA", _) => {
                let (n, e) = (number(&self.n)?, number(&self.e)?);
                // RFC 7518, section 3.3: 2048 bits at least. An exponent of one, or an even one, makes forgeries.
                let fits = (256..=1024).contains(&n.len())
                    && (n.first()? >= &0x80 || n.len() > 256)
                    && e.last().is_some_and(|last| last % 2 == 1)
                    && e != [1];
                let key = fits.then(|| {
                    RsaPublicKeyComponents { n, e }
                        .to_parsed_public_key(&signature::RSA_PKCS1_2048_8192_SHA256)
                })?;
                Some((Algorithm::Rs256, key.ok()?))
            }
            _ => None,
        }
    }
}
