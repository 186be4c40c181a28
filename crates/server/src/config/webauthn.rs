//! What passkeys are made for.

use doorward_core::config::Webauthn;
use url::Url;

use super::is_loopback;
use super::reader::Reader;

/// Every origin lies at or below the host that passkeys belong to: browsers refuse all others (Web Authentication, section
/// 5.1.3).
pub fn read(reader: &mut Reader<'_>, public_url: Option<&Url>, development: bool) -> Option<Webauthn> {
    const RP_ID: &str = "webauthn.rp_id";
    const ORIGINS: &str = "webauthn.origins";
    let host = public_url?.host_str()?.to_owned();
    let given = reader.parsed(
        RP_ID,
        "Write a host in small letters, without scheme and port: \"example.com\".",
        |text| {
            let is_host = text.split('.').all(|label| {
                let known = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
                !label.is_empty() && label.chars().all(known)
            });
            let is_domain =
                text == "localhost" || text.contains('.') && text.parse::<std::net::Ipv4Addr>().is_err();
            (is_host && is_domain).then(|| text.to_owned())
        },
    );
    let listed = reader.origins(
        ORIGINS,
        "Write origins such as \"https://app.example.com\", without a path.",
        |url| url.scheme() == "https" || url.scheme() == "http" && development && is_loopback(url),
    );
    let rp_id = given.unwrap_or(host);
    let mut origins: Vec<Url> = listed.iter().filter_map(|text| Url::parse(text).ok()).collect();
    if origins.is_empty() {
        origins.extend(Url::parse(&public_url?.origin().ascii_serialization()).ok());
    }
    let below = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        host == rp_id || host.strip_suffix(&rp_id).is_some_and(|rest| rest.ends_with('.'))
    };
    if !origins.iter().all(below) {
        let key = if reader.all.contains_key(ORIGINS) { ORIGINS } else { RP_ID };
        reader.refuse(
            key,
            "does not fit: an origin lies outside of webauthn.rp_id",
            "Name a host that public_url and all webauthn.origins have, or lie below.",
        );
    }
    Some(Webauthn { rp_id, origins })
}
