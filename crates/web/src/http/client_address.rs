//! From where a request comes, when proxies stand in between: the nearest address that no trusted proxy has.

use std::net::IpAddr;

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
    let address = text.parse().ok().or_else(|| {
        if let Some(rest) = text.strip_prefix('[') {
            rest.split_once(']')?.0.parse().ok()
        } else {
            text.rsplit_once(':')?.0.parse().ok()
        }
    });
    address.map(|address: IpAddr| address.to_canonical())
}
