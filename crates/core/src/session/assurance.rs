//! How much a session's holder has proved.

use doorward_db::Tx;

use super::{AAL2, Live, MULTI_FACTOR, Session, store};
use crate::context::Context;
use crate::error::{Code, Error, Result};
use crate::user;

/// Refuses a session of one factor where the account has two, also where it has them since a moment ago: what was begun
/// before is not finished without them.
///
/// # Errors
/// `reauthentication_required`.
pub(crate) async fn ensure_assured_in(tx: &mut Tx<'_>, live: &Live) -> Result<()> {
    let user = user::find(tx, live.user.id).await?.ok_or(Code::SessionRevoked)?;
    if user.mfa_enabled && live.session.acr != AAL2 { Err(one_factor()) } else { Ok(()) }
}

pub(super) fn one_factor() -> Error {
    Error::new(Code::ReauthenticationRequired)
        .with_detail("Confirm with your second factor: this session was opened without it.")
}

/// Notes that a session's holder has just proved a further factor: it is one of two factors from now on, and its earlier
/// tokens are spent.
///
/// # Errors
/// `session_revoked` where it is over.
pub(crate) async fn raise_in(tx: &mut Tx<'_>, context: &Context, session: &Session, amr: &str) -> Result<()> {
    let mut methods: Vec<&str> = session.amr.iter().map(String::as_str).collect();
    for method in [amr, MULTI_FACTOR] {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    if store::raise(tx, session.id, &methods.join(" "), AAL2, context.now()).await? {
        return Ok(());
    }
    Err(Code::SessionRevoked.into())
}
