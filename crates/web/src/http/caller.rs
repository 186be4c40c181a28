use std::convert::Infallible;

use axum::extract::FromRequestParts;
use doorward_core::context::Caller;
use http::request::Parts;

/// Who asks, as the outer layer found out.
pub struct ByCaller(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for ByCaller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<Caller>().cloned().unwrap_or_else(|| Caller::system("unknown"))))
    }
}
