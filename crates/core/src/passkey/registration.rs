//! Making a passkey for an account (Web Authentication, section 7.1).

use doorward_db::Tx;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs_core::proto::{
    AuthenticatorAttestationResponseRaw, COSEAlgorithm, Credential as Verified, RegisterPublicKeyCredential,
    RegistrationState,
};

use super::ceremony::{self, Bound, Bytes, Credential, Open};
use super::store::Key;
use super::{MOST, Passkey, Started, checked_name, display_name, providers, store};
use crate::alarm::{self, Alarm};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, SessionId, UserId};
use crate::error::{Code, Error, Result};
use crate::rate_limit::Class;
use crate::session::{self, Live};
use crate::user;

/// In the order in which we like them. RS256 is all that some TPMs sign with. The library can't verify EdDSA: whoever was offered
/// it would make a passkey in vain.
const ALGORITHMS: [COSEAlgorithm; 2] = [COSEAlgorithm::ES256, COSEAlgorithm::RS256];
const TRANSPORTS: [&str; 6] = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];

/// Who makes one. A challenge for one is worth nothing to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Whoever is signed in.
    Account { user: UserId, session: SessionId },
    /// The owner of an account that needs a second factor and has none, in a sign-in under way.
    Enrolment { user: UserId, flow: Uuid },
}

impl Purpose {
    pub fn of(live: &Live) -> Self {
        Self::Account { user: live.user.id, session: live.session.id }
    }

    const fn user(self) -> UserId {
        match self {
            Self::Account { user, .. } | Self::Enrolment { user, .. } => user,
        }
    }

    /// The session, or the sign-in under way.
    fn flow(self) -> Uuid {
        match self {
            Self::Account { session, .. } => session.uuid(),
            Self::Enrolment { flow, .. } => flow,
        }
    }

    fn bound(self) -> Bound {
        let purpose = match self {
            Self::Account { .. } => "register",
            Self::Enrolment { .. } => "enrol",
        };
        Bound { purpose, user: Some(self.user()), to: Some(self.flow()) }
    }
}

/// Begins: what the browser is to make, and a token for the answer. The caller sees to it that the session is fresh.
///
/// # Errors
/// `conflict` where the account has as many as it may have; `rate_limited`.
pub async fn start(context: &Context, caller: &Caller, purpose: Purpose) -> Result<Started> {
    let id = purpose.user();
    context.limit(Class::Passkey, caller, &purpose.flow().to_string()).await?;
    context
        .db
        .write(async |tx| {
            let user = user::find(tx, id).await?.ok_or(Code::SessionRevoked)?;
            let passkeys = store::of_user(tx, id).await?;
            ensure_room(passkeys.len())?;
            let (token, challenge) = ceremony::begin(tx, context, purpose.bound()).await?;
            let excluded: Vec<Value> = passkeys.iter().map(Passkey::descriptor).collect();
            let options = json!({
                "rp": {"id": context.config.webauthn.rp_id, "name": context.config.brand.product_name},
                "user": {
                    "id": ceremony::encode(id.uuid().as_bytes()),
                    "name": user.email,
                    "displayName": display_name(&user),
                },
                "challenge": challenge,
                "pubKeyCredParams": ALGORITHMS.map(|one| json!({"type": "public-key", "alg": one as i64})),
                "timeout": ceremony::TIMEOUT.as_millis(),
                "excludeCredentials": excluded,
                // Discoverable, so that it signs in without a name being typed.
                "authenticatorSelection": {
                    "residentKey": "required",
                    "requireResidentKey": true,
                    "userVerification": "preferred",
                },
                "attestation": "none",
            });
            Ok(Started { token, options })
        })
        .await
}

#[derive(Deserialize)]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    #[serde(rename = "attestationObject")]
    object: Bytes,
    #[serde(default)]
    transports: Vec<String>,
}

/// A new passkey as the browser handed it over, checked and not added yet.
pub(crate) struct Checked<'a> {
    purpose: Purpose,
    open: Open,
    name: Option<&'a str>,
    judged: Result<(Verified, Made)>,
}

impl Checked<'_> {
    /// Why it was not added.
    pub(crate) fn refusal(self) -> Error {
        self.judged.err().unwrap_or_else(ceremony::gone)
    }
}

/// Adds the passkey that the browser made, and tells the account's owner by mail.
///
/// # Errors
/// `invalid_or_expired_token`; `validation_failed` for a bad name or what is no credential; `conflict` where somebody has that
/// passkey already, or there is no room; `rate_limited`.
pub async fn finish(
    context: &Context,
    caller: &Caller,
    live: &Live,
    token: &str,
    credential: &Value,
    name: Option<&str>,
) -> Result<Passkey> {
    let checked = check(context, caller, Purpose::of(live), token, credential, name).await?;
    let added = context
        .db
        .write(async |tx| {
            session::ensure_holds_in(tx, context, live).await?;
            add(tx, context, caller, &checked).await
        })
        .await?;
    added.ok_or_else(|| checked.refusal())
}

/// Checks what the browser made, before the unit of work that adds it.
///
/// # Errors
/// `invalid_or_expired_token` for a challenge that is gone; `validation_failed` for a bad name or what is no credential;
/// `rate_limited`.
pub(crate) async fn check<'a>(
    context: &Context,
    caller: &Caller,
    purpose: Purpose,
    token: &str,
    credential: &Value,
    name: Option<&'a str>,
) -> Result<Checked<'a>> {
    context.limit(Class::Passkey, caller, &purpose.flow().to_string()).await?;
    let name = name.map(checked_name).transpose()?;
    let made = Credential::<Attestation>::read(credential)?;
    let bound = purpose.bound();
    let open = context.db.read(async |tx| ceremony::find(tx, context, bound, token).await).await?;
    let judged = if open.fits { judge(context, &open, made) } else { Err(ceremony::gone()) };
    Ok(Checked { purpose, open, name, judged })
}

