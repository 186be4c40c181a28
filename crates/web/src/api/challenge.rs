//! Proof of work.

use axum::extract::State;
use doorward_core::challenge;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::Web;

/// A puzzle. Find a nonce (1 to 32 characters without a dot) such that the SHA-256 of `{challenge}.{nonce}` begins with
/// `difficulty` zero bits; `{challenge}.{nonce}` is the `challenge_response`.
#[derive(Serialize, ToSchema)]
pub struct ChallengeAnswer {
    challenge: String,
    /// Leading bits of the hash that must be zero.
    #[schema(example = 16)]
    difficulty: u32,
    #[schema(example = "sha-256")]
    algorithm: &'static str,
    /// RFC 3339, in UTC.
    expires_at: String,
}

/// Get a proof-of-work puzzle.
///
/// Its solution goes into `challenge_response` of a request that was refused with `challenge_required`. Each is used once.
#[utoipa::path(get, path = "/v1/challenge", tag = "Sign-in", security(()), responses(
    (status = 200, description = "A puzzle", body = ChallengeAnswer),
))]
pub async fn issue(State(web): State<Web>) -> axum::Json<ChallengeAnswer> {
    let made = challenge::issue(web.context());
    axum::Json(ChallengeAnswer {
        challenge: made.challenge,
        difficulty: made.difficulty,
        algorithm: "sha-256",
        expires_at: made.expires_at.rfc3339(),
    })
}
