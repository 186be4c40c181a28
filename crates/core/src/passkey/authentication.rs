//! Proving a passkey (Web Authentication, section 7.2): the one way, whatever it is proved for.

use doorward_db::Tx;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AttestationFormat, AuthenticationResult, AuthenticationState, AuthenticatorAssertionResponseRaw, COSEKey,
    Credential as Verifier, ParsedAttestation, PublicKeyCredential, RegisteredExtensions,
    UserVerificationPolicy,
};

use super::ceremony::{self, Bound, Bytes, Credential, Open};
use super::store::Key;
use super::{Passkey, Started, store};
use crate::alarm::{self, Alarm};
use crate::audit::{self, Event, EventType};
use crate::context::{Caller, Context, PasskeyId, SessionId, UserId};
use crate::error::{Code, Error, FieldError, Result};
use crate::rate_limit::Class;
use crate::user::{self, User};

/// What a passkey is proved for. A challenge for one thing is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Whoever it is: the passkey says so.
    SignIn,
    /// The owner of an account who has proved another factor, in a sign-in under way. Where that was a passkey too, the
    /// authenticator must verify its user this time.
    SecondFactor { user: UserId, flow: Uuid, verifies: bool },
    /// Whoever is signed in, again.
    Reauthenticate { user: UserId, session: SessionId },
}

impl Purpose {
    /// What is asked of the authenticator (Web Authentication, section 5.8.6).
    fn user_verification(self) -> &'static str {
        if matches!(self, Self::SecondFactor { verifies: true, .. }) { "required" } else { "preferred" }
    }

    fn user(self) -> Option<UserId> {
        match self {
            Self::SignIn => None,
            Self::SecondFactor { user, .. } | Self::Reauthenticate { user, .. } => Some(user),
        }
    }

    fn bound(self) -> Bound {
        let (purpose, to) = match self {
            Self::SignIn => ("sign_in", None),
            Self::SecondFactor { flow, .. } => ("second_factor", Some(flow)),
            Self::Reauthenticate { session, .. } => ("reauthenticate", Some(session.uuid())),
        };
        Bound { purpose, user: self.user(), to }
    }
}

/// Somebody has proved a passkey just now. Only [`prove`] makes one.
#[derive(Debug)]
pub struct Proof {
    user: UserId,
    epoch: i64,
    passkey: PasskeyId,
    user_verified: bool,
    backup_eligible: bool,
}

impl Proof {
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The account's epoch when it was proved.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    pub fn passkey(&self) -> PasskeyId {
        self.passkey
    }

    /// The authenticator verified its user, by a PIN, a finger or a face: two factors in one.
    pub fn user_verified(&self) -> bool {
        self.user_verified
    }

    /// RFC 8176.
    pub fn amr(&self) -> &'static str {
        super::amr(self.backup_eligible)
    }

    /// The passkey may be copied to other devices.
    pub fn backup_eligible(&self) -> bool {
        self.backup_eligible
    }
}

/// Begins: what the browser is to ask for, and a token for the answer.
///
/// # Errors
/// `validation_failed` where the account has no passkey, `rate_limited`.
pub async fn start(context: &Context, caller: &Caller, purpose: Purpose) -> Result<Started> {
    limit(context, caller, purpose).await?;
    context
        .db
        .write(async |tx| {
            let allowed = match purpose.user() {
                None => Vec::new(),
                Some(user) => store::of_user(tx, user).await?,
            };
            if purpose.user().is_some() && allowed.is_empty() {
                let detail = "This account has no passkey.";
                return Err(Error::invalid(vec![FieldError::new("method", "invalid", detail)]));
            }
            let (token, challenge) = ceremony::begin(tx, context, purpose.bound()).await?;
            let options = json!({
                "challenge": challenge,
                "timeout": ceremony::TIMEOUT.as_millis(),
                "rpId": context.config.webauthn.rp_id,
                "allowCredentials": allowed.iter().map(Passkey::descriptor).collect::<Vec<_>>(),
                "userVerification": purpose.user_verification(),
            });
            Ok(Started { token, options })
        })
        .await
}

#[derive(Deserialize)]
struct Assertion {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    #[serde(rename = "authenticatorData")]
    authenticator_data: Bytes,
    signature: Bytes,
    #[serde(rename = "userHandle")]
    user_handle: Option<Bytes>,
}

