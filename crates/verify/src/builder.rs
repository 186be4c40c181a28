//! What a verifier is told: whose tokens, for whom, and within what bounds.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;

use crate::ask::Doorward;
use crate::clock::{Clock, SystemClock};
use crate::feed::{Feed, FeedSource};
use crate::http;
use crate::key::Algorithm;
use crate::key_set::{KeySet, KeySetSource};
use crate::verifier::{Parts, Verifier};

/// A setting that can't be used, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(String);

impl ConfigError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// What to do about a token where the feed is lost and Doorward can't be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unreachable {
    /// Refuse it with 503 `unavailable`: whether its session has ended can't be told.
    #[default]
    Refuse,
    /// Take it until it runs out, unless its session is known to have ended: ten minutes at most, as Doorward is set by
    /// default. For services that would rather be there.
    Accept,
}

/// Settings of a [`Verifier`]; see [`Verifier::builder`].
#[derive(Clone)]
pub struct Builder {
    issuer: String,
    audiences: Vec<String>,
    algorithms: Vec<Algorithm>,
    leeway: Duration,
    doorward_url: Option<String>,
    jwks_url: Option<String>,
    service_key: Option<String>,
    unreachable: Unreachable,
    token_lifetime: Duration,
    timeout: Duration,
    floor: Duration,
    stale_after: Duration,
    remembered: usize,
    clock: Arc<dyn Clock>,
}

const MAX_LEEWAY: Duration = Duration::from_secs(60);

impl Builder {
    pub(crate) fn new(issuer: &str) -> Self {
        Self {
            issuer: issuer.strip_suffix('/').unwrap_or(issuer).to_owned(),
            audiences: Vec::new(),
            algorithms: vec![Algorithm::Es256],
            leeway: Duration::from_secs(5),
            doorward_url: None,
            jwks_url: None,
            service_key: None,
            unreachable: Unreachable::default(),
            token_lifetime: Duration::from_secs(60 * 60),
            timeout: Duration::from_secs(5),
            floor: Duration::from_secs(10),
            stale_after: Duration::from_secs(24 * 60 * 60),
            remembered: 10_000,
            clock: Arc::new(SystemClock),
        }
    }

    /// Whom tokens must be for: Doorward's setting `token.audience`, which is its own address unless set. Must be told;
    /// told more than once, a token for any of them is taken.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// The only algorithms by which tokens may be signed: Doorward's setting `token.signing_alg`, and both the old and the
    /// new one while that changes. ES256 unless told.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// By how much this machine's clock may differ from Doorward's: 5 s unless told, 60 s at most.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Where Doorward is reached from here, if not at the issuer's address. Tokens still have to name the issuer. Over
    /// plain http whoever stands between can change the keys: only for networks of your own.
    #[must_use]
    pub fn doorward_url(mut self, url: impl Into<String>) -> Self {
        self.doorward_url = Some(url.into());
        self
    }

    /// Where the key set is, if not at `{issuer}/.well-known/jwks.json`.
    #[must_use]
    pub fn jwks_url(mut self, url: impl Into<String>) -> Self {
        self.jwks_url = Some(url.into());
        self
    }

    /// Listens to which sessions end, with a service key of the scope `revocations:read` (`doorward key create NAME --scope revocations:read`), so that
    /// their tokens are refused within a second. Without it they are taken until they run out.
    #[must_use]
    pub fn revocation_feed(mut self, service_key: impl Into<String>) -> Self {
        self.service_key = Some(service_key.into());
        self
    }

    /// What happens where the feed is lost and Doorward can't be asked: refused, unless told.
    #[must_use]
    pub fn when_unreachable(mut self, unreachable: Unreachable) -> Self {
        self.unreachable = unreachable;
        self
    }

    /// How long an access token may live for the feed to vouch for it, and so for how long endings are kept: an hour
    /// unless told, from a minute to a day. Doorward's setting is `session.access_token_ttl`; about a token that lives longer than
    /// told here, Doorward is asked each time.
    #[must_use]
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// How long a request to Doorward may take: 5 s unless told.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The least time between two fetches of the key set for tokens of unknown keys: 10 s unless told.
    #[must_use]
    pub fn refetch_floor(mut self, floor: Duration) -> Self {
        self.floor = floor;
        self
    }

