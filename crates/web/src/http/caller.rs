use std::convert::Infallible;

use axum::extract::FromRequestParts;
use doorward_core::context::Caller;
use http::request::Parts;
use secrecy::SecretString;

use super::cookies::CookieName;
use crate::state::Web;

/// Who asks, as the outer layer found out, with the devices that the browser is known as.
pub struct ByCaller(pub Caller);

impl FromRequestParts<Web> for ByCaller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        let mut caller =
            parts.extensions.get::<Caller>().cloned().unwrap_or_else(|| Caller::system("unknown"));
        caller.devices = web.cookies.get(&parts.headers, CookieName::Device).map(SecretString::from);
        Ok(Self(caller))
    }
}
