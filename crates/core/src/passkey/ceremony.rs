//! What registration and authentication have in common: the challenge, the relying party, and the JSON that comes back.

use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use doorward_crypto::opaque::{opaque_token, token_hash};
use doorward_crypto::rng::random;
use doorward_db::Tx;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use uuid::Uuid;
use webauthn_rs_core::WebauthnCore;

use super::store;
use crate::context::{Context, UserId};
use crate::error::{Code, Error, FieldError, Result};

/// How long a challenge may be answered.
const LIFE: Duration = Duration::from_secs(10 * 60);
/// How long the browser is to wait for the person (Web Authentication, section 15.1, recommends five to ten minutes).
pub(super) const TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// What a challenge is for, and who alone may answer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    pub purpose: &'static str,
    pub user: Option<UserId>,
    /// A session, or a sign-in under way.
    pub to: Option<Uuid>,
}

/// Makes a challenge: the token that its answer comes with, and its bytes in base64url.
pub(super) async fn begin(
    tx: &mut Tx<'_>,
    context: &Context,
    bound: Bound,
) -> Result<(SecretString, String)> {
    let token = opaque_token("", &*context.rng);
    let challenge = random::<32>(&*context.rng);
    let now = context.now();
    store::insert_challenge(tx, &token_hash(token.expose_secret()), &bound, &challenge, now, now + LIFE)
        .await?;
    Ok((token, encode(&challenge)))
}

/// A challenge that waits for its answer.
pub(super) struct Open {
    token_hash: [u8; 32],
    pub challenge: Vec<u8>,
    /// Whether it is for what it is shown for, and belongs to whom it is shown by.
    pub fits: bool,
}

/// Looks a challenge up without using it.
///
/// # Errors
/// `invalid_or_expired_token`.
pub(super) async fn find(tx: &mut Tx<'_>, context: &Context, bound: Bound, token: &str) -> Result<Open> {
    let token_hash = token_hash(token);
    let found = store::challenge(tx, &token_hash, context.now()).await?;
    let (challenge, purpose, user, to) = found.ok_or_else(gone)?;
    let fits = purpose == bound.purpose && user == bound.user && to == bound.to;
    Ok(Open { token_hash, challenge, fits })
}

/// Uses a challenge up: of many at once, one wins.
///
/// # Errors
/// `invalid_or_expired_token`.
pub(super) async fn consume(tx: &mut Tx<'_>, context: &Context, open: &Open) -> Result<()> {
    let now = context.now().micros();
    tx.consume_once(&store::CHALLENGE, open.token_hash, now).await?.map(|_| ()).ok_or_else(gone)
}

/// The sentence for a challenge that is no more, or never was for this.
pub(super) fn gone() -> Error {
    Error::new(Code::InvalidOrExpiredToken)
        .with_detail("That took too long, or was answered already. Start with the passkey again.")
}

/// The library, set up for this installation. It takes the exact origins of the settings: no other port, no subdomain.
pub(super) fn relying_party(context: &Context) -> WebauthnCore {
    let settings = &context.config.webauthn;
    WebauthnCore::new_unsafe_experts_only(
        &context.config.brand.product_name,
        &settings.rp_id,
        settings.origins.clone(),
        TIMEOUT,
        Some(false),
        Some(false),
    )
}

/// Whether the browser says that it asked on a page of ours, which stood in no frame of another site's (Web Authentication,
/// section 5.8.1). The library compares more loosely, and does not know `topOrigin`.
pub(super) fn is_our_page(context: &Context, client_data: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ClientData {
        origin: String,
        #[serde(default)]
        cross_origin: bool,
        top_origin: Option<String>,
    }
    let Ok(data) = serde_json::from_slice::<ClientData>(client_data) else { return false };
    let ours =
        context.config.webauthn.origins.iter().any(|own| own.origin().ascii_serialization() == data.origin);
    ours && !data.cross_origin && data.top_origin.is_none()
}

/// Bytes, as WebAuthn's JSON forms write them: base64url without padding.
pub(super) struct Bytes(pub Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64_URL_SAFE_NO_PAD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

pub(super) fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A credential as the browser writes it (`RegistrationResponseJSON` and `AuthenticationResponseJSON`, Web Authentication,
/// section 5.1). Members that are not read here are passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Credential<R> {
    id: String,
    pub raw_id: Bytes,
    r#type: String,
    pub response: R,
}

impl<R: for<'de> Deserialize<'de>> Credential<R> {
    /// # Errors
    /// `validation_failed` for what is not of that form.
    pub fn read(credential: &Value) -> Result<Self> {
        let wrong = || {
            let detail = "Send the credential as the browser's toJSON() writes it.";
            Error::invalid(vec![FieldError::new("credential", "invalid", detail)])
        };
        let read = Self::deserialize(credential).map_err(|_| wrong())?;
        let is_sound = read.r#type == "public-key" && read.id == encode(&read.raw_id.0);
        if is_sound { Ok(read) } else { Err(wrong()) }
    }
}