    /// For how long keys serve that could not be fetched anew: a day unless told.
    #[must_use]
    pub fn stale_after(mut self, stale_after: Duration) -> Self {
        self.stale_after = stale_after;
        self
    }

    /// How many verified tokens are remembered, so that the next request with one costs no signature: 10 000 unless told,
    /// of about 2 KiB each; up to twice as many for a while. Zero remembers none.
    #[must_use]
    pub fn remembered_tokens(mut self, tokens: usize) -> Self {
        self.remembered = tokens;
        self
    }

    /// Another clock than the machine's, for tests.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Makes the verifier. Nothing is fetched yet: the first check does, or [`Verifier::prime`].
    ///
    /// # Errors
    /// Names the first setting that can't be used.
    pub fn build(self) -> Result<Verifier, ConfigError> {
        url("the issuer", &self.issuer)?;
        let base = self.doorward_url.as_deref().unwrap_or(&self.issuer);
        let base = base.strip_suffix('/').unwrap_or(base);
        let near = url("doorward_url", base)?;
        let jwks_url = match &self.jwks_url {
            Some(own) => url("jwks_url", own)?,
            None => url("jwks_url", &format!("{base}/.well-known/jwks.json"))?,
        };
        if self.audiences.is_empty() || self.audiences.iter().any(String::is_empty) {
            return Err(ConfigError::new("tell the audience: Doorward's setting `token.audience`"));
        }
        if self.algorithms.is_empty() {
            return Err(ConfigError::new("tell an algorithm, or leave it at ES256"));
        }
        if self.leeway > MAX_LEEWAY {
            return Err(ConfigError::new("a leeway is 60 seconds at most"));
        }
        if !(60..=24 * 60 * 60).contains(&self.token_lifetime.as_secs()) {
            return Err(ConfigError::new("a token lifetime is from one minute to one day"));
        }
        if self.timeout.is_zero() || self.stale_after < Duration::from_secs(15 * 60) {
            return Err(ConfigError::new(
                "a timeout is more than nothing, and keys serve for 15 minutes at least",
            ));
        }
        let client = |url: &Url| {
            http::client(url)
                .map_err(|error| ConfigError::new(format!("no HTTP client: {}", http::plain(&error))))
        };
        let keys = KeySetSource {
            client: client(&jwks_url)?,
            url: jwks_url,
            algorithms: self.algorithms,
            timeout: self.timeout,
            floor: self.floor,
            stale_after: self.stale_after,
        };
        let feed = match &self.service_key {
            None => None,
            Some(key) => {
                let authorization = http::bearer(key).filter(|_| !key.is_empty());
                let client = client(&near)?;
                let source = FeedSource {
                    client: client.clone(),
                    url: url("doorward_url", &format!("{base}/v1/revocations"))?,
                    authorization: authorization
                        .ok_or_else(|| ConfigError::new("the service key is none: it begins with dw_key_"))?,
                    keep: self.token_lifetime + self.leeway,
                };
                let session = url("doorward_url", &format!("{base}/v1/session"))?;
                let doorward = Doorward::new(client, session, self.timeout, Arc::clone(&self.clock));
                Some((Arc::new(Feed::new(source, Arc::clone(&self.clock))), doorward))
            }
        };
        Ok(Verifier::new(Parts {
            issuer: self.issuer,
            audiences: self.audiences,
            leeway: i64::try_from(self.leeway.as_secs()).unwrap_or(0),
            keys: Arc::new(KeySet::new(keys, Arc::clone(&self.clock))),
            feed,
            unreachable: self.unreachable,
            remembered: self.remembered,
            clock: self.clock,
        }))
    }
}

/// Without the service key.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Builder");
        shown.field("issuer", &self.issuer).field("audiences", &self.audiences);
        shown.field("algorithms", &self.algorithms).finish_non_exhaustive()
    }
}

fn url(what: &str, text: &str) -> Result<Url, ConfigError> {
    let wrong = || ConfigError::new(format!("{what} is no http or https address: {text}"));
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain = matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
    if plain && url.has_host() && url.username().is_empty() { Ok(url) } else { Err(wrong()) }
}
