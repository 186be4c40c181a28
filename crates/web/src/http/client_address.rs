//! From where a request comes, when proxies stand in between: the nearest address that no trusted proxy has.

use std::net::{IpAddr, SocketAddr};

use doorward_core::config::Config;
use http::HeaderMap;
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

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
    let values: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or("?")).collect();
    for entry in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        let Some(address) = parse(entry.trim()) else { break };
        nearest = address;
        if !config.http.trusts(nearest) {
            break;
        }
    }
    nearest
}

/// A server of the operator's own that forwards a browser's request proves itself by a shared secret.
fn told_by_our_server(headers: &HeaderMap, config: &Config) -> Option<IpAddr> {
    let secret = config.http.proxy_secret.as_ref()?.expose_secret().as_bytes();
    let given = headers.get("x-doorward-proxy-secret")?.as_bytes();
    if !bool::from(secret.ct_eq(given)) {
        return None;
    }
    parse(headers.get("x-doorward-client-ip")?.to_str().ok()?.trim())
}

/// `192.0.2.1`, `192.0.2.1:1234`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:1234`.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address: IpAddr = match bare {
        Some(v6) => IpAddr::V6(v6.parse().ok()?),
        None => text.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()?,
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::client_address;

    fn address(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut config = crate::http::tests::config("https://auth.example.com");
        config.http.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap(), "2001:db8:1::/48".parse().unwrap()];
        config.http.proxy_secret = Some("the proxy's secret".into());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        client_address(peer.parse().unwrap(), &map, &config).to_string()
    }

    #[test]
    fn who_is_no_proxy_is_not_believed() {
        assert_eq!(address("192.0.2.1", &[("x-forwarded-for", "198.51.100.7")]), "192.0.2.1");
        assert_eq!(address("::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn the_nearest_that_is_no_proxy_is_the_client_whatever_it_wrote_itself() {
        let forwarded = |value| address("10.0.0.1", &[("x-forwarded-for", value)]);
        assert_eq!(forwarded("198.51.100.7"), "198.51.100.7");
        assert_eq!(forwarded("127.0.0.1, 198.51.100.7"), "198.51.100.7");
        assert_eq!(forwarded("198.51.100.7, 10.1.2.3"), "198.51.100.7");
        assert_eq!(forwarded("10.9.9.9, 10.1.2.3"), "10.9.9.9");
        assert_eq!(forwarded("198.51.100.7:4711, [2001:db8:1::5]:80"), "198.51.100.7");
        assert_eq!(forwarded("2001:db8:2::9"), "2001:db8:2::9");
        let twice = [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "203.0.113.9, 10.0.0.2")];
        assert_eq!(address("10.0.0.1", &twice), "203.0.113.9");
    }

    #[test]
    fn what_cannot_be_read_ends_the_walk() {
        for junk in ["unknown", "", "[::1]evil", "192.0.2.1:junk", "198.51.100.7;", "\"198.51.100.7\""] {
            assert_eq!(
                address("10.0.0.1", &[("x-forwarded-for", &format!("198.51.100.7, {junk}"))]),
                "10.0.0.1",
                "{junk}"
            );
        }
    }

    #[test]
    fn a_server_that_knows_the_secret_is_believed_and_no_other() {
        let told = |secret| {
            address(
                "192.0.2.1",
                &[("x-doorward-proxy-secret", secret), ("x-doorward-client-ip", "198.51.100.7")],
            )
        };
        assert_eq!(told("the proxy's secret"), "198.51.100.7");
        assert_eq!(told("another secret"), "192.0.2.1");
        assert_eq!(address("192.0.2.1", &[("x-doorward-client-ip", "198.51.100.7")]), "192.0.2.1");
    }
}
