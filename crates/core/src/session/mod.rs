//! Sessions: rows that everything hangs on. Access tokens are signed and short; refresh tokens are derived from the
//! row's own secret and generation, rotate at each use, and betray their reuse. Whatever ends a session ends its tokens.

mod access_token;
mod assurance;
mod cache;
mod hearing;
mod internal_token;
mod model;
mod refresh;
mod revocations;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use doorward_crypto::derived::{self, RowSecret};
use doorward_db::Tx;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{broadcast, watch};

use crate::audit::{self, Event, EventType};
use crate::changes::{self, Change};
use crate::context::{CLOCK_SKEW, Caller, Context, DeviceId, Id, SessionId, Time, UserId};
use crate::error::{Code, Error, Result};
use crate::seals::SealedColumn;
use crate::signing_key::KeyRing;
use crate::{access, device, user};
use access_token::{Checked, Claims};
use assurance::one_factor;
pub(crate) use assurance::{ensure_holds_in, raise_in};
use cache::Cache;
use hearing::Heard;
pub(crate) use model::NewSession;
pub use model::{AAL1, AAL2, EndReason, Live, MULTI_FACTOR, Session, Tokens};
pub use refresh::Renewed;
use revocations::Revocations;
pub use revocations::Revoked;

/// What is sealed here, for the rotation of the master key.
pub const SEALED: SealedColumn = store::SEALED;

const REFRESH_PREFIX: &str = "dw_rt_";
/// How long somebody who proved who they are may do what is sensitive.
pub const FRESH_FOR: Duration = Duration::from_secs(10 * 60);

/// The sessions of this installation, as this process sees them.
#[derive(Clone)]
pub struct Sessions {
    context: Context,
    keys: KeyRing,
    cache: Arc<Cache>,
    heard: Arc<Heard>,
    revocations: Arc<Revocations>,
    /// Turns true when this process is about to end.
    closing: watch::Sender<bool>,
}

impl Sessions {
    pub fn new(context: Context, keys: KeyRing) -> Self {
        let closing = watch::Sender::new(false);
        Self {
            context,
            keys,
            cache: Arc::default(),
            heard: Arc::default(),
            revocations: Arc::default(),
            closing,
        }
    }

    pub fn context(&self) -> &Context {
        &self.context
    }

    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// The live session that an access token belongs to. Neither the signature of a token that was seen before nor the
    /// database is asked again while the cache may vouch for the answer.
    ///
    /// # Errors
    /// `token_invalid`, `token_expired`; `session_revoked`, `session_expired` or `token_reused` where the session ended.
    pub async fn check(&self, access_token: &str) -> Result<Arc<Live>> {
        let checked = self.checked(access_token)?;
        let now = self.context.now();
        // One from a time to come was made by a clock that was ahead, and would hold for longer than a token may.
        if checked.expires_at <= now.seconds() || checked.issued_at > (now + CLOCK_SKEW).seconds() {
            return Err(Code::TokenExpired.into());
        }
        if let Some(live) = self.cache.live(checked.session, now) {
            return Ok(live);
        }
        self.load(checked.session, checked.user).await
    }

    /// Whether the holder of an access token that was checked proved a moment ago who they are, and ever with two factors
    /// where the account has them.
    ///
    /// # Errors
    /// `reauthentication_required` where that is too long ago.
    pub fn ensure_fresh(&self, access_token: &str, live: &Live) -> Result<()> {
        if live.user.mfa_enabled && live.session.acr != AAL2 {
            return Err(one_factor());
        }
        let proved_at = Time::from_micros(self.checked(access_token)?.auth_time.saturating_mul(1_000_000));
        let now = self.context.now();
        if now > proved_at + FRESH_FOR || proved_at > now + CLOCK_SKEW {
            return Err(Code::ReauthenticationRequired.into());
        }
        Ok(())
    }

    /// Trades a refresh token for the family's current tokens.
    ///
    /// # Errors
    /// `token_invalid`, `token_reused`, `session_expired`, `session_revoked`; `rate_limited`.
    pub async fn refresh(&self, caller: &Caller, refresh_token: &str) -> Result<Renewed> {
        let renewed = refresh::refresh(self, caller, refresh_token).await;
        if let Some(token) = derived::parse(REFRESH_PREFIX, refresh_token) {
            self.cache.forget_session(Id::from_uuid(uuid::Uuid::from_bytes(token.id)));
        }
        renewed
    }