/// Checks an answer, and uses its challenge up whatever comes of it. That it failed is written down here.
///
/// # Errors
/// `invalid_or_expired_token` for a challenge that is gone or for something else; `passkey_unknown` where no account has that
/// passkey; `user_verification_required` where the authenticator did not verify its user although it can;
/// `invalid_credentials` for any other answer that does not hold, a clone's among them; `validation_failed` for what is no
/// credential; `rate_limited`.
pub async fn prove(
    context: &Context,
    caller: &Caller,
    purpose: Purpose,
    token: &str,
    credential: &Value,
) -> Result<Proof> {
    limit(context, caller, purpose).await?;
    let answer = Credential::<Assertion>::read(credential)?;
    let (open, known) = context
        .db
        .read(async |tx| {
            let open = ceremony::find(tx, context, purpose.bound(), token).await?;
            let known = match store::by_credential_id(tx, &answer.raw_id.0).await? {
                Some((passkey, key)) => {
                    user::find(tx, passkey.user).await?.map(|user| Known { passkey, key, user })
                }
                None => None,
            };
            Ok::<_, Error>((open, known))
        })
        .await?;
    let credential_id = answer.raw_id.0.clone();
    let judged = judge(context, purpose, &open, known.as_ref(), answer);
    context
        .db
        .write(async |tx| {
            ceremony::consume(tx, context, &open).await?;
            // What is refused is written down, so the unit of work must succeed.
            let refusal = match (&judged, &known) {
                (Ok(result), Some(known)) => match note_use(tx, context, purpose, known, result).await? {
                    Ok(proof) => return Ok(Ok(proof)),
                    Err(refusal) => refusal,
                },
                (Err(refusal), _) => *refusal,
                (Ok(_), None) => Refusal::Unknown,
            };
            let known = known.as_ref();
            if let (Refusal::Clone, Some(known)) = (refusal, known) {
                let user = &known.user;
                alarm::tell(tx, context, caller, user.id, &user.email, Alarm::PasskeyCloned).await?;
                let event = Event::new(EventType::PasskeyCloneSuspected).on(user.id).failed();
                let event = event.with("passkey", known.passkey.id.to_string());
                audit::record(tx, context, caller, event).await?;
            }
            record_refusal(tx, context, caller, purpose, known, &credential_id, refusal).await?;
            Ok::<_, Error>(Err(refusal.error()))
        })
        .await?
}

/// A passkey that some account has.
struct Known {
    passkey: Passkey,
    key: Key,
    user: User,
}

/// Why an answer is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    WrongChallenge,
    Unknown,
    /// Of another account than the one that is asked about.
    Foreign,
    NotVerified,
    Clone,
    /// It comes after another factor alone.
    SecondOnly,
    Wrong,
}

impl Refusal {
    const fn as_str(self) -> &'static str {
        match self {
            Self::WrongChallenge => "wrong_challenge",
            Self::Unknown => "unknown",
            Self::Foreign => "other_account",
            Self::NotVerified => "user_not_verified",
            Self::Clone => "clone_suspected",
            Self::SecondOnly => "second_only",
            Self::Wrong => "wrong",
        }
    }

    fn error(self) -> Error {
        let refused = |detail| Error::new(Code::InvalidCredentials).with_detail(detail);
        match self {
            Self::WrongChallenge => ceremony::gone(),
            Self::Unknown => Code::PasskeyUnknown.into(),
            Self::NotVerified => Code::UserVerificationRequired.into(),
            Self::Foreign => refused("That passkey belongs to another account. Use one of this account."),
            Self::Clone => refused(
                "That passkey may have been copied, so it was refused, and its owner was told by mail. Sign in another way.",
            ),
            Self::SecondOnly => refused(
                "That passkey was added when somebody else may have been in the account. Sign in with your password, then use it.",
            ),
            Self::Wrong => refused("That passkey could not be verified. Try again, or sign in another way."),
        }
    }
}

