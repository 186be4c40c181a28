//! Extractors for `axum`, for routes under a [`VerifyLayer`](crate::VerifyLayer).

use std::convert::Infallible;
use std::time::Duration;

use axum_core::body::Body;
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;

use crate::claims::AccessToken;
use crate::error::{Code, Refusal, VerifyError};
use crate::require::Require;
use crate::verifier::Verifier;

/// A token whose holder has verified their mail address; else 403 `email_not_verified`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEmail(pub AccessToken);

/// A token whose holder proved within so many seconds who they are; else 403 `reauthentication_required`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh<const SECONDS: u64>(pub AccessToken);

/// Whoever is signed in; else 401.
impl<S: Sync> FromRequestParts<S> for AccessToken {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        checked(parts).map(|(access, _)| access)
    }
}

/// Whoever is signed in, or nobody. A token that is not good was refused by the layer.
impl<S: Sync> OptionalFromRequestParts<S> for AccessToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

impl<S: Sync> FromRequestParts<S> for VerifiedEmail {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let (access, verifier) = checked(parts)?;
        verifier.require(&access, &Require::new().verified_email())?;
        Ok(Self(access))
    }
}

impl<S: Sync, const SECONDS: u64> FromRequestParts<S> for Fresh<SECONDS> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let (access, verifier) = checked(parts)?;
        verifier.require(&access, &Require::new().max_age(Duration::from_secs(SECONDS)))?;
        Ok(Self(access))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        Self::into_response::<Body>(self)
    }
}

fn checked(parts: &Parts) -> Result<(AccessToken, &Verifier), Refusal> {
    let Some(verifier) = parts.extensions.get::<Verifier>() else {
        tracing::error!(
            path = parts.uri.path(),
            "a route asks for an access token, and no VerifyLayer is above it"
        );
        return Err(Refusal::new(Code::InternalError, "about:blank"));
    };
    match parts.extensions.get::<AccessToken>() {
        Some(access) => Ok((access.clone(), verifier)),
        None => Err(VerifyError::Missing.refusal(verifier.issuer())),
    }
}