    /// Which session a person means who signs out: by a genuine refresh token of whatever generation, or by an access
    /// token that may have run out. `None` where neither is genuine.
    pub async fn identify(
        &self,
        access_token: Option<&str>,
        refresh_token: Option<&str>,
    ) -> Result<Option<(SessionId, UserId)>> {
        if let Some(checked) = access_token.and_then(|token| self.checked_ever(token)) {
            return Ok(Some((checked.session, checked.user)));
        }
        let Some(token) = refresh_token.and_then(|token| derived::parse(REFRESH_PREFIX, token)) else {
            return Ok(None);
        };
        let id = Id::from_uuid(uuid::Uuid::from_bytes(token.id));
        let Some(row) = self.context.db.read(async |tx| store::row(tx, id).await).await? else {
            return Ok(None);
        };
        let genuine = token.is_genuine(&open_secret(&self.context, id, &row.sealed_secret)?);
        Ok(genuine.then_some((id, row.user)))
    }

    /// # Errors
    /// Why the session is over, where it is.
    pub async fn ensure_live(&self, id: SessionId) -> Result<()> {
        let session = self.context.db.read(async |tx| store::find(tx, id).await).await?;
        session.ok_or(Code::SessionRevoked)?.ensure_live(self.context.now())
    }

    /// Ends one session of an account. Answers whether it was live until now.
    pub async fn end(&self, caller: &Caller, user: UserId, id: SessionId, reason: EndReason) -> Result<bool> {
        let context = &self.context;
        let ended = context
            .db
            .write(async |tx| {
                let ended = store::end(tx, id, user, reason, context.now()).await?;
                if ended {
                    let event = reason.event().user(user).session(id);
                    audit::record(tx, context, caller, event).await?;
                    changes::announce(tx, context, Change::Session(id)).await?;
                }
                Ok::<_, Error>(ended)
            })
            .await?;
        self.cache.forget_session(id);
        Ok(ended)
    }

    /// Ends all sessions of an account, but for one where one is given. Answers how many.
    pub async fn end_all(&self, caller: &Caller, user: UserId, except: Option<SessionId>) -> Result<u64> {
        let context = &self.context;
        let ended = context
            .db
            .write(async |tx| {
                let ended = end_all_in(tx, context, user, except, EndReason::SignOutAll).await?;
                let event = Event::new(EventType::SignOutAll).user(user).with("ended", ended);
                let event = if let Some(kept) = except { event.session(kept) } else { event };
                audit::record(tx, context, caller, event).await?;
                Ok::<_, Error>(ended)
            })
            .await?;
        self.cache.forget_user(user);
        Ok(ended)
    }

    /// The live sessions of an account, newest first: at most `limit`, older than `before` where one is given.
    pub async fn of_user(&self, user: UserId, before: Option<SessionId>, limit: i64) -> Result<Vec<Session>> {
        let now = self.context.now();
        self.context.db.read(async |tx| store::of_user(tx, user, before, limit, now).await).await
    }

    /// As [`Self::of_user`], the sessions that are over and not deleted yet.
    pub async fn ended_of_user(
        &self,
        user: UserId,
        before: Option<SessionId>,
        limit: i64,
    ) -> Result<Vec<Session>> {
        let now = self.context.now();
        self.context.db.read(async |tx| store::ended_of_user(tx, user, before, limit, now).await).await
    }

    /// Forgets a device of an account and ends the sessions that live in it.
    ///
    /// # Errors
    /// `not_found` where the account has no such device.
    pub async fn forget_device(&self, caller: &Caller, user: UserId, id: DeviceId) -> Result<()> {
        let context = &self.context;
        context
            .db
            .write(async |tx| {
                let reason = EndReason::DeviceForgotten;
                let ended = store::end_of_device(tx, user, id, reason, context.now()).await?;
                if !device::forget(tx, context, caller, user, id, ended).await? {
                    return Err(Error::new(Code::NotFound));
                }
                changes::announce(tx, context, Change::User(user)).await
            })
            .await?;
        self.cache.forget_user(user);
        Ok(())
    }

    /// Tokens for a session that was just opened in a unit of work that has committed.
    pub(crate) async fn first_tokens(&self, id: SessionId) -> Result<(Tokens, Arc<Live>)> {
        self.current_tokens(id).await
    }

    /// Raises a session's generation, as a sensitive change asks for: its earlier refresh tokens are spent.
    pub async fn renew(&self, id: SessionId) -> Result<(Tokens, Arc<Live>)> {
        let context = &self.context;
        let renewed = context
            .db
            .write(async |tx| {
                let rotations = refresh::rotations(tx, context, id, 2).await?;
                store::renew(tx, id, &rotations, context.now()).await
            })
            .await?;
        self.renewed(id, renewed).await
    }

    /// New tokens for somebody who has just proved again who they are.
    pub(crate) async fn renew_fresh(&self, id: SessionId) -> Result<(Tokens, Arc<Live>)> {
        let context = &self.context;
        let renewed = context
            .db
            .write(async |tx| {
                let rotations = refresh::rotations(tx, context, id, 1).await?;
                store::renew_fresh(tx, id, &rotations, context.now()).await
            })
            .await?;
        self.renewed(id, renewed).await
    }

