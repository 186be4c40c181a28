//! Settings: read from a file and the environment, checked as a whole, with every problem listed at once.

pub mod keys;
pub mod master_key;
mod problem;
mod reader;
pub mod sms;
mod source;
mod webauthn;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use doorward_core::config::{
    Account, Audit, Brand, Challenge, Config, Http, Keys, Lockout, Mail, Mfa, Mode, Password, RateLimit,
    Reauthentication, Recovery, Session, SignIn, SignUp, Token, VerifyEmail,
};
use doorward_crypto::password::Params;
use doorward_crypto::seal::MasterKey;
use doorward_crypto::signing::Algorithm;
use doorward_db::{AddressError, Db};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::redis;
pub use problem::Problems;
use reader::Reader;
use sms::SmsProvider;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const SECOND: Duration = Duration::from_secs(1);

/// Settings that can be used as they stand.
pub struct Settings {
    pub core: Config,
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub database_url: SecretString,
    pub database_connections: usize,
    /// In development it may be absent, and is made in `data_dir`.
    pub master_key: Option<MasterKey>,
    pub previous_master_keys: Vec<MasterKey>,
    pub password: Params,
    pub mail: MailTransport,
    /// Who carries SMS away, where anybody does.
    pub sms: Option<SmsProvider>,
    pub max_connections: usize,
    pub max_connections_per_address: usize,
    /// Where attempts are counted together with other processes.
    pub redis_url: Option<SecretString>,
    /// Where leaked passwords are looked up, where they are.
    pub breached_url: Option<Url>,
    /// A file that says where addresses are.
    pub geoip_database: Option<PathBuf>,
    pub log: Log,
}

pub enum MailTransport {
    Smtp(SecretString),
    Folder(PathBuf),
    /// Development: kept for the mailbox.
    Caught,
}

pub struct Log {
    /// `None`: text on a terminal, JSON elsewhere.
    pub json: Option<bool>,
    pub filter: String,
}

impl Settings {
    /// Reads the file (its name and content) and the environment.
    ///
    /// # Errors
    /// Every problem there is.
    pub fn load(
        file: Option<(&str, &str)>,
        env: impl Iterator<Item = (String, String)>,
        read_file: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let all = source::gather(file, env, read_file, &mut problems);
        let settings = read(&mut Reader { all: &all, problems: &mut problems });
        match settings {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(problems),
        }
    }
}