fn judge(
    context: &Context,
    purpose: Purpose,
    open: &Open,
    known: Option<&Known>,
    answer: Credential<Assertion>,
) -> std::result::Result<AuthenticationResult, Refusal> {
    if !open.fits {
        return Err(Refusal::WrongChallenge);
    }
    let known = known.ok_or(Refusal::Unknown)?;
    let owner = known.user.id;
    if purpose.user().is_some_and(|user| user != owner) {
        return Err(Refusal::Foreign);
    }
    // Whoever was not asked for by name is whom the authenticator names.
    let response = answer.response;
    let names_owner = response.user_handle.as_ref().map(|handle| handle.0 == owner.uuid().as_bytes());
    if !names_owner.unwrap_or(purpose.user().is_some()) {
        return Err(Refusal::Wrong);
    }
    if !ceremony::is_our_page(context, &response.client_data.0) {
        return Err(Refusal::Wrong);
    }
    let state: AuthenticationState = serde_json::from_value(json!({
        "credentials": [],
        "policy": "preferred",
        "challenge": ceremony::encode(&open.challenge),
        "appid": null,
        "allow_backup_eligible_upgrade": false,
    }))
    .map_err(|error| broken(&error))?;
    let public_key: COSEKey = serde_json::from_str(&known.key.cose).map_err(|error| broken(&error))?;
    let verifier = Verifier {
        cred_id: known.passkey.credential_id.clone(),
        cred: public_key,
        counter: u32::try_from(known.key.sign_count).unwrap_or(u32::MAX),
        transports: None,
        user_verified: known.key.user_verified,
        backup_eligible: known.passkey.backup_eligible,
        backup_state: known.passkey.backed_up,
        registration_policy: UserVerificationPolicy::Preferred,
        extensions: RegisteredExtensions::none(),
        attestation: ParsedAttestation::default(),
        attestation_format: AttestationFormat::None,
    };
    let answer = PublicKeyCredential {
        id: ceremony::encode(&answer.raw_id.0),
        raw_id: answer.raw_id.0,
        response: AuthenticatorAssertionResponseRaw {
            authenticator_data: response.authenticator_data.0,
            client_data_json: response.client_data.0,
            signature: response.signature.0,
            user_handle: response.user_handle.map(|handle| handle.0),
        },
        extensions: webauthn_rs_core::proto::AuthenticationExtensionsClientOutputs::default(),
        type_: "public-key".to_owned(),
    };
    let party = ceremony::relying_party(context);
    party.authenticate_single_credential(&answer, &state, &verifier).map_err(|error| match error {
        WebauthnError::UserNotVerified => Refusal::NotVerified,
        WebauthnError::CredentialPossibleCompromise => Refusal::Clone,
        _ => Refusal::Wrong,
    })
}

fn broken(error: &serde_json::Error) -> Refusal {
    tracing::error!(%error, "a passkey in the database could not be read");
    Refusal::Wrong
}

/// Notes the use. Of two answers with one counter the second is a clone's.
async fn note_use(
    tx: &mut Tx<'_>,
    context: &Context,
    purpose: Purpose,
    known: &Known,
    result: &AuthenticationResult,
) -> Result<std::result::Result<Proof, Refusal>> {
    let (id, count) = (known.passkey.id, i64::from(result.counter()));
    if purpose == Purpose::SignIn && known.key.second_only {
        return Ok(Err(Refusal::SecondOnly));
    }
    if store::note_use(tx, id, count, result.backup_state(), context.now()).await? {
        if known.key.second_only && matches!(purpose, Purpose::SecondFactor { .. }) {
            store::make_whole(tx, id).await?;
        }
        return Ok(Ok(Proof {
            user: known.user.id,
            epoch: known.user.epoch,
            passkey: id,
            user_verified: result.user_verified(),
            backup_eligible: result.backup_eligible(),
        }));
    }
    // Or it was removed in the meantime.
    let refusal = if store::exists(tx, id).await? { Refusal::Clone } else { Refusal::Unknown };
    Ok(Err(refusal))
}

async fn record_refusal(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    purpose: Purpose,
    known: Option<&Known>,
    credential_id: &[u8],
    refusal: Refusal,
) -> Result<()> {
    let event = match purpose {
        Purpose::SignIn => Event::new(EventType::SignIn),
        Purpose::SecondFactor { user, .. } => Event::new(EventType::SignIn).on(user),
        Purpose::Reauthenticate { user, session } => {
            Event::new(EventType::Reauthenticated).user(user).session(session)
        }
    };
    let event = match (purpose, known) {
        (Purpose::SignIn, Some(known)) => event.on(known.user.id),
        (Purpose::SignIn, None) => {
            event.with("identifier_digest", audit::digest(context, &ceremony::encode(credential_id)))
        }
        _ => event,
    };
    let event = event.failed().with("method", "passkey").with("reason", refusal.as_str());
    audit::record(tx, context, caller, event).await
}

async fn limit(context: &Context, caller: &Caller, purpose: Purpose) -> Result<()> {
    // There is nothing to guess, and the network's count is what keeps floods off. This one is the sign-in's or the session's,
    // not the account's: who knows the password must not use up its owner's.
    let key = match purpose.bound().to {
        Some(flow) => flow.to_string(),
        None => caller.ip_text().unwrap_or_default(),
    };
    context.limit(Class::Passkey, caller, &key).await
}