    /// New tokens for somebody who has proved a further factor, in a unit of work that has committed: see [`raise_in`].
    pub(crate) async fn raised(&self, id: SessionId) -> Result<(Tokens, Arc<Live>)> {
        self.renewed(id, true).await
    }

    async fn renewed(&self, id: SessionId, renewed: bool) -> Result<(Tokens, Arc<Live>)> {
        self.cache.forget_session(id);
        if !renewed {
            return Err(Code::SessionRevoked.into());
        }
        self.current_tokens(id).await
    }

    /// Drops what this process remembers of an account, after a change to it.
    pub fn forget_user(&self, user: UserId) {
        self.cache.forget_user(user);
    }

    /// Whether this process is sure to have heard of every ending until a moment ago.
    pub fn hears_changes(&self) -> bool {
        self.cache.may_vouch(self.context.now())
    }

    /// Hears of every ending from now on, in this process and in others.
    ///
    /// # Errors
    /// `overloaded` where too many listen already, `unavailable` where this process has not heard from the others.
    pub fn listen_to_revocations(&self) -> Result<broadcast::Receiver<Revoked>> {
        if !self.hears_changes() {
            return Err(Error::new(Code::Unavailable).with_retry_after(Duration::from_secs(1)));
        }
        self.revocations
            .listen()
            .ok_or_else(|| Error::new(Code::Overloaded).with_retry_after(Duration::from_secs(5)))
    }

    /// What ended since a moment, oldest first, as far as it still matters.
    pub async fn revoked_since(&self, moment: Time) -> Result<Vec<Revoked>> {
        self.revoked_of(None, moment).await
    }

    /// Whether a token from that moment could still be good.
    pub fn still_matters(&self, moment: Time) -> bool {
        moment >= self.horizon()
    }

    /// Tells those who listen for long that this process ends.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Returns when this process is about to end.
    pub async fn closing(&self) {
        // Fails only where the sender is gone, and it is here.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    fn horizon(&self) -> Time {
        revocations::horizon(self.context.now(), self.context.config.session.access_token_ttl)
    }

    fn tell(&self, endings: Vec<Revoked>) {
        self.revocations.tell(endings, self.horizon());
    }

    async fn revoked_of(&self, user: Option<UserId>, moment: Time) -> Result<Vec<Revoked>> {
        let since = moment.max(self.horizon());
        let (sessions, accounts) = self
            .context
            .db
            .read(async |tx| {
                let sessions = store::revoked_since(tx, user, since).await?;
                let accounts = match user {
                    Some(_) => Vec::new(),
                    None => changes::gone_since(tx, since).await?,
                };
                Ok::<_, Error>((sessions, accounts))
            })
            .await?;
        let accounts = accounts.into_iter().map(|(id, at)| Revoked::Account(id, at));
        let sessions = sessions.into_iter().map(|(id, at)| Revoked::Session(id, at));
        let mut all: Vec<Revoked> = accounts.chain(sessions).collect();
        all.sort_by_key(Revoked::at);
        Ok(all)
    }

    /// Deletes sessions that ended long ago and changes that everybody has heard, at most `limit` of each.
    pub async fn clean_up(&self, tx: &mut Tx<'_>, limit: i64) -> Result<u64> {
        const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
        let now = self.context.now();
        Ok(store::delete_ended(tx, now - KEPT, limit).await?
            + changes::clean_up(tx, &self.context, limit).await?)
    }

    fn checked(&self, access_token: &str) -> Result<Checked> {
        let digest = doorward_crypto::opaque::token_hash(access_token);
        if let Some(checked) = self.cache.token(&digest) {
            return Ok(checked);
        }
        let keys = self.cache.keys_epoch();
        let checked = access_token::verify(&self.context, &self.keys, access_token, Duration::ZERO)?;
        self.cache.keep_token(digest, checked, keys);
        Ok(checked)
    }

    fn checked_ever(&self, access_token: &str) -> Option<Checked> {
        let leeway = self.context.config.session.absolute_timeout;
        access_token::verify(&self.context, &self.keys, access_token, leeway).ok()
    }

    async fn load(&self, id: SessionId, user: UserId) -> Result<Arc<Live>> {
        let epoch = self.cache.epoch();
        let live = self
            .context
            .db
            .read(async |tx| {
                let session = store::find(tx, id).await?.ok_or(Code::SessionRevoked)?;
                let account = user::find(tx, session.user).await?.ok_or(Code::SessionRevoked)?;
                let rights = access::rights_of(tx, session.user).await?;
                Ok::<_, Error>(Live::new(session, account, rights))
            })
            .await?;
        live.session.ensure_live(self.context.now())?;
        if live.user.id != user {
            return Err(Code::TokenInvalid.into());
        }
        if live.user.is_disabled() || live.user.is_closed() {
            return Err(Code::SessionRevoked.into());
        }
        let live = Arc::new(live);
        self.cache.keep_live(&live, epoch);
        Ok(live)
    }

