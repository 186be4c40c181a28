use std::pin::Pin;
use std::time::Duration;

use anyhow::{Context as _, Result};
use doorward_core::mail::{OutgoingMail, Transport};
use doorward_core::outbox::SendError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

const PATIENCE: Duration = Duration::from_secs(15);

/// Where a mail server is, and how it is spoken to.
#[derive(Debug, PartialEq, Eq)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    way: Way,
}

#[derive(Debug, PartialEq, Eq)]
enum Way {
    Tls,
    StartTls,
    Plain,
}

impl MailServer {
    /// Without a port in the address, it is that of the way: submission over TLS or with STARTTLS (RFC 8314, RFC 6409), or
    /// plain relay. `None` where the address names no host.
    pub fn named_by(url: &Url) -> Option<Self> {
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        let plain =
            url.query_pairs().any(|(name, value)| name == "tls" && value == "none") || is_loopback(url);
        let (way, port) = match url.scheme() {
            "smtps" => (Way::Tls, 465),
            _ if plain => (Way::Plain, 25),
            _ => (Way::StartTls, 587),
        };
        Some(Self { host, port: url.port().unwrap_or(port), way })
    }
}

/// Hands mails to a mail server (RFC 5321).
pub struct SmtpTransport {
    mailer: AsyncSmtpTransport<Tokio1Executor>,
    patience: Duration,
}

impl SmtpTransport {
    /// `smtps://` speaks TLS from the start, `smtp://` demands STARTTLS, but for a loopback host or with `?tls=none`.
    ///
    /// # Errors
    /// Where the address names no host.
    pub fn new(url: &SecretString) -> Result<Self> {
        Self::with_patience(url, PATIENCE)
    }

    /// With another limit to how long one mail may take.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_patience(url: &SecretString, patience: Duration) -> Result<Self> {
        let url = Url::parse(url.expose_secret()).context("the address of the mail server")?;
        let MailServer { host, port, way } = MailServer::named_by(&url).context("the mail server's host")?;
        let tls = || TlsParameters::new(host.clone()).context("TLS for the mail server");
        let tls = match way {
            Way::Tls => Tls::Wrapper(tls()?),
            Way::StartTls => Tls::Required(tls()?),
            Way::Plain => Tls::None,
        };
        let mut mailer = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(patience));
        if let (name, Some(password)) = (url.username(), url.password()) {
            mailer = mailer.credentials(Credentials::new(decoded(name), decoded(password)));
        }
        Ok(Self { mailer: mailer.build(), patience })
    }
}

impl Transport for SmtpTransport {
    fn send<'a>(
        &'a self,
        mail: OutgoingMail,
    ) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>> {
        Box::pin(async move {
            let message = super::message(&mail)?;
            // The mailer's own limit holds for connecting alone: a server that goes silent would hold up all mails.
            match tokio::time::timeout(self.patience, self.mailer.send(message)).await {
                Err(_elapsed) => {
                    Err(SendError::Temporary("the mail server did not answer in time".to_owned()))
                }
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) if error.is_permanent() && !is_about_us(&error) => {
                    Err(SendError::Permanent(error.to_string()))
                }
                Ok(Err(error)) => Err(SendError::Temporary(error.to_string())),
            }
        })
    }
}

/// Whether a refusal is about how we signed in to the mail server (RFC 4954, section 6) and not about the mail: it lasts
/// until the operator mends the settings, and no mail may be lost by then.
fn is_about_us(error: &lettre::transport::smtp::Error) -> bool {
    error.status().is_some_and(|status| ["530", "534", "535", "538"].contains(&status.to_string().as_str()))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// What stands percent-encoded in an address.
fn decoded(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}
