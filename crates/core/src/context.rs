//! What every use case is handed: the database, the clock, the rng, the settings, and the key that seals secrets.
//! Nothing in the product reads the time or makes randomness in any other way.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::net::IpAddr;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use doorward_crypto::password::PasswordHasher;
use doorward_crypto::rng::{Rng, random};
use doorward_crypto::seal::Sealer;
use doorward_db::{Db, Param};
use secrecy::SecretString;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::breach::Ranges;
use crate::config::Config;
use crate::error::Result;
use crate::place::Places;
use crate::rate_limit::{Class, Limiter, Standings};
use crate::refusals::Refusals;
use crate::user_agent::Client;

/// Cheap to clone; one for the life of the process.
#[derive(Clone)]
pub struct Context {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub config: Arc<Config>,
    pub sealer: Arc<Sealer>,
    pub hasher: PasswordHasher,
    pub limiter: Arc<Limiter>,
    /// The list of leaked passwords, where the settings name one.
    pub breached: Option<Arc<dyn Ranges>>,
    /// Where addresses are, where the settings name a file.
    pub places: Option<Arc<dyn Places>>,
    pub refusals: Arc<Refusals>,
}

impl Context {
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Where an address is, in words: `Vienna, Austria`.
    pub fn place(&self, ip: Option<&str>) -> Option<String> {
        self.places.as_ref()?.place(ip?.parse().ok()?)
    }

    /// An address for people: with its place, where that is known.
    pub fn address_in_words(&self, ip: Option<&str>) -> String {
        match (ip, self.place(ip)) {
            (Some(ip), Some(place)) => format!("{place} ({ip})"),
            (Some(ip), None) => ip.to_owned(),
            (None, _) => String::new(),
        }
    }

    /// Counts an attempt, and refuses it where there were too many.
    ///
    /// # Errors
    /// `rate_limited`.
    pub async fn limit(&self, class: Class, caller: &Caller, account_key: &str) -> Result<()> {
        if !self.config.rate_limit.enabled {
            return Ok(());
        }
        let now = self.now().micros();
        let standing = self.limiter.check(&self.sealer, now, class, caller.ip, account_key).await;
        caller.standings.note(standing);
        let outcome = standing.outcome();
        self.refusals.note(&outcome, class, caller.ip, account_key);
        outcome
    }

    /// A new id: UUIDv7 of this clock and rng (RFC 9562, section 5.7). What is left of the millisecond stands in front of
    /// the random bits (section 6.2, method 3), so that ids of one process are in the order of their making.
    pub fn new_id<K: IdKind>(&self) -> Id<K> {
        let micros = u64::try_from(self.now().micros()).unwrap_or(0);
        let [high, low] = u16::try_from(micros % 1000 * 4096 / 1000).unwrap_or(0).to_be_bytes();
        let mut rest = random::<10>(&*self.rng);
        (rest[0], rest[1]) = (high, low);
        Id::from_uuid(uuid::Builder::from_unix_timestamp_millis(micros / 1000, &rest).into_uuid())
    }
}

/// Who asks: what is known of a request whoever sends it, for audit, limits and devices.
#[derive(Debug, Clone)]
pub struct Caller {
    pub request_id: String,
    pub ip: Option<IpAddr>,
    pub user_agent: Option<String>,
    /// What is kept of a browser's client hints: see `user_agent::hints`.
    pub client_hints: Option<String>,
    /// The cookie by which a browser's accounts know it again: see `device`.
    pub devices: Option<SecretString>,
    /// How the limits stand that this request was counted by.
    pub standings: Standings,
}

impl Caller {
    /// The operator at the command line, or the server itself.
    pub fn system(name: &str) -> Self {
        Self {
            request_id: String::new(),
            ip: None,
            user_agent: Some(name.to_owned()),
            client_hints: None,
            devices: None,
            standings: Standings::default(),
        }
    }

    /// What the client says that it is, in words.
    pub fn client(&self) -> Client {
        Client::of(self.user_agent.as_deref(), self.client_hints.as_deref())
    }

    /// Where many did a thing, and none of them is named.
    pub fn nobody() -> Self {
        Self { user_agent: None, ..Self::system("") }
    }