    async fn current_tokens(&self, id: SessionId) -> Result<(Tokens, Arc<Live>)> {
        let context = &self.context;
        let (row, session) = context
            .db
            .read(async |tx| {
                let row = store::row(tx, id).await?.ok_or(Code::SessionRevoked)?;
                let session = store::find(tx, id).await?.ok_or(Code::SessionRevoked)?;
                Ok::<_, Error>((row, session))
            })
            .await?;
        let live = self.load(id, session.user).await?;
        let secret = open_secret(context, id, &row.sealed_secret)?;
        let tokens = self.make_tokens(&session, live.user.email_verified, row.generation, &secret)?;
        Ok((tokens, live))
    }

    fn make_tokens(
        &self,
        session: &Session,
        email_verified: bool,
        generation: i64,
        secret: &RowSecret,
    ) -> Result<Tokens> {
        let now = self.context.now();
        let left = session.expires_at.since(now);
        let claims = Claims::new(&self.context, session, email_verified);
        Ok(Tokens {
            access: self.keys.sign(access_token::TYP, &claims)?.into(),
            access_life: Duration::from_secs(u64::try_from(claims.exp - claims.iat).unwrap_or(0)),
            refresh: derive(session.id, generation, secret)?,
            refresh_life: left,
        })
    }
}

/// Opens a session in the unit of work of the sign-in. Only `sign_in::flow` calls this.
pub(crate) async fn open(
    tx: &mut Tx<'_>,
    context: &Context,
    caller: &Caller,
    new: &NewSession,
) -> Result<SessionId> {
    let id = context.new_id();
    let secret = RowSecret::generate(&*context.rng);
    let sealed = context.sealer.seal(&seal_context(id), secret.expose());
    let now = context.now();
    let settings = &context.config.session;
    let absolute = now + settings.absolute_timeout;
    let expires_at = (now + model::idle_timeout(context, new.remember)).min(absolute);
    store::insert(tx, id, new, caller, &sealed, now, expires_at, absolute).await?;
    Ok(id)
}

/// Whether the account was signed in to by a client that calls itself the same, from the same address, not long ago.
pub(crate) async fn has_been_seen(tx: &mut Tx<'_>, user: UserId, caller: &Caller) -> Result<bool> {
    store::has_been_seen(tx, user, caller).await
}

/// Ends sessions in a unit of work of the caller's, and announces it. The caller records the event.
pub(crate) async fn end_all_in(
    tx: &mut Tx<'_>,
    context: &Context,
    user: UserId,
    except: Option<SessionId>,
    reason: EndReason,
) -> Result<u64> {
    let ended = store::end_all(tx, user, except, reason, context.now()).await?;
    user::raise_epoch(tx, user).await?;
    if ended > 0 {
        changes::announce(tx, context, Change::User(user)).await?;
    }
    Ok(ended)
}

/// Ends an account's sessions of one factor in a unit of work of the caller's, and announces it.
pub(crate) async fn end_of_one_factor_in(tx: &mut Tx<'_>, context: &Context, user: UserId) -> Result<u64> {
    let ended = store::end_of_one_factor(tx, user, EndReason::SecondFactorNeeded, context.now()).await?;
    if ended > 0 {
        changes::announce(tx, context, Change::User(user)).await?;
    }
    Ok(ended)
}

fn derive(id: SessionId, generation: i64, secret: &RowSecret) -> Result<SecretString> {
    let generation = u64::try_from(generation).map_err(Error::internal)?;
    Ok(derived::derive(REFRESH_PREFIX, id.uuid().as_bytes(), generation, secret))
}

fn open_secret(context: &Context, id: SessionId, sealed: &[u8]) -> Result<RowSecret> {
    let opened = context
        .sealer
        .open(&seal_context(id), sealed)
        .map_err(|_| Error::internal("a session secret does not open: is this the right master key?"))?;
    let bytes =
        opened.as_slice().try_into().map_err(|_| Error::internal("a session secret has a wrong length"))?;
    Ok(RowSecret::from_bytes(bytes))
}

fn seal_context(id: SessionId) -> Vec<u8> {
    [b"session secret ".as_slice(), id.uuid().as_bytes()].concat()
}

impl Tokens {
    /// The access token, where it is handed out.
    pub fn access(&self) -> &str {
        self.access.expose_secret()
    }

    /// The refresh token, where it is handed out.
    pub fn refresh(&self) -> &str {
        self.refresh.expose_secret()
    }
}
