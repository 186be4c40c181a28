//! From where a request comes, when proxies stand in between: the nearest address that no trusted proxy has.

use std::net::{IpAddr, SocketAddr};

use doorward_core::config::Config;
use http::header::HOST;
use http::{HeaderMap, Uri};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

/// What proxies add to the requests that they forward.
const FORWARDING: [&str; 11] = [
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-url",
    "x-doorward-client-ip",
    "cf-connecting-ip",
    "true-client-ip",
    "fastly-client-ip",
    "fly-client-ip",
];

/// The client's address. What a client says itself is believed only from a configured proxy, or beside the proxy secret.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, config: &Config) -> IpAddr {
    if let Some(told) = told_by_our_server(headers, config) {
        return told;
    }
    let mut nearest = peer.to_canonical();
    if !config.http.trusts(nearest) {
        return nearest;
    }
    // Each proxy appends whom it heard from: read from the right, and stop at the first that is not one of ours.
    for value in headers.get_all("x-forwarded-for").iter().rev() {
        // As bytes: what a client made up further left must not spoil what a proxy appended.
        for entry in value.as_bytes().rsplit(|byte| *byte == b',') {
            let Some(address) = std::str::from_utf8(entry).ok().and_then(parse) else { return nearest };
            nearest = address;
            if !config.http.trusts(nearest) {
                return nearest;
            }
        }
    }
    nearest
}

/// Whether a proxy stands in between, trusted or not.
pub fn is_forwarded(headers: &HeaderMap) -> bool {
    FORWARDING.iter().any(|name| headers.contains_key(*name))
        || headers.keys().any(|name| name.as_str().starts_with("x-forwarded-"))
}

/// Whether a request asks for this machine by a name that only this machine has: a name that somebody made resolve here is
/// of another site, whose pages must not read the answer.
pub fn is_for_this_machine(uri: &Uri, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).map(|host| host.to_str().unwrap_or_default());
    // In HTTP/2 and in a proxy's form the address itself names the host.
    let named = uri.authority().map(http::uri::Authority::as_str);
    let mut all = host.into_iter().chain(named).peekable();
    all.peek().is_some() && all.all(is_of_this_machine)
}

fn is_of_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// Whether the request itself comes from a gateway of the operator's: a trusted proxy, one that shows the proxy secret, or in
/// development anything on this machine.
pub fn is_from_gateway(peer: IpAddr, headers: &HeaderMap, config: &Config) -> bool {
    let peer = peer.to_canonical();
    config.http.trusts(peer)
        || shows_proxy_secret(headers, config)
        || config.is_development() && peer.is_loopback()
}

fn told_by_our_server(headers: &HeaderMap, config: &Config) -> Option<IpAddr> {
    if !shows_proxy_secret(headers, config) {
        return None;
    }
    parse(once(headers, "x-doorward-client-ip")?.to_str().ok()?)
}

/// A server of the operator's own that forwards a browser's request proves itself by a shared secret.
fn shows_proxy_secret(headers: &HeaderMap, config: &Config) -> bool {
    let Some(secret) = &config.http.proxy_secret else { return false };
    let secret = secret.expose_secret().as_bytes();
    let given = once(headers, "x-doorward-proxy-secret");
    !secret.is_empty() && given.is_some_and(|given| secret.ct_eq(given.as_bytes()).into())
}

