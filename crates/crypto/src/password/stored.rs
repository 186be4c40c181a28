//! Password hashes as they are stored, ours and those that other systems made: PHC strings of Argon2, scrypt and PBKDF2
//! (also as passlib writes the latter), Django's PBKDF2, and bcrypt.

use std::num::NonZeroU32;

use argon2::{Algorithm, Version};
use aws_lc_rs::pbkdf2;
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

use super::argon2::{Memory, OUTPUT, SALT, compute};
use super::{HashError, Params};
use crate::constant_time_eq;

/// A stored hash that is understood and not too costly to compute.
pub(super) struct Stored {
    kind: Kind,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

enum Kind {
    Argon2 { algorithm: Algorithm, version: Version, params: Params },
    Bcrypt { cost: u32 },
    Scrypt(scrypt::Params),
    Pbkdf2 { algorithm: pbkdf2::Algorithm, iterations: NonZeroU32 },
}

impl Stored {
    /// `None` for what is malformed, unknown, too weak to be a hash, or dearer than a sign-in may be. (A hash may come from
    /// an import; nobody shall stop a server with one.) What is configured is never too dear.
    pub(super) fn parse(text: &str, configured: Params) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let parts: Vec<&str> = text.split('$').collect();
        let stored = match *parts.as_slice() {
            ["", name @ ("argon2id" | "argon2i" | "argon2d"), "v=19", costs, salt, hash] => {
                argon2_phc(name, Version::V0x13, costs, salt, hash, configured)
            }
            // Written before the version was: 0x10 (Argon2's own PHC specification).
            ["", name @ ("argon2id" | "argon2i" | "argon2d"), "v=16", costs, salt, hash]
            | ["", name @ ("argon2id" | "argon2i" | "argon2d"), costs, salt, hash] => {
                argon2_phc(name, Version::V0x10, costs, salt, hash, configured)
            }
            ["", "2a" | "2b" | "2y", cost, salt_and_hash] => bcrypt_mcf(cost, salt_and_hash),
            ["", "scrypt", costs, salt, hash] => scrypt_phc(costs, salt, hash),
            ["", "pbkdf2-sha256", costs, salt, hash] => {
                pbkdf2_phc(pbkdf2::PBKDF2_HMAC_SHA256, costs, salt, hash)
            }
            ["", "pbkdf2-sha512", costs, salt, hash] => {
                pbkdf2_phc(pbkdf2::PBKDF2_HMAC_SHA512, costs, salt, hash)
            }
            ["pbkdf2_sha256", iterations, salt, hash] => django(iterations, salt, hash),
            _ => None,
        };
        stored.filter(|stored| HASH.contains(&stored.hash.len()) && stored.salt.len() <= MAX_SALT)
    }

    pub(super) fn matches(&self, password: &[u8], memory: &mut Memory) -> Result<bool, HashError> {
        let mut output = Zeroizing::new(vec![0; self.hash.len()]);
        match &self.kind {
            Kind::Argon2 { algorithm, version, params } => {
                compute(*algorithm, *version, *params, password, &self.salt, &mut output, memory)?;
            }
            Kind::Bcrypt { cost } => bcrypt(*cost, password, &self.salt, &mut output)?,
            Kind::Scrypt(params) => {
                scrypt::scrypt(password, &self.salt, params, &mut output).map_err(|_| HashError::Failed)?;
            }
            Kind::Pbkdf2 { algorithm, iterations } => {
                pbkdf2::derive(*algorithm, *iterations, &self.salt, password, &mut output);
            }
        }
        Ok(constant_time_eq(&output, &self.hash))
    }

    /// Whether a new hash would be of the same kind and cost.
    pub(super) fn is_current(&self, configured: Params) -> bool {
        let Kind::Argon2 { algorithm: Algorithm::Argon2id, version: Version::V0x13, params } = self.kind
        else {
            return false;
        };
        params == configured && self.salt.len() == SALT && self.hash.len() == OUTPUT
    }
}

const MAX_LENGTH: usize = 512;
const MAX_SALT: usize = 128;
/// From bcrypt and older Argon2 hashes (16) to PBKDF2 with SHA-512 (64).
const HASH: std::ops::RangeInclusive<usize> = 16..=64;

/// Each bound below is about two seconds on one core.
const MAX_ARGON2_KIB: u32 = 256 * 1024;
const MAX_ARGON2_KIB_PASSES: u64 = 2 * 1024 * 1024;
const MAX_BCRYPT_COST: u32 = 15;
/// log2 N; with r = 8, 128 MiB.
const MAX_SCRYPT_LOG_N: u32 = 17;
const MAX_SCRYPT_R: u32 = 8;
const MAX_SCRYPT_P: u32 = 4;
const MAX_PBKDF2_ITERATIONS: u32 = 5_000_000;