/// `None` only where a problem was noted.
fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    let listen = reader
        .parsed("listen", "Write an address and a port: \"127.0.0.1:4400\".", |text| text.parse().ok())
        .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 4400)));
    let default_url = || Url::parse("http://localhost:4400").ok();
    let public_url =
        if reader.all.contains_key("public_url") { reader.url("public_url") } else { default_url() };
    let said = reader.parsed("mode", "Write \"development\" or \"production\".", |text| match text {
        "development" => Some(Mode::Development),
        "production" => Some(Mode::Production),
        _ => None,
    });
    let local = listen.ip().is_loopback() && public_url.as_ref().is_some_and(is_loopback);
    let mode = said.unwrap_or(if local { Mode::Development } else { Mode::Production });
    let development = mode == Mode::Development;

    let data_dir = PathBuf::from(reader.text("data_dir").unwrap_or_else(|| "./doorward-data".to_owned()));
    let (mail, from) = mail(reader, development);
    let password = password(reader);
    let (master_key, previous_master_keys) = master_keys(reader, development);
    let https = public_url.as_ref().is_some_and(|url| url.scheme() == "https");
    if !development && !https {
        reader.refuse("public_url", "is not https, and this is production", "Put a TLS proxy in front and write its https address; or set mode = \"development\" to try things out.");
    }
    let allowed_origins = reader.origins(
        "http.allowed_origins",
        "Write origins such as \"https://app.example.com\", without a path.",
        |url| url.scheme() == "https" || development && is_loopback(url),
    );
    let allowed_redirects = reader.origins(
        "http.allowed_redirects",
        "Write origins such as \"https://app.example.com\", without a path.",
        |url| url.scheme() == "https" || url.scheme() == "http" && (development || is_loopback(url)),
    );
    let pages_base_url = pages_base_url(reader, public_url.as_ref(), development);
    let log = log(reader);
    let database_url = database_url(reader, &data_dir);
    let database_connections = reader.number("database.max_connections", 16, 1, 1000);
    let max_connections = reader.number("http.max_connections", 10_000, 1, 1_000_000);
    let per_address = reader.number("http.max_connections_per_address", 1000, 1, 1_000_000);
    let redis_url = redis_url(reader);
    let breached_url = breached_url(reader);
    let geoip_database = reader.text("geoip.database").map(PathBuf::from);
    let sign_up = SignUp {
        verify_email: reader
            .parsed("sign_up.verify_email", "Write \"first\" or \"later\".", |text| match text {
                "first" => Some(VerifyEmail::First),
                "later" => Some(VerifyEmail::Later),
                _ => None,
            })
            .unwrap_or(VerifyEmail::First),
    };
    let sign_in = SignIn { email: reader.flag("sign_in.email", true) };
    let session = session(reader, public_url.as_ref());
    let token_audience = reader.text("token.audience");
    let signing_alg = reader
        .parsed("token.signing_alg", "Write \"ES256\", \"EdDSA\" or \"RS256\".", |text| text.parse().ok())
        .unwrap_or(Algorithm::Es256);
    let keys = Keys { rotate_every: rotate_every(reader) };
    let min_length = reader.number("password.min_length", 8, 8, 64);
    let reauthentication = Reauthentication { email_code: reader.flag("reauthentication.email_code", true) };
    let mfa = Mfa {
        required_for: reader.list("mfa.required_for"),
        trusted_device: reader.duration("mfa.trusted_device", 30 * DAY, Duration::ZERO..=366 * DAY),
    };
    let recovery =
        Recovery { wait: reader.duration("recovery.wait", DAY, Duration::from_secs(60 * 60)..=90 * DAY) };
    let account = Account {
        deletion_grace: reader.duration("account.deletion_grace", 14 * DAY, Duration::ZERO..=366 * DAY),
    };
    let lockout = Lockout { enabled: reader.flag("lockout.enabled", true) };
    let challenge = Challenge {
        enabled: reader.flag("challenge.enabled", true),
        sign_ups_above: reader.number("challenge.sign_ups_above", 60, 0, 1_000_000),
    };
    let webauthn = webauthn::read(reader, public_url.as_ref(), development);
    let rate_limit = RateLimit { enabled: reader.flag("rate_limit.enabled", true) };
    let http = Http {
        trusted_proxies: trusted_proxies(reader),
        proxy_secret: reader.strong_secret("http.proxy_secret"),
        allowed_origins,
        allowed_redirects,
    };
    let (sms, sms_provider) = sms::read(reader);
    let brand = brand(reader);
    let audit = Audit {
        retention: reader.duration("audit.retention", 400 * DAY, DAY..=36_500 * DAY),
        refreshes: reader.flag("audit.refreshes", false),
    };
    let metrics_token = reader.strong_secret("metrics.token");

    let (public_url, pages_base_url) = (public_url?, pages_base_url?);
    let audience = token_audience.unwrap_or_else(|| public_url.as_str().trim_end_matches('/').to_owned());
    Some(Settings {
        core: Config {
            mode,
            development_said: said == Some(Mode::Development) && !local,
            public_url,
            pages_base_url,
            brand,
            sign_up,
            sign_in,
            session,
            token: Token { audience, signing_alg },
            keys,
            password: Password { min_length: usize::try_from(min_length).ok()? },
            reauthentication,
            mfa,
            recovery,
            webauthn: webauthn?,
            account,
            challenge,
            lockout,
            rate_limit,
            http,
            mail: Mail { from, caught: matches!(mail, MailTransport::Caught) },
            sms,
            audit,
            metrics_token,
        },
        listen,
        data_dir,
        database_url,
        database_connections: usize::try_from(database_connections).ok()?,
        master_key,
        previous_master_keys,
        password: password?,
        mail,
        sms: sms_provider,
        max_connections: usize::try_from(max_connections).ok()?,
        max_connections_per_address: usize::try_from(per_address).ok()?,
        redis_url,
        breached_url,
        geoip_database,
        log,
    })
}