    pub fn ip_text(&self) -> Option<String> {
        self.ip.map(|ip| ip.to_canonical().to_string())
    }
}

pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Time;
}

/// The machine's clock, moved by an offset so that all nodes follow the database's.
#[derive(Default)]
pub struct SystemClock {
    offset_micros: AtomicI64,
}

impl SystemClock {
    pub fn set_offset_micros(&self, offset: i64) {
        self.offset_micros.store(offset, Ordering::Relaxed);
    }

    /// The machine's own time, without the offset.
    pub fn machine_now() -> Time {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Time(since_epoch.map_or(0, |elapsed| i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Time {
        Time(Self::machine_now().0 + self.offset_micros.load(Ordering::Relaxed))
    }
}

/// By how much clocks may differ. What was made later than this after now was made by a clock that was ahead, and no length
/// of life that it was given can be believed.
pub const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// A moment, in microseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 where people or JSON see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds, as token claims carry them (RFC 7519 NumericDate).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// How long it is from `earlier` until this moment; zero if it lies before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads RFC 3339, or a date, which stands for its beginning in UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let time = text.parse::<jiff::Timestamp>().ok().or_else(|| {
            let date: jiff::civil::Date = text.parse().ok()?;
            date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        })?;
        Some(Self(time.as_microsecond()))
    }

    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_microsecond(self.0).map_or_else(|_| String::new(), |time| time.to_string())
    }

    /// For people: `21 Nov 2026, 14:05 UTC`.
    pub fn for_people(self) -> String {
        jiff::Timestamp::from_microsecond(self.0)
            .map_or_else(|_| String::new(), |time| time.strftime("%-d %b %Y, %H:%M UTC").to_string())
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

impl From<Time> for Param {
    fn from(time: Time) -> Self {
        Self::I64(time.0)
    }
}

/// What an id is of; its word stands in front of the 32 hex digits.
pub trait IdKind: Send + Sync + 'static {
    const PREFIX: &'static str;
}

macro_rules! id_kinds {
    ($($kind:ident, $alias:ident, $prefix:literal;)+) => {$(
        #[derive(Debug, Clone, Copy)]
        pub enum $kind {}
        impl IdKind for $kind { const PREFIX: &'static str = $prefix; }
        pub type $alias = Id<$kind>;
    )+};
}

id_kinds! {
    UserKind, UserId, "user";
    SessionKind, SessionId, "session";
    DeviceKind, DeviceId, "device";
    EventKind, EventId, "event";
    MailKind, MailId, "mail";
    PendingKind, PendingId, "pending";
    ServiceKeyKind, ServiceKeyId, "key";
    EmailChangeKind, EmailChangeId, "emailchange";
    TotpKind, TotpId, "totp";
    RecoveryKind, RecoveryId, "recovery";
    SmsKind, SmsId, "sms";
    PhoneKind, PhoneId, "phone";
    EmailSignInKind, EmailSignInId, "emailsignin";
    PasskeyKind, PasskeyId, "passkey";
}

/// An id that can't be taken for one of another kind: `user_` and 32 hex digits.
pub struct Id<K>(Uuid, PhantomData<fn() -> K>);

impl<K: IdKind> Id<K> {
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// The least id that could have been made at a moment or after it (RFC 9562, section 5.7).
    pub fn first_at(moment: Time) -> Self {
        let millis = u64::try_from(moment.micros() / 1000).unwrap_or(0);
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
    }

    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }

    /// Reads `prefix_` and exactly 32 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix(K::PREFIX)?.strip_prefix('_')?;
        let plain = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        plain.then(|| Uuid::try_parse(hex).ok()).flatten().map(Self::from_uuid)
    }
}

impl<K: IdKind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", K::PREFIX, self.0.simple())
    }
}

impl<K: IdKind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Id<K> {}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K> Eq for Id<K> {}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K: IdKind> FromStr for Id<K> {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        Self::parse(text).ok_or(())
    }
}

impl<K: IdKind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<K> From<Id<K>> for Param {
    fn from(id: Id<K>) -> Self {
        Self::Uuid(id.0)
    }
}
