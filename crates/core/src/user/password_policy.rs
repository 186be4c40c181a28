use secrecy::{ExposeSecret, SecretString};

use super::normalise_password;
use crate::breach;
use crate::context::Context;
use crate::error::{Error, FieldError, Result};

const MAX: usize = 128;

/// A new password: 8 to 128 characters after NFC, any characters, not an easily guessed one (NIST SP 800-63B-4,
/// section 3.1.1.2: no composition rules). `about` is what an attacker knows: the address, the names.
///
/// # Errors
/// What is wrong, for the field `field`. Otherwise the password as it is hashed.
pub fn check_password(
    context: &Context,
    field: &'static str,
    password: &SecretString,
    about: &[&str],
) -> Result<SecretString, FieldError> {
    // Counting and normalising a megabyte is work that nobody needs.
    if password.expose_secret().len() > MAX * 16 {
        return Err(too_long(field));
    }
    let normal = normalise_password(password);
    let length = normal.expose_secret().chars().count();
    let min = context.config.password.min_length;
    if length == 0 {
        return Err(FieldError::new(field, "required", "Enter a password."));
    }
    if normal.expose_secret().contains('\0') {
        return Err(FieldError::new(field, "invalid", "A password can't hold a NUL character."));
    }
    if length < min {
        return Err(FieldError::new(field, "too_short", format!("Use at least {min} characters.")));
    }
    if length > MAX {
        return Err(too_long(field));
    }
    if is_common(normal.expose_secret(), about) {
        return Err(FieldError::new(
            field,
            "password_common",
            "That password is easy to guess. Use a longer one, or a few unrelated words.",
        ));
    }
    Ok(normal)
}

/// The hash of a new password that was checked. One that has leaked elsewhere is refused, where the settings name a list;
/// where that does not answer, the password passes.
///
/// # Errors
/// `validation_failed` with `password_breached`, `overloaded`.
pub async fn hash_new_password(
    context: &Context,
    field: &'static str,
    password: &SecretString,
) -> Result<String> {
    if let Some(ranges) = &context.breached {
        match breach::is_breached(&**ranges, password.expose_secret()).await {
            Ok(false) => {}
            Ok(true) => {
                return Err(Error::invalid(vec![FieldError::new(
                    field,
                    "password_breached",
                    "That password has leaked elsewhere, and is tried first. Choose another.",
                )]));
            }
            Err(reason) => {
                metrics::counter!("breached_passwords_unanswered_total").increment(1);
                tracing::warn!(
                    reason,
                    "the list of leaked passwords does not answer; a password passed unseen"
                );
            }
        }
    }
    Ok(context.hasher.hash(password).await?)
}

fn too_long(field: &'static str) -> FieldError {
    FieldError::new(field, "too_long", format!("Use at most {MAX} characters."))
}

/// Fewer than a million guesses, by dictionaries and patterns that know the person's own words.
fn is_common(password: &str, about: &[&str]) -> bool {
    // The estimate's cost grows with the square of the length, and what 40 characters don't show no more will.
    let start: String = password.chars().take(40).collect();
    let about: Vec<&str> = about
        .iter()
        .flat_map(|word| word.split(['@', '.', ' ']).chain([*word]))
        .filter(|word| word.len() > 2)
        .collect();
    zxcvbn::zxcvbn(&start, &about).guesses() < 1_000_000
}