/// A header of which there is one. A server that adds its own to what a client sent makes two.
fn once<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h http::HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// `192.0.2.1`, `192.0.2.1:1234`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:1234`.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address: IpAddr = match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(v6) => IpAddr::V6(v6.parse().ok()?),
        None => text.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()?,
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::{client_address, is_forwarded};
    use crate::http::tests::config;

    /// The address of a request to a server behind proxies at 10.0.0.0/8 and fd00::/8.
    fn address(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut config = config("https://id.example.com");
        config.http.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        config.http.proxy_secret = Some("the-proxy-secret".into());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            map.append(HeaderName::from_static(name), value);
        }
        client_address(peer.parse().unwrap(), &map, &config).to_string()
    }

    fn forwarded(peer: &str, lines: &[&str]) -> String {
        address(peer, &lines.iter().map(|line| ("x-forwarded-for", *line)).collect::<Vec<_>>())
    }

    #[test]
    fn who_is_no_proxy_of_ours_is_believed_nothing() {
        assert_eq!(forwarded("192.0.2.1", &[]), "192.0.2.1");
        assert_eq!(forwarded("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(forwarded("::ffff:192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(forwarded("::1", &["203.0.113.9"]), "::1");
        for name in ["forwarded", "x-real-ip", "x-client-ip", "cf-connecting-ip", "true-client-ip"] {
            assert_eq!(address("10.0.0.1", &[(name, "203.0.113.9")]), "10.0.0.1", "{name}");
        }
    }

    #[test]
    fn the_nearest_that_is_no_proxy_of_ours_is_the_client() {
        for (lines, client) in [
            (&[][..], "10.0.0.1"),
            (&["192.0.2.1"], "192.0.2.1"),
            // What the client made up stands leftmost.
            (&["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
            (&["127.0.0.1, 10.0.0.9, 192.0.2.1, 10.0.0.2"], "192.0.2.1"),
            (&["203.0.113.9", "192.0.2.1"], "192.0.2.1"),
            (&["203.0.113.9, 192.0.2.1", "10.0.0.3,10.0.0.2"], "192.0.2.1"),
            (&["192.0.2.1, fd00::2"], "192.0.2.1"),
            (&["203.0.113.9,192.0.2.1,::ffff:10.0.0.2"], "192.0.2.1"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&["  192.0.2.1\t,10.0.0.2  "], "192.0.2.1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["203.0.113.9, 2001:DB8:0::1"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["192.0.2.1:4711"], "192.0.2.1"),
            (&["::ffff:192.0.2.1"], "192.0.2.1"),
        ] {
            assert_eq!(forwarded("10.0.0.1", lines), client, "{lines:?}");
            assert_eq!(forwarded("::ffff:10.0.0.1", lines), client, "{lines:?}");
        }
    }

    #[test]
    fn nothing_is_believed_beyond_what_can_not_be_read() {
        for garbage in [
            "",
            ",",
            "unknown",
            "_hidden",
            "192.0.2",
            "192.0.2.1.5",
            "0x7f.1",
            "192.0.2.1:",
            "192.0.2.1:x",
            "[192.0.2.1",
            "[192.0.2.1]",
            "[2001:db8::1]x",
            "2001:db8::1]",
            "2001:db8::1::2",
            "fe80::1%eth0",
            "\"192.0.2.1\"",
            "for=192.0.2.1",
            "192.0.2.1;10.0.0.2",
            "é",
            "192.0.2.1 10.0.0.2",
        ] {
            assert_eq!(forwarded("10.0.0.1", &[garbage]), "10.0.0.1", "{garbage}");
            let line = format!("203.0.113.9, {garbage}, 10.0.0.2");
            assert_eq!(forwarded("10.0.0.1", &[&line]), "10.0.0.2", "{line}");
            assert_eq!(
                forwarded("10.0.0.1", &["203.0.113.9", garbage, "192.0.2.1"]),
                "192.0.2.1",
                "{garbage}"
            );
        }
    }

    #[test]
    fn a_server_of_ours_tells_the_address_beside_the_secret() {
        let told = |secret: &str, address_told: &str| {
            let headers = [
                ("x-doorward-proxy-secret", secret),
                ("x-doorward-client-ip", address_told),
                ("x-forwarded-for", "203.0.113.9"),
            ];
            address("192.0.2.1", &headers)
        };
        assert_eq!(told("the-proxy-secret", "198.51.100.7"), "198.51.100.7");
        assert_eq!(told("the-proxy-secret", "2001:db8::7"), "2001:db8::7");
        for wrong in ["", "the-proxy-secre", "the-proxy-secret2", "The-Proxy-Secret"] {
            assert_eq!(told(wrong, "198.51.100.7"), "192.0.2.1", "{wrong}");
        }
        assert_eq!(told("the-proxy-secret", "nonsense"), "192.0.2.1");
        assert_eq!(address("192.0.2.1", &[("x-doorward-client-ip", "198.51.100.7")]), "192.0.2.1");
        assert_eq!(address("192.0.2.1", &[("x-doorward-proxy-secret", "the-proxy-secret")]), "192.0.2.1");
    }

    #[test]
    fn what_a_client_sent_beside_a_servers_own_words_is_not_chosen() {
        let secret = ("x-doorward-proxy-secret", "the-proxy-secret");
        let told = ("x-doorward-client-ip", "198.51.100.7");
        for headers in [
            &[secret, ("x-doorward-client-ip", "203.0.113.9"), told][..],
            &[secret, told, told],
            &[secret, secret, told],
            &[("x-doorward-proxy-secret", "x"), secret, told],
        ] {
            assert_eq!(address("192.0.2.1", headers), "192.0.2.1", "{headers:?}");
        }
    }

    #[test]
    fn without_a_secret_in_the_settings_none_is_right() {
        let mut config = config("https://id.example.com");
        for secret in [None, Some("".into())] {
            config.http.proxy_secret = secret;
            let headers: HeaderMap =
                [("x-doorward-proxy-secret", ""), ("x-doorward-client-ip", "198.51.100.7")]
                    .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                    .into_iter()
                    .collect();
            let peer = "192.0.2.1".parse().unwrap();
            assert_eq!(client_address(peer, &headers, &config), peer);
            assert!(is_forwarded(&headers));
        }
    }
}
