//! Why a request is refused, and how to say so: RFC 9457 problems with the challenges of RFC 6750.

use std::error::Error;
use std::fmt;

use serde_json::json;

/// Why a token is not taken.
///
/// What a service should answer is its [`code`](Self::code); this says more, for logs and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// There is no token.
    Missing,
    /// Not a well-formed JWT, or one that asks for more than is understood.
    Malformed,
    /// Signed, it says, by an algorithm that is not configured or not the key's own (RFC 8725, section 3.1).
    WrongAlgorithm,
    /// Signed, it says, by a key that is not in the key set (any more).
    UnknownKey,
    /// The signature does not hold.
    BadSignature,
    /// Not an access token (RFC 9068, section 2.1).
    WrongType,
    WrongIssuer,
    WrongAudience,
    /// `nbf` or `iat` lies ahead.
    NotYetValid,
    /// Good in all else, and run out.
    Expired,
    /// Its session has ended.
    SessionEnded,
    /// Asked about it, Doorward does not take it, whatever it looks like from here.
    Refused,
    /// It can't be told now: there are no keys yet, or the feed is lost and Doorward can't be reached. The log says more.
    Unavailable,
}

impl VerifyError {
    /// What a service should answer.
    ///
    /// A key that is gone makes `token_expired`, as at Doorward itself: where a signing key was revoked, its sessions go
    /// on, and a refresh gives whoever owns one a token of the next key. A forger gains nothing by it.
    pub fn code(self) -> Code {
        match self {
            Self::Missing => Code::NotAuthenticated,
            Self::Expired | Self::UnknownKey => Code::TokenExpired,
            Self::SessionEnded => Code::SessionRevoked,
            Self::Unavailable => Code::Unavailable,
            _ => Code::TokenInvalid,
        }
    }

    /// The answer, for a service that trusts this issuer.
    pub fn refusal(self, issuer: &str) -> Refusal {
        Refusal::new(self.code(), issuer)
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "there is no token",
            Self::Malformed => "not a well-formed token",
            Self::WrongAlgorithm => "a token of another algorithm",
            Self::UnknownKey => "signed with a key that is not known",
            Self::BadSignature => "the signature does not hold",
            Self::WrongType => "a token of another type",
            Self::WrongIssuer => "a token of another issuer",
            Self::WrongAudience => "a token for another audience",
            Self::NotYetValid => "not valid yet",
            Self::Expired => "expired",
            Self::SessionEnded => "its session has ended",
            Self::Refused => "Doorward does not take it",
            Self::Unavailable => "it can't be told now",
        })
    }
}

impl Error for VerifyError {}

/// The stable name of a refusal: Doorward's own codes, with the same meanings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// 401: nobody is signed in.
    NotAuthenticated,
    /// 401: refresh once, and try again.
    TokenExpired,
    /// 401: for good; sign in again.
    TokenInvalid,
    /// 401: for good; sign in again.
    SessionRevoked,
    /// 403: verify the mail address first.
    EmailNotVerified,
    /// 403: prove once more who you are, or by more, and try again.
    ReauthenticationRequired,
    /// 503: try again in a moment.
    Unavailable,
    /// 500: the service itself is set up wrong.
    InternalError,
}

impl Code {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAuthenticated => "not_authenticated",
            Self::TokenExpired => "token_expired",
            Self::TokenInvalid => "token_invalid",
            Self::SessionRevoked => "session_revoked",
            Self::EmailNotVerified => "email_not_verified",
            Self::ReauthenticationRequired => "reauthentication_required",
            Self::Unavailable => "unavailable",
            Self::InternalError => "internal_error",
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::NotAuthenticated | Self::TokenExpired | Self::TokenInvalid | Self::SessionRevoked => 401,
            Self::EmailNotVerified | Self::ReauthenticationRequired => 403,
            Self::InternalError => 500,
            Self::Unavailable => 503,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::NotAuthenticated => "Nobody is signed in",
            Self::TokenExpired => "The access token has run out",
            Self::TokenInvalid => "The access token is not valid",
            Self::SessionRevoked => "The session has ended",
            Self::EmailNotVerified => "The mail address is not verified",
            Self::ReauthenticationRequired => "Confirm that it is you",
            Self::Unavailable => "This can't be checked right now",
            Self::InternalError => "Something went wrong here",
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Self::NotAuthenticated => "Send an access token: Authorization: Bearer …",
            Self::TokenExpired => "Refresh the session, then repeat the request.",
            Self::TokenInvalid => "Sign in again.",
            Self::SessionRevoked => "This session has ended. Sign in again.",
            Self::EmailNotVerified => "Verify your mail address, then try again.",
            Self::ReauthenticationRequired => "Confirm once more who you are, then try again.",
            Self::Unavailable => {
                "Whether you are signed in can't be checked right now. Try again in a moment."
            }
            Self::InternalError => "This is our mistake, not yours.",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An answer that refuses: `application/problem+json` (RFC 9457), and for 401 and 403 a challenge (RFC 6750, section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    code: Code,
    kind: String,
    /// What RFC 9470, section 3 adds to the challenge: what would be enough.
    wanted: String,
}

impl Refusal {
    pub(crate) fn new(code: Code, issuer: &str) -> Self {
        Self { code, kind: format!("{issuer}/docs/problems/{code}"), wanted: String::new() }
    }

    pub(crate) fn wanting(mut self, wanted: String) -> Self {
        self.wanted = wanted;
        self
    }

    pub const fn code(&self) -> Code {
        self.code
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        self.code.status()
    }

    /// The body, of the type [`CONTENT_TYPE`](Self::CONTENT_TYPE).
    pub fn body(&self) -> String {
        let mut problem = json!({
            "type": self.kind, "title": self.code.title(), "status": self.status(),
            "detail": self.code.detail(), "code": self.code.as_str(),
        });
        if let Some(seconds) = self.retry_after() {
            problem["retry_after"] = seconds.into();
        }
        problem.to_string()
    }

    pub const CONTENT_TYPE: &'static str = "application/problem+json";

    /// The header `WWW-Authenticate`. Whoever sent no token is told no error (RFC 6750, section 3.1).
    pub fn www_authenticate(&self) -> Option<String> {
        let error = match self.code {
            Code::NotAuthenticated => return Some("Bearer".to_owned()),
            Code::TokenExpired | Code::TokenInvalid | Code::SessionRevoked => "invalid_token",
            Code::ReauthenticationRequired => "insufficient_user_authentication",
            _ => return None,
        };
        let (title, wanted) = (self.code.title(), &self.wanted);
        Some(format!("Bearer error=\"{error}\", error_description=\"{title}\"{wanted}"))
    }

    /// The header `Retry-After`, in seconds.
    pub const fn retry_after(&self) -> Option<u64> {
        match self.code {
            Code::Unavailable => Some(1),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.code.detail())
    }
}

impl Error for Refusal {}