/// Uses the challenge up, and adds the passkey where it holds. The challenge is spent whatever comes of it, so a refusal is
/// `None`: the unit of work must succeed.
///
/// # Errors
/// `conflict` where somebody has that passkey already, or there is no room.
pub(crate) async fn add(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    checked: &Checked<'_>,
) -> Result<Option<Passkey>> {
    ceremony::consume(tx, context, &checked.open).await?;
    let Ok((verified, made)) = &checked.judged else { return Ok(None) };
    let user = user::find(tx, checked.purpose.user()).await?.ok_or(Code::SessionRevoked)?;
    ensure_room(usize::try_from(store::count(tx, user.id).await?).unwrap_or(usize::MAX))?;
    let passkey = Passkey {
        id: context.new_id(),
        user: user.id,
        credential_id: verified.cred_id.clone(),
        name: checked.name.map_or_else(|| default_name(caller, made.aaguid), str::to_owned),
        aaguid: made.aaguid,
        backup_eligible: verified.backup_eligible,
        backed_up: verified.backup_state,
        created_at: context.now(),
        last_used_at: None,
        transports: made.transports.clone(),
    };
    let key = Key {
        cose: serde_json::to_string(&verified.cred).map_err(Error::internal)?,
        sign_count: i64::from(verified.counter),
        user_verified: verified.user_verified,
        second_only: false,
    };
    if !store::insert(tx, &passkey, &key).await? {
        return Err(Error::new(Code::Conflict).with_detail("That passkey is in use already."));
    }
    alarm::tell(tx, context, caller, user.id, &user.email, Alarm::PasskeyAdded).await?;
    let event = Event::new(EventType::PasskeyAdded).user(user.id);
    let event = match checked.purpose {
        Purpose::Account { session, .. } => event.session(session),
        Purpose::Enrolment { .. } => event,
    };
    let event = event.with("passkey", passkey.id.to_string()).with("backed_up", passkey.backed_up);
    audit::record(tx, context, caller, event).await?;
    Ok(Some(passkey))
}

impl Passkey {
    /// As the browser is told of it (`PublicKeyCredentialDescriptorJSON`, Web Authentication, section 5.10.3).
    pub(super) fn descriptor(&self) -> Value {
        let mut descriptor = json!({"type": "public-key", "id": self.credential_id_text()});
        if !self.transports.is_empty() {
            descriptor["transports"] = json!(self.transports);
        }
        descriptor
    }
}

fn ensure_room(has: usize) -> Result<()> {
    if i64::try_from(has).is_ok_and(|has| has < MOST) {
        return Ok(());
    }
    Err(Error::new(Code::Conflict).with_detail("An account can have 20 passkeys. Remove one first."))
}

fn default_name(caller: &Caller, aaguid: Uuid) -> String {
    providers::find(aaguid).map_or_else(|| caller.client().name(), |(name, _)| name.to_owned())
}

/// What the credential says beside what is verified of it.
struct Made {
    aaguid: Uuid,
    transports: Vec<String>,
}

fn judge(context: &Context, open: &Open, made: Credential<Attestation>) -> Result<(Verified, Made)> {
    let refuse = || {
        Error::new(Code::MalformedRequest)
            .with_detail("The new passkey could not be verified. Try again, on the page where you started.")
    };
    let response = made.response;
    if !ceremony::is_our_page(context, &response.client_data.0) {
        return Err(refuse());
    }
    let state: RegistrationState = serde_json::from_value(json!({
        "policy": "preferred",
        "exclude_credentials": [],
        "challenge": ceremony::encode(&open.challenge),
        "credential_algorithms": ALGORITHMS,
        "require_resident_key": true,
        "authenticator_attachment": null,
        "extensions": {},
        "allow_synchronised_authenticators": true,
    }))
    .map_err(Error::internal)?;
    let transports =
        response.transports.into_iter().filter(|one| TRANSPORTS.contains(&one.as_str())).collect();
    let aaguid = aaguid(&response.object.0).unwrap_or_default();
    let answer = RegisterPublicKeyCredential {
        id: ceremony::encode(&made.raw_id.0),
        raw_id: made.raw_id.0,
        response: AuthenticatorAttestationResponseRaw {
            attestation_object: response.object.0,
            client_data_json: response.client_data.0,
            transports: None,
        },
        type_: "public-key".to_owned(),
        extensions: webauthn_rs_core::proto::RegistrationExtensionsClientOutputs::default(),
    };
    let verified = ceremony::relying_party(context)
        .register_credential(&answer, &state, None)
        .map_err(|error| refuse().with_cause(error))?;
    if verified.cred_id != answer.raw_id {
        return Err(refuse());
    }
    Ok((verified, Made { aaguid, transports }))
}

/// The model of the authenticator (Web Authentication, section 6.5.1), which stands at a fixed place of the authenticator data.
/// The library keeps it only where it was attested. It decides nothing but a name.
fn aaguid(attestation_object: &[u8]) -> Option<Uuid> {
    // CBOR's text `authData`, then the head of its byte string.
    const KEY: &[u8] = b"\x68authData";
    let at = attestation_object.windows(KEY.len()).position(|window| window == KEY)?;
    let value = attestation_object.get(at + KEY.len()..)?;
    let ([0x58, _, data @ ..] | [0x59, _, _, data @ ..]) = value else { return None };
    Uuid::from_slice(data.get(37..53)?).ok()
}
