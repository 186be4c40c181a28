//! Mechanisms: randomness, password hashing, sealing, signing keys and signed tokens, derived and opaque tokens, chains.
//! Knows no table, no user and no session.

pub mod backup_code;
pub mod chain;
pub mod derived;
pub mod jws;
pub mod mac;
pub mod opaque;
pub mod otp;
pub mod password;
pub mod rng;
pub mod seal;
pub mod signing;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// base64url without padding; decoding refuses padding and set trailing bits, so every value has one spelling.
const BASE64URL: base64::engine::GeneralPurpose = URL_SAFE_NO_PAD;

/// The SHA-256 digest of the data.
fn sha256(data: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// Whether both are the same, in a time that depends on their lengths alone.
fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}
