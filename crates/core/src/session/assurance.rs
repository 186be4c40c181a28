//! How much a session's holder has proved.

use doorward_db::Tx;

use super::{AAL2, Live, MULTI_FACTOR, Session, refresh, store};
use crate::changes::{self, Change};
use crate::context::Context;
use crate::error::{Code, Error, Result};
use crate::user;

/// For acts that decide who gets in, in their unit of work: refuses a session that was ended meanwhile, and one of one factor
/// where the account has two, also where it has them since a moment ago.
///
/// # Errors
/// Why the session is over, where it is; `reauthentication_required`.
pub(crate) async fn ensure_holds_in(tx: &mut Tx<'_>, context: &Context, live: &Live) -> Result<()> {
    let session = store::find(tx, live.session.id).await?.ok_or(Code::SessionRevoked)?;
    session.ensure_live(context.now())?;
    let user = user::find(tx, live.user.id).await?.ok_or(Code::SessionRevoked)?;
    if user.mfa_enabled && session.acr != AAL2 { Err(one_factor()) } else { Ok(()) }
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
    let now = context.now();
    let rotations = refresh::rotations(tx, context, session.id, 2).await?;
    if !store::raise(tx, session.id, &rotations, (&methods.join(" "), AAL2), now).await? {
        return Err(Code::SessionRevoked.into());
    }
    // Other processes go on with what they know of it otherwise.
    changes::announce(tx, context, Change::User(session.user)).await
}