/// Links in mails lead there, with the tokens in them.
fn pages_base_url(reader: &mut Reader<'_>, public_url: Option<&Url>, development: bool) -> Option<Url> {
    if !reader.all.contains_key("pages.base_url") {
        return public_url.cloned();
    }
    let url = reader.url("pages.base_url")?;
    if !development && url.scheme() != "https" {
        reader.refuse(
            "pages.base_url",
            "is not https, and this is production",
            "Links in mails lead there: write an https address.",
        );
    }
    Some(url)
}

fn mail(reader: &mut Reader<'_>, development: bool) -> (MailTransport, String) {
    let smtp = reader.secret("mail.smtp_url");
    if let Some(url) = &smtp
        && !Url::parse(url.expose_secret())
            .is_ok_and(|url| matches!(url.scheme(), "smtp" | "smtps") && url.has_host())
    {
        reader.refuse(
            "mail.smtp_url",
            "is not the address of a mail server",
            "Write smtps://user:password@host, or smtp://….",
        );
    }
    let folder = reader.text("mail.file_dir").map(PathBuf::from);
    let transport = match (smtp, folder) {
        (Some(url), _) => MailTransport::Smtp(url),
        (None, Some(folder)) => MailTransport::Folder(folder),
        (None, None) => MailTransport::Caught,
    };
    if !development && matches!(transport, MailTransport::Caught) {
        reader.refuse(
            "mail.smtp_url",
            "is missing, and this is production",
            "Name your mail server: smtps://user:password@host.",
        );
    }
    let from = reader.parsed("mail.from", "Write \"Name <address>\" or an address alone.", |text| {
        text.parse::<lettre::message::Mailbox>().ok().map(|_| text.to_owned())
    });
    if from.is_none() && !development && !reader.all.contains_key("mail.from") {
        reader.refuse(
            "mail.from",
            "is missing, and this is production",
            "Write the sender of your mails: \"Name <address>\".",
        );
    }
    (transport, from.unwrap_or_else(|| "Doorward <noreply@localhost>".to_owned()))
}

fn password(reader: &mut Reader<'_>) -> Option<Params> {
    let memory = reader.number("password.memory_kib", 65_536, 19_456, 4 * 1024 * 1024);
    let passes = reader.number("password.passes", 3, 2, 100);
    let lanes = reader.number("password.lanes", 4, 1, 64);
    Params::new(memory, passes, lanes).ok()
}

fn master_keys(reader: &mut Reader<'_>, development: bool) -> (Option<MasterKey>, Vec<MasterKey>) {
    const MAKE: &str = "Make one with: head -c 32 /dev/urandom | base64";
    let read = |text: &str| MasterKey::from_base64(text).ok();
    let current = reader.parsed("secrets.master_key", MAKE, read);
    if current.is_none() && !development && !reader.all.contains_key("secrets.master_key") {
        reader.refuse("secrets.master_key", "is missing, and this is production", MAKE);
    }
    let list = reader.list("secrets.previous_master_keys");
    let previous: Vec<MasterKey> = list.iter().filter_map(|text| read(text)).collect();
    if previous.len() < list.len() {
        reader.refuse("secrets.previous_master_keys", "holds what is no key", "Each is 32 bytes in base64.");
    }
    (current, previous)
}

fn session(reader: &mut Reader<'_>, public_url: Option<&Url>) -> Session {
    let cookie_domain = reader.text("session.cookie_domain");
    if let (Some(domain), Some(url)) = (&cookie_domain, public_url) {
        let host = url.host_str().unwrap_or_default();
        let is_parent = domain.contains('.') && (host == domain || host.ends_with(&format!(".{domain}")));
        if !is_parent || domain.starts_with('.') {
            reader.refuse(
                "session.cookie_domain",
                "is no parent of public_url's host",
                "Write the domain that all your hosts share, such as example.com.",
            );
        }
    }
    Session {
        access_token_ttl: reader.duration("session.access_token_ttl", 10 * MINUTE, 10 * SECOND..=DAY),
        refresh_grace: reader.duration("session.refresh_grace", 10 * SECOND, Duration::ZERO..=2 * MINUTE),
        refresh_retry: reader.duration("session.refresh_retry", 10 * MINUTE, Duration::ZERO..=60 * MINUTE),
        idle_timeout: reader.duration("session.idle_timeout", 7 * DAY, MINUTE..=366 * DAY),
        remember_idle_timeout: reader.duration("session.remember_idle_timeout", 30 * DAY, MINUTE..=366 * DAY),
        absolute_timeout: reader.duration("session.absolute_timeout", 90 * DAY, MINUTE..=366 * DAY),
        cookie_domain,
    }
}

