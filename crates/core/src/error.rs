//! What every use case answers when it can't do what was asked: a stable code, a kind, a public sentence that tells
//! the reader what to do, the fields at fault, and a private cause that only the log sees.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use doorward_crypto::password::HashError;
use doorward_db::DbError;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The family a code belongs to. The outer layers choose their status by it and by nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Malformed,
    NotAuthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    TooLarge,
    UnsupportedMediaType,
    Invalid,
    RateLimited,
    Unavailable,
    Internal,
}

macro_rules! codes {
    ($($variant:ident, $code:literal, $kind:ident, $title:literal, $detail:literal;)+) => {
        /// The stable code of an error. Codes are never renamed and never reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($variant),+ }

        impl Code {
            /// Every code, for the problem pages and the tests.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind),+ }
            }

            /// A short, constant title.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }

            /// What to say where nothing more exact is known: what happened and what to do now.
            pub const fn detail(self) -> &'static str {
                match self { $(Self::$variant => $detail),+ }
            }
        }
    };
}

codes! {
    MalformedRequest, "malformed_request", Malformed, "The request could not be read",
        "The request is not well-formed. Check its syntax against the API reference.";
    InvalidOrExpiredToken, "invalid_or_expired_token", Malformed, "That link does not work",
        "That link has been used, has run out or was not copied whole. Ask for a new one.";
    InvalidOrExpiredCode, "invalid_or_expired_code", Malformed, "That code does not work",
        "That code is wrong or has run out. Check the newest mail, or ask for a new code.";
    NotAuthenticated, "not_authenticated", NotAuthenticated, "You are not signed in",
        "Sign in, then try again.";
    InvalidCredentials, "invalid_credentials", NotAuthenticated, "Those details do not match",
        "The e-mail address or username and the password do not match. Check both, or reset the password.";
    PasskeyUnknown, "passkey_unknown", NotAuthenticated, "That passkey is not known here",
        "No account has that passkey any more. Sign in another way, and remove it from where you keep your passkeys.";
    UserVerificationRequired, "user_verification_required", NotAuthenticated, "The passkey did not ask who you are",
        "Your passkey was used without its PIN, your fingerprint or your face. Try again, and confirm with one of them.";
    TokenExpired, "token_expired", NotAuthenticated, "The access token has run out",
        "Refresh the access token and try again.";
    TokenInvalid, "token_invalid", NotAuthenticated, "The token is not valid",
        "Sign in again.";
    TokenReused, "token_reused", NotAuthenticated, "The refresh token was used before",
        "This refresh token was already used, so the session was ended to protect the account. Sign in again.";
    SessionExpired, "session_expired", NotAuthenticated, "The session has run out",
        "Sign in again.";
    SessionRevoked, "session_revoked", NotAuthenticated, "The session was ended",
        "Sign in again.";
    PermissionDenied, "permission_denied", Forbidden, "You may not do this",
        "This account does not have the permission that is needed. Ask an administrator for it.";
    EmailNotVerified, "email_not_verified", Forbidden, "The e-mail address is not verified",
        "Verify the e-mail address first: open the mail that was sent, or ask for a new one.";
    AccountDisabled, "account_disabled", Forbidden, "The account is disabled",
        "This account was disabled. Ask an administrator.";
    ReauthenticationRequired, "reauthentication_required", Forbidden, "Please confirm that it is you",
        "This needs a recent sign-in. Confirm your password and try again.";
    ChallengeRequired, "challenge_required", Forbidden, "A challenge must be solved first",
        "Solve the challenge and send its answer with the request.";
    CrossSiteRefused, "cross_site_refused", Forbidden, "The request came from another site",
        "This request was sent by a page of another site that is not on the list of allowed origins.";
    NotFound, "not_found", NotFound, "There is nothing here",
        "Nothing was found under this address. Check it.";
    MethodNotAllowed, "method_not_allowed", MethodNotAllowed, "The method is not allowed here",
        "This address does not take this method. The Allow header lists those it takes.";
    Conflict, "conflict", Conflict, "The request conflicts with the present state",
        "Something changed in the meantime. Load the present state and try again.";
    LastSignInMethod, "last_sign_in_method", Conflict, "This is the last way to sign in",
        "Add another way to sign in before you remove this one.";
    BodyTooLarge, "body_too_large", TooLarge, "The request is too large",
        "Send a smaller body.";
    UnsupportedMediaType, "unsupported_media_type", UnsupportedMediaType, "The content type is not supported",
        "Send the body as application/json.";
    ValidationFailed, "validation_failed", Invalid, "Some fields need attention",
        "Some fields need attention. Each is named with what to change.";
    RateLimited, "rate_limited", RateLimited, "Too many attempts",
        "There were too many attempts. Wait a little and try again.";
    Overloaded, "overloaded", Unavailable, "The server is busy",
        "The server is busy right now. Try again in a moment.";
    Unavailable, "unavailable", Unavailable, "The service is not available",
        "Something that is needed is not available right now. Try again in a moment.";
    Internal, "internal_error", Internal, "Something went wrong",
        "Something went wrong on our side. Try again; if it stays, report the request id.";
}

/// What is wrong with a field. The code is stable, the sentence is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub field: Cow<'static, str>,
    pub code: &'static str,
    pub detail: Cow<'static, str>,
}

impl FieldError {
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { field: field.into(), code, detail: detail.into() }
    }
}

/// An error of a use case. `Display` shows the public sentence only; the cause is reached by `source`.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    detail: Option<Cow<'static, str>>,
    fields: Vec<FieldError>,
    retry_after: Option<Duration>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub fn new(code: Code) -> Self {
        Self(Box::new(Inner { code, detail: None, fields: Vec::new(), retry_after: None, cause: None }))
    }

    /// `validation_failed` with the fields at fault.
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let mut error = Self::new(Code::ValidationFailed);
        error.0.fields = fields;
        error
    }

    /// An error that nobody but the operator can mend; the cause goes to the log.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Code::Internal).with_cause(cause)
    }

    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    pub fn code(&self) -> Code {
        self.0.code
    }

    pub fn kind(&self) -> Kind {
        self.0.code.kind()
    }

    /// The public sentence.
    pub fn detail(&self) -> &str {
        self.0.detail.as_deref().unwrap_or(self.0.code.detail())
    }

    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The private cause, for the log alone.
    pub fn cause(&self) -> Option<&(dyn StdError + Send + Sync)> {
        self.0.cause.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.detail())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        let code = if error.is_unavailable() { Code::Unavailable } else { Code::Internal };
        let retry_after = (code == Code::Unavailable).then_some(Duration::from_secs(1));
        let mut wrapped = Self::new(code).with_cause(error);
        wrapped.0.retry_after = retry_after;
        wrapped
    }
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Overloaded { retry_after } => {
                Self::new(Code::Overloaded).with_retry_after(retry_after)
            }
            HashError::Failed => Self::internal("the password could not be hashed"),
        }
    }
}
