//! A `tower` layer that checks the token of every request.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use crate::claims::AccessToken;
use crate::error::{Refusal, VerifyError};
use crate::require::Require;
use crate::verifier::Verifier;

/// Puts the verified [`AccessToken`] into the request's extensions, or answers 401, 403 or 503 as `application/problem+json`
/// (RFC 9457) with `WWW-Authenticate: Bearer` (RFC 6750).
///
/// The token comes as `Authorization: Bearer …` (RFC 6750, section 2.1). Never from the address or a form.
#[derive(Debug, Clone)]
pub struct VerifyLayer {
    verifier: Verifier,
    optional: bool,
    cookie: Option<&'static str>,
    require: Require,
}

impl VerifyLayer {
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier, optional: false, cookie: None, require: Require::new() }
    }

    /// Lets requests without a token pass as well. One that is shown must still be good: who is told `token_expired` can
    /// refresh, and is not taken for a stranger.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Also takes Doorward's access cookie, for a service that shares Doorward's host: `__Host-doorward_access`, or
    /// `doorward_access` where the issuer is plain http. A request with an `Authorization` header is judged by that alone.
    ///
    /// **Browsers send cookies along with requests that other sites make.** A service that takes the cookie must itself
    /// refuse cross-site requests for every method that changes something, by `Sec-Fetch-Site` and `Origin`; a Bearer
    /// token needs nothing of the kind. That is why this is off unless asked for.
    #[must_use]
    pub fn access_cookie(mut self) -> Self {
        let https = is_https(self.verifier.issuer());
        self.cookie = Some(if https { "__Host-doorward_access" } else { "doorward_access" });
        self
    }

    /// As [`access_cookie`](Self::access_cookie), where Doorward's `session.cookie_domain` gives its cookies to several hosts
    /// of one domain: `__Secure-doorward_access`. Any host of that domain can set such a cookie; the warning above holds.
    #[must_use]
    pub fn access_cookie_of_domain(mut self) -> Self {
        let https = is_https(self.verifier.issuer());
        self.cookie = Some(if https { "__Secure-doorward_access" } else { "doorward_access" });
        self
    }

    /// What every token must meet here; where there is none, `optional` lets the request pass.
    #[must_use]
    pub fn require(mut self, require: Require) -> Self {
        self.require = require;
        self
    }

    async fn check(&self, headers: &HeaderMap) -> Result<Option<AccessToken>, Refusal> {
        let refusal = |error: VerifyError| error.refusal(self.verifier.issuer());
        let Some(token) = self.shown(headers).map_err(refusal)? else {
            return if self.optional { Ok(None) } else { Err(refusal(VerifyError::Missing)) };
        };
        let access = self.verifier.verify(token).await.map_err(refusal)?;
        self.verifier.require(&access, &self.require)?;
        Ok(Some(access))
    }

    fn shown<'h>(&self, headers: &'h HeaderMap) -> Result<Option<&'h str>, VerifyError> {
        let mut all = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = all.next() else {
            return Ok(self.cookie.and_then(|name| cookie(headers, name)));
        };
        if all.next().is_some() {
            return Err(VerifyError::Malformed);
        }
        let value = value.to_str().map_err(|_| VerifyError::Malformed)?;
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        Ok(scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()))
    }
}

fn is_https(issuer: &str) -> bool {
    issuer.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
}

/// The cookie's value (RFC 6265, section 4.2), its name compared byte for byte. Two of one name are none: one of them is
/// somebody else's.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut found = None;
    for header in headers.get_all(COOKIE) {
        for pair in header.as_bytes().split(|byte| *byte == b';') {
            let value = pair.trim_ascii_start().strip_prefix(name.as_bytes());
            if let Some(value) = value.and_then(|rest| rest.strip_prefix(b"="))
                && found.replace(value).is_some()
            {
                return None;
            }
        }
    }
    std::str::from_utf8(found?.trim_ascii_end()).ok().filter(|value| !value.is_empty())
}

impl<S> Layer<S> for VerifyLayer {
    type Service = VerifyService<S>;

    fn layer(&self, inner: S) -> VerifyService<S> {
        VerifyService { layer: self.clone(), inner }
    }
}

/// What [`VerifyLayer`] makes of a service.
#[derive(Debug, Clone)]
pub struct VerifyService<S> {
    layer: VerifyLayer,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for VerifyService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let layer = self.layer.clone();
        // The one that was polled ready is the one that is called.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            // Taken out while this waits: the request need not be `Sync`.
            let headers = std::mem::take(request.headers_mut());
            let checked = layer.check(&headers).await;
            *request.headers_mut() = headers;
            let extensions = request.extensions_mut();
            extensions.remove::<AccessToken>();
            match checked {
                Ok(access) => {
                    if let Some(access) = access {
                        extensions.insert(access);
                    }
                    extensions.insert(layer.verifier);
                    inner.call(request).await
                }
                Err(refusal) => Ok(refusal.into_response()),
            }
        })
    }
}

impl Refusal {
    /// The answer, with a body of any kind that is made of text.
    pub fn into_response<R: From<String>>(self) -> Response<R> {
        let mut response = Response::new(R::from(self.body()));
        *response.status_mut() =
            StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(Self::CONTENT_TYPE));
        headers.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.www_authenticate().and_then(|text| text.try_into().ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
