//! The check itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::ask::Doorward;
use crate::background::Background;
use crate::builder::{Builder, Unreachable};
use crate::claims::{AccessToken, Claims};
use crate::clock::{Clock, Moment};
use crate::error::{Refusal, VerifyError};
use crate::feed::Feed;
use crate::jws::{self, Header};
use crate::key::Key;
use crate::key_set::KeySet;
use crate::require::Require;
use crate::seen::Seen;

/// Verifies access tokens. Make one for the whole service; clones share all of it. With the last one its tasks end.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

/// What a verifier knows of Doorward, for a readiness check or a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// How old the keys are; `None` where there are none yet.
    pub keys_age: Option<Duration>,
    /// Whether the revocation feed is heard; `None` where none is listened to.
    pub feed_is_live: Option<bool>,
}

pub(crate) struct Parts {
    pub issuer: String,
    pub audiences: Vec<String>,
    /// In seconds.
    pub leeway: i64,
    pub keys: Arc<KeySet>,
    pub feed: Option<(Arc<Feed>, Doorward)>,
    pub unreachable: Unreachable,
    pub remembered: usize,
    pub clock: Arc<dyn Clock>,
}

struct Inner {
    parts: Parts,
    seen: Seen,
    keeper: Background,
    listener: Background,
}

impl Verifier {
    /// Settings for the tokens of this issuer: Doorward's `public_url`.
    ///
    /// ```
    /// use doorward_verify::Verifier;
    ///
    /// let issuer = "https://id.example.com";
    /// let verifier = Verifier::builder(issuer).audience(issuer).build()?;
    /// # Ok::<(), doorward_verify::ConfigError>(())
    /// ```
    pub fn builder(issuer: &str) -> Builder {
        Builder::new(issuer)
    }

    pub(crate) fn new(parts: Parts) -> Self {
        let seen = Seen::new(parts.remembered);
        let (keeper, listener) = Default::default();
        Self { inner: Arc::new(Inner { parts, seen, keeper, listener }) }
    }

    /// Checks an access token (RFC 9068, section 4; RFC 8725), and, where the feed is listened to, that its session has not
    /// ended.
    ///
    /// # Errors
    /// Why the token is not taken; [`VerifyError::code`] is what to answer.
    pub async fn verify(&self, token: &str) -> Result<AccessToken, VerifyError> {
        self.ensure_tasks();
        let parts = &self.inner.parts;
        let now = parts.clock.now();
        // Before the look at what was seen: keys that are fetched now may withdraw it.
        if !parts.keys.is_fresh(now.millis()) && self.inner.seen.get(token).is_some() {
            parts.keys.tend(now.millis()).await?;
        }
        let access = match self.inner.seen.get(token) {
            Some(access) => {
                access.check_times(now.unix_seconds, parts.leeway)?;
                access
            }
            None => self.verify_new(token, now).await?,
        };
        self.check_ended(token, &access, now).await?;
        Ok(access)
    }

    /// Fetches the keys, so that the first request need not wait for them. Calling it is optional.
    ///
    /// # Errors
    /// `Unavailable` where they can't be fetched now. The verifier goes on trying.
    pub async fn prime(&self) -> Result<(), VerifyError> {
        self.ensure_tasks();
        if self.inner.parts.keys.fetch().await { Ok(()) } else { Err(VerifyError::Unavailable) }
    }

    /// Holds a token against requirements.
    ///
    /// # Errors
    /// The answer to give.
    pub fn require(&self, token: &AccessToken, require: &Require) -> Result<(), Refusal> {
        let parts = &self.inner.parts;
        require.check(token, parts.clock.now().unix_seconds, parts.leeway)
    }

    pub fn status(&self) -> Status {
        let parts = &self.inner.parts;
        let feed_is_live = parts.feed.as_ref().map(|(feed, _)| feed.is_live(parts.clock.now()));
        Status { keys_age: parts.keys.age(), feed_is_live }
    }

    pub fn issuer(&self) -> &str {
        &self.inner.parts.issuer
    }

    async fn verify_new(&self, token: &str, now: Moment) -> Result<AccessToken, VerifyError> {
        let own = &self.inner.parts;
        let parts = jws::Parts::of(token)?;
        let familiar = own.keys.by_header(parts.header);
        let header = if familiar.is_some() { None } else { Some(Header::read(parts.header)?) };
        if let Some(header) = &header
            && !own.keys.algorithms().iter().any(|one| one.as_str() == header.alg)
        {
            return Err(VerifyError::WrongAlgorithm);
        }
        let payload = jws::decode(parts.payload)?;
        own.keys.tend(now.millis()).await?;
        let key = match (familiar.filter(|key| key.is_published()), &header) {
            (Some(key), _) => key,
            (None, Some(header)) => self.find_key(header, &payload, now).await?,
            // Withdrawn a moment ago.
            (None, None) => return Err(VerifyError::UnknownKey),
        };
        if header.as_ref().is_some_and(|header| header.alg != key.algorithm.as_str()) {
            return Err(VerifyError::WrongAlgorithm);
        }
        key.check_signature(&parts)?;
        if let Some(header) = &header {
            header.check_type()?;
        }
        let claims = Claims::read(&payload)?;
        claims.check_parties(&own.issuer, &own.audiences)?;
        claims.check_times(now.unix_seconds, own.leeway)?;
        key.remember_header(parts.header);
        let access = AccessToken::new(claims);
        self.inner.seen.put(token, &access, key);
        Ok(access)
    }

    /// For an unknown key Doorward is asked, but only where the token claims all else that it must: nothing of it is
    /// believed by that, and rubbish makes no requests.
    async fn find_key(&self, header: &Header, payload: &[u8], now: Moment) -> Result<Arc<Key>, VerifyError> {
        let own = &self.inner.parts;
        if let Some(key) = own.keys.known(&header.kid) {
            return Ok(key);
        }
        header.check_type()?;
        let claims = Claims::read(payload)?;
        claims.check_parties(&own.issuer, &own.audiences)?;
        claims.check_times(now.unix_seconds, own.leeway).map_err(|error| match error {
            VerifyError::Expired => VerifyError::UnknownKey,
            other => other,
        })?;
        own.keys.find(&header.kid).await
    }

    async fn check_ended(&self, token: &str, access: &AccessToken, now: Moment) -> Result<(), VerifyError> {
        let Some((feed, doorward)) = &self.inner.parts.feed else { return Ok(()) };
        if feed.has_ended(access) {
            return Err(VerifyError::SessionEnded);
        }
        if feed.vouches_for(access, now) {
            return Ok(());
        }
        match doorward.check(token, &access.sid).await {
            Err(VerifyError::Unavailable) if self.inner.parts.unreachable == Unreachable::Accept => Ok(()),
            Err(VerifyError::SessionEnded) => {
                // The feed may be back before it tells of this very ending.
                feed.remember(&access.sid);
                Err(VerifyError::SessionEnded)
            }
            verdict => verdict,
        }
    }

    fn ensure_tasks(&self) {
        let parts = &self.inner.parts;
        self.inner.keeper.ensure(|| Arc::clone(&parts.keys).keep());
        if let Some((feed, _)) = &parts.feed {
            self.inner.listener.ensure(|| Arc::clone(feed).listen());
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &self.inner.parts;
        let mut shown = f.debug_struct("Verifier");
        shown.field("issuer", &parts.issuer).field("audiences", &parts.audiences);
        shown.field("status", &self.status()).finish_non_exhaustive()
    }
}
