//! The settings of SMS.

use doorward_core::config::Sms;
use secrecy::SecretString;
use url::Url;

use super::is_loopback;
use super::reader::Reader;

/// Who carries SMS away.
pub enum SmsProvider {
    Twilio { base: Url, account: String, token: SecretString, from: String },
    Webhook { url: Url, secret: SecretString },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    Twilio,
    Webhook,
}

/// Both are `None` where no provider is named.
pub fn read(reader: &mut Reader<'_>) -> (Option<Sms>, Option<SmsProvider>) {
    let named = reader.parsed("sms.provider", "Write \"twilio\" or \"webhook\".", |text| match text {
        "twilio" => Some(Named::Twilio),
        "webhook" => Some(Named::Webhook),
        _ => None,
    });
    let url = reader.url("sms.url");
    if url.as_ref().is_some_and(|url| url.scheme() != "https" && !is_loopback(url)) {
        reader.refuse("sms.url", "is not https", "Codes must not travel where others can read them.");
    }
    let (account, from) = (reader.text("sms.account"), reader.text("sms.from"));
    let (token, secret) = (reader.secret("sms.token"), reader.strong_secret("sms.secret"));
    let countries = reader.list("sms.countries");
    let is_code = |code: &String| {
        code.strip_prefix('+').is_some_and(|digits| {
            (1..=7).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && !digits.starts_with('0')
        })
    };
    if !countries.iter().all(is_code) {
        reader.refuse(
            "sms.countries",
            "holds what is no calling code",
            "Write codes such as \"+43\", or longer beginnings of numbers.",
        );
    }
    let hourly_per_country = reader.number("sms.hourly_per_country", 100, 1, 1_000_000);
    let Some(named) = named else { return (None, None) };
    if countries.is_empty() {
        reader.refuse(
            "sms.countries",
            "is empty, so nobody would get a message",
            "Name the calling codes of your people's countries: [\"+43\", \"+49\"].",
        );
    }
    let mut needed = |key, is_there: bool, mend| {
        if !is_there {
            reader.refuse(key, "is missing, and sms.provider asks for it", mend);
        }
    };
    let provider = match named {
        Named::Twilio => {
            needed("sms.account", account.is_some(), "Write the Account SID, or an API key's.");
            needed("sms.token", token.is_some(), "Write the auth token.");
            needed("sms.from", from.is_some(), "Write the sender: a number, or a messaging service's SID.");
            let base = url.or_else(|| Url::parse("https://api.twilio.com").ok());
            match (base, account, token, from) {
                (Some(base), Some(account), Some(token), Some(from)) => {
                    Some(SmsProvider::Twilio { base, account, token, from })
                }
                _ => None,
            }
        }
        Named::Webhook => {
            needed("sms.url", url.is_some(), "Write the https address that messages are posted to.");
            needed("sms.secret", secret.is_some(), "Make one with: head -c 32 /dev/urandom | base64");
            url.zip(secret).map(|(url, secret)| SmsProvider::Webhook { url, secret })
        }
    };
    (Some(Sms { countries, hourly_per_country }), provider)
}
