//! The settings that the product runs by, already checked: every value here is usable as it stands. Reading files and
//! the environment is the server's work.

use std::net::IpAddr;
use std::time::Duration;

use doorward_crypto::signing::Algorithm;
use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Development,
    Production,
}

/// When a new account must have proved its address: before it exists, or later, by gates on `email_verified`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyEmail {
    First,
    Later,
}

#[derive(Debug, Clone)]
pub struct Config {
    pub mode: Mode,
    /// Development was said outright in the settings for addresses that others can reach.
    pub development_said: bool,
    /// Where people and clients reach this server. May end in a path, never in a slash.
    pub public_url: Url,
    /// Where links in mails lead: `public_url`, or an app that has the same page names.
    pub pages_base_url: Url,
    pub brand: Brand,
    pub sign_up: SignUp,
    pub sign_in: SignIn,
    pub session: Session,
    pub token: Token,
    pub keys: Keys,
    pub password: Password,
    pub reauthentication: Reauthentication,
    pub mfa: Mfa,
    pub recovery: Recovery,
    pub webauthn: Webauthn,
    pub account: Account,
    pub challenge: Challenge,
    pub lockout: Lockout,
    pub rate_limit: RateLimit,
    pub http: Http,
    pub mail: Mail,
    /// `None`: nothing is sent by SMS.
    pub sms: Option<Sms>,
    pub audit: Audit,
    pub metrics_token: Option<SecretString>,
}

/// How pages and mails present themselves.
#[derive(Debug, Clone)]
pub struct Brand {
    pub product_name: String,
    /// A CSS colour `#rrggbb` in place of the default accent.
    pub accent: Option<String>,
}

#[derive(Debug, Clone)]
pub struct SignUp {
    pub verify_email: VerifyEmail,
}

#[derive(Debug, Clone)]
pub struct SignIn {
    /// Whether a mailed link or code signs in.
    pub email: bool,
}

#[derive(Debug, Clone)]
pub struct Session {
    pub access_token_ttl: Duration,
    pub refresh_grace: Duration,
    pub refresh_retry: Duration,
    pub idle_timeout: Duration,
    pub remember_idle_timeout: Duration,
    pub absolute_timeout: Duration,
    /// A parent domain whose hosts share the cookies; turns the `__Host-` prefix into `__Secure-`.
    pub cookie_domain: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Token {
    pub audience: String,
    pub signing_alg: Algorithm,
}

#[derive(Debug, Clone)]
pub struct Keys {
    /// How long a signing key signs before the next one takes over; `None` leaves it to the operator.
    pub rotate_every: Option<Duration>,
}

#[derive(Debug, Clone)]
pub struct Password {
    /// In characters, after NFC.
    pub min_length: usize,
}

#[derive(Debug, Clone)]
pub struct Reauthentication {
    /// Whether a mailed code confirms that somebody who is signed in is still who they were.
    pub email_code: bool,
}

/// Second factors.
#[derive(Debug, Clone)]
pub struct Mfa {
    /// Whoever has one of these roles signs in with two factors. Every account has the role `user`.
    pub required_for: Vec<String>,
    /// For how long a device that its owner trusts is not asked for the second factor again; zero: it always is.
    pub trusted_device: Duration,
}

/// The way back in for somebody who has lost the second factor.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// How long it waits, so that the owner can cancel what somebody else asked for.
    pub wait: Duration,
}

/// The relying party that passkeys are made for (Web Authentication, section 4).
#[derive(Debug, Clone)]
pub struct Webauthn {
    /// The host, or a parent domain of it, that passkeys belong to. Another one makes all of them worthless.
    pub rp_id: String,
    /// The exact origins of the pages that may ask for them.
    pub origins: Vec<Url>,
}

#[derive(Debug, Clone)]
pub struct Account {
    /// How long a closed account can be restored before it is deleted for good.
    pub deletion_grace: Duration,
}

/// Proof of work that is asked for where somebody seems to guess or to flood.
#[derive(Debug, Clone)]
pub struct Challenge {
    pub enabled: bool,
    /// From more sign-ups than this within ten minutes on, each further one is challenged.
    pub sign_ups_above: u32,
}

#[derive(Debug, Clone)]
pub struct Lockout {
    /// Whether failed attempts on an account are delayed, and lock it for a while.
    pub enabled: bool,
}

#[derive(Debug, Clone)]
pub struct RateLimit {
    pub enabled: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Http {
    pub trusted_proxies: Vec<IpNet>,
    pub proxy_secret: Option<SecretString>,
    /// Exact origins that may call the JSON API with credentials.
    pub allowed_origins: Vec<String>,
    /// Exact origins that `redirect_to` may lead to.
    pub allowed_redirects: Vec<String>,
}

impl Http {
    /// Whether a peer is a proxy whose forwarding headers are believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|net| net.contains(&peer))
    }
}

#[derive(Debug, Clone)]
pub struct Mail {
    /// The sender, as `Name <address>` or an address alone.
    pub from: String,
    /// Mails are kept for `/dev/mailbox` instead of being sent.
    pub caught: bool,
}

#[derive(Debug, Clone)]
pub struct Sms {
    /// What numbers that get messages begin with: calling codes such as `+43`.
    pub countries: Vec<String>,
    /// How many messages go to one of them within an hour.
    pub hourly_per_country: u32,
}

#[derive(Debug, Clone)]
pub struct Audit {
    /// How long events are kept.
    pub retention: Duration,
    /// Whether each refresh of a session is an event. It is noted on the session in any case.
    pub refreshes: bool,
}

impl Config {
    /// Whether people reach this server over https: decides cookie names, `Secure` and HSTS.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    pub fn is_development(&self) -> bool {
        self.mode == Mode::Development
    }

    /// `public_url` without a trailing slash: the issuer of tokens, and the front of every link.
    pub fn issuer(&self) -> &str {
        self.public_url.as_str().trim_end_matches('/')
    }

    /// The origin (scheme, host, port) of `public_url`, as browsers send it.
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// The path under which every route lives: empty, or `/auth` without a trailing slash.
    pub fn base_path(&self) -> &str {
        self.public_url.path().trim_end_matches('/')
    }

    /// A link to a page, as mails carry it.
    pub fn page_link(&self, path: &str) -> String {
        format!("{}{path}", self.pages_base_url.as_str().trim_end_matches('/'))
    }
}