fn argon2_phc(
    name: &str,
    version: Version,
    costs: &str,
    salt: &str,
    hash: &str,
    configured: Params,
) -> Option<Stored> {
    let [memory_kib, passes, lanes] = numbers(costs, ["m", "t", "p"])?;
    let params = Params { memory_kib, passes, lanes };
    let total = |params: Params| u64::from(params.memory_kib) * u64::from(params.passes);
    let bounded = memory_kib <= MAX_ARGON2_KIB.max(configured.memory_kib)
        && total(params) <= MAX_ARGON2_KIB_PASSES.max(total(configured));
    let valid = passes >= 1 && lanes >= 1 && lanes <= memory_kib / 8;
    let stored = Stored {
        kind: Kind::Argon2 { algorithm: Algorithm::new(name).ok()?, version, params },
        salt: STANDARD_NO_PAD.decode(salt).ok()?,
        hash: STANDARD_NO_PAD.decode(hash).ok()?,
    };
    (bounded && valid && stored.salt.len() >= argon2::MIN_SALT_LEN).then_some(stored)
}

/// bcrypt's own base64. Salts made by hand have bits set beyond the sixteenth byte, which every implementation ignores.
const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

fn bcrypt_mcf(cost: &str, salt_and_hash: &str) -> Option<Stored> {
    let (salt, hash) = salt_and_hash.split_at_checked(22)?;
    let cost = number(cost).filter(|_| cost.len() == 2)?;
    let (salt, hash) = (BCRYPT_BASE64.decode(salt).ok()?, BCRYPT_BASE64.decode(hash).ok()?);
    let valid = (4..=MAX_BCRYPT_COST).contains(&cost) && salt.len() == 16 && hash.len() == 23;
    valid.then_some(Stored { kind: Kind::Bcrypt { cost }, salt, hash })
}

/// bcrypt ends a password with a zero byte and looks at the first 72 bytes of that, no more.
fn bcrypt(cost: u32, password: &[u8], salt: &[u8], output: &mut [u8]) -> Result<(), HashError> {
    let mut key = Zeroizing::new([0; 72]);
    let used = password.len().min(72);
    key[..used].copy_from_slice(&password[..used]);
    let key = &key[..(used + 1).min(72)];
    let salt = salt.try_into().map_err(|_| HashError::Failed)?;
    output.copy_from_slice(&bcrypt::bcrypt(cost, salt, key)[..output.len()]);
    Ok(())
}

fn scrypt_phc(costs: &str, salt: &str, hash: &str) -> Option<Stored> {
    let [log_n, r, p] = numbers(costs, ["ln", "r", "p"])?;
    let bounded = (1..=MAX_SCRYPT_LOG_N).contains(&log_n) && r <= MAX_SCRYPT_R && p <= MAX_SCRYPT_P;
    let params = scrypt::Params::new(u8::try_from(log_n).ok().filter(|_| bounded)?, r, p).ok()?;
    let (salt, hash) = (STANDARD_NO_PAD.decode(salt).ok()?, STANDARD_NO_PAD.decode(hash).ok()?);
    Some(Stored { kind: Kind::Scrypt(params), salt, hash })
}

/// `i=…` or `i=…,l=…` in PHC strings, the bare number in passlib's, whose base64 has `.` for `+`.
fn pbkdf2_phc(algorithm: pbkdf2::Algorithm, costs: &str, salt: &str, hash: &str) -> Option<Stored> {
    let decode = |text: &str| STANDARD_NO_PAD.decode(text.replace('.', "+")).ok();
    let hash = decode(hash)?;
    let counted = numbers(costs, ["i"]).map(|[iterations]| iterations);
    let with_length = || {
        let [iterations, length] = numbers(costs, ["i", "l"])?;
        (usize::try_from(length) == Ok(hash.len())).then_some(iterations)
    };
    let iterations = counted.or_else(with_length).or_else(|| number(costs))?;
    pbkdf2_stored(algorithm, iterations, decode(salt)?, hash)
}

/// `pbkdf2_sha256$iterations$salt$hash`, where the salt is used as it stands.
fn django(iterations: &str, salt: &str, hash: &str) -> Option<Stored> {
    let (salt, hash) = (salt.as_bytes().to_vec(), STANDARD.decode(hash).ok()?);
    pbkdf2_stored(pbkdf2::PBKDF2_HMAC_SHA256, number(iterations)?, salt, hash)
}

fn pbkdf2_stored(
    algorithm: pbkdf2::Algorithm,
    iterations: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
) -> Option<Stored> {
    let iterations = NonZeroU32::new(iterations).filter(|n| n.get() <= MAX_PBKDF2_ITERATIONS)?;
    Some(Stored { kind: Kind::Pbkdf2 { algorithm, iterations }, salt, hash })
}

/// `a=1,b=2` with exactly these names in this order.
fn numbers<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let mut values = [0; N];
    let mut fields = text.split(',');
    for (value, name) in values.iter_mut().zip(names) {
        *value = number(fields.next()?.strip_prefix(name)?.strip_prefix('=')?)?;
    }
    fields.next().is_none().then_some(values)
}

/// Decimal digits alone: no sign, no space.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