/// `None` where the schedule is switched off.
fn rotate_every(reader: &mut Reader<'_>) -> Option<Duration> {
    const KEY: &str = "keys.rotate_every";
    if reader.all.get(KEY).and_then(|given| given.value.as_str()).is_some_and(|text| text.trim() == "never") {
        return None;
    }
    // The next key is published for a day before it signs, so nothing below that could be kept.
    Some(reader.duration(KEY, 90 * DAY, DAY..=3660 * DAY))
}

fn trusted_proxies(reader: &mut Reader<'_>) -> Vec<IpNet> {
    let list = reader.list("http.trusted_proxies");
    let read = |text: &String| text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let proxies: Vec<IpNet> = list.iter().filter_map(read).collect();
    if proxies.iter().any(|network| network.prefix_len() == 0) {
        reader.refuse(
            "http.trusted_proxies",
            "trusts everybody",
            "Name your proxies' own addresses or networks.",
        );
    }
    if proxies.len() < list.len() {
        reader.refuse(
            "http.trusted_proxies",
            "holds what is no address or network",
            "Write \"10.0.0.1\" or \"10.0.0.0/8\".",
        );
    }
    proxies
}

fn brand(reader: &mut Reader<'_>) -> Brand {
    let is_colour = |text: &str| {
        text.strip_prefix('#')
            .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    Brand {
        product_name: reader
            .parsed("brand.product_name", "Write a name of 1 to 60 characters.", |text| {
                let fits = (1..=60).contains(&text.chars().count()) && !text.contains(char::is_control);
                fits.then(|| text.to_owned())
            })
            .unwrap_or_else(|| "Doorward".to_owned()),
        accent: reader.parsed("brand.accent", "Write a colour as \"#0f766e\".", |text| {
            is_colour(text).then(|| text.to_owned())
        }),
    }
}

fn log(reader: &mut Reader<'_>) -> Log {
    let json = reader.parsed("log.format", "Write \"text\" or \"json\".", |text| match text {
        "text" => Some(false),
        "json" => Some(true),
        _ => None,
    });
    let filter = reader.parsed("log.level", "Write error, warn, info, debug or trace.", |text| {
        text.parse::<tracing_subscriber::EnvFilter>().ok().map(|_| text.to_owned())
    });
    Log { json, filter: filter.unwrap_or_else(|| "info".to_owned()) }
}

fn database_url(reader: &mut Reader<'_>, data_dir: &Path) -> SecretString {
    let given = reader.text("database.url").unwrap_or_else(|| "sqlite:doorward.db".to_owned());
    if let Err(AddressError { wrong, mend }) = Db::check_address(&given) {
        reader.refuse("database.url", wrong, mend);
    }
    if let Some(path) = given.strip_prefix("sqlite:") {
        // An absolute path replaces the folder that it is joined to.
        return SecretString::from(format!(
            "sqlite:{}",
            data_dir.join(path.trim_start_matches("//")).display()
        ));
    }
    SecretString::from(given)
}

/// Ends in a slash, so that the range is joined below it.
fn breached_url(reader: &mut Reader<'_>) -> Option<Url> {
    let is_asked = reader.flag("password.check_breached", false);
    let url = reader.url("password.breached_url");
    if !is_asked {
        return None;
    }
    let mut url = url.or_else(|| Url::parse("https://api.pwnedpasswords.com/").ok())?;
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Some(url)
}

fn redis_url(reader: &mut Reader<'_>) -> Option<SecretString> {
    let url = reader.secret("redis.url")?;
    if !redis::is_address(url.expose_secret()) {
        reader.refuse(
            "redis.url",
            "is not the address of a Redis or Valkey server",
            "Write redis://user:password@host:6379/0, or rediss://… for TLS.",
        );
    }
    Some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
