//! The passkey as a factor, or as two: its device is one, and the PIN, the finger or the face that it verified another.

use serde_json::Value;

use super::{Method, VerifiedFactor};
use crate::context::{Caller, Context};
use crate::error::Result;
use crate::passkey::Started;
use crate::passkey::authentication::{self, Proof, Purpose};

/// Begins a sign-in by passkey. Nobody is named: the passkey says whose it is.
///
/// # Errors
/// `rate_limited`.
pub async fn start(context: &Context, caller: &Caller) -> Result<Started> {
    authentication::start(context, caller, Purpose::SignIn).await
}

/// Checks the passkey of somebody who signs in.
///
/// # Errors
/// As [`authentication::prove`].
pub async fn verify(
    context: &Context,
    caller: &Caller,
    token: &str,
    credential: &Value,
) -> Result<VerifiedFactor> {
    let proof = authentication::prove(context, caller, Purpose::SignIn, token, credential).await?;
    Ok(VerifiedFactor::of_passkey(&proof))
}

impl VerifiedFactor {
    fn of_passkey(proof: &Proof) -> Self {
        let method = Method::of_passkey(proof.user_verified(), proof.backup_eligible());
        Self { user: proof.user(), method, epoch: Some(proof.epoch()), attempt: None, second: None }
    }
}
