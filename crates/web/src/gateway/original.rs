//! The request that a gateway asks about, as the gateway tells it.

use doorward_core::config::Config;
use doorward_core::error::{Code, Error, Result};
use http::header::ACCEPT;
use http::{HeaderMap, Method};
use url::Url;

const LONGEST: usize = 8 * 1024;

/// What somebody asked the gateway for.
pub struct Original {
    pub url: Url,
    method: Method,
    navigates: bool,
}

impl Original {
    /// From `X-Original-URL` (nginx), or `X-Forwarded-Proto`, `-Host` and `-Uri` (Caddy, Traefik).
    ///
    /// # Errors
    /// `malformed_request` where neither is there, where it can't be read, and where both are and disagree: one of them is
    /// then the client's own.
    pub fn of(headers: &HeaderMap) -> Result<Self> {
        let told = single(headers, "x-original-url")?.map(parse).transpose()?;
        let forwarded = match (single(headers, "x-forwarded-host")?, single(headers, "x-forwarded-uri")?) {
            (Some(host), Some(uri)) => {
                let proto = single(headers, "x-forwarded-proto")?.ok_or_else(|| refused(MISSING))?;
                Some(parse(&format!("{proto}://{host}{uri}"))?)
            }
            _ => None,
        };
        let url = match (told, forwarded) {
            (Some(told), Some(forwarded)) if told != forwarded => {
                return Err(refused(
                    "X-Original-URL and the X-Forwarded headers disagree. Have the gateway set or drop both.",
                ));
            }
            (Some(url), _) | (None, Some(url)) => url,
            (None, None) => return Err(refused(MISSING)),
        };
        let method = match (single(headers, "x-original-method")?, single(headers, "x-forwarded-method")?) {
            (Some(told), Some(forwarded)) if told != forwarded => {
                return Err(refused(
                    "X-Original-Method and X-Forwarded-Method disagree. Have the gateway set or drop both.",
                ));
            }
            (Some(method), _) | (None, Some(method)) => {
                Method::from_bytes(method.as_bytes()).map_err(|_| refused("The method can't be read."))?
            }
            (None, None) => Method::GET,
        };
        Ok(Self { url, method, navigates: navigates(headers) })
    }

    /// Scheme, host and port: the name of the service that is asked for.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Whether a person's browser asked for a page, and not a program for data.
    pub fn is_page(&self) -> bool {
        self.is_get() && self.navigates
    }

    /// Whether asking once more does no more than asking did.
    pub fn is_get(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    /// Whether a browser that shows us cookies shows them to this address too, so that signing in here changes the answer
    /// there.
    pub fn shares_cookies(&self, config: &Config) -> bool {
        let Some(host) = self.url.host_str() else { return false };
        let same_scheme = self.url.scheme() == config.public_url.scheme();
        same_scheme
            && match &config.session.cookie_domain {
                // Cookies know no ports (RFC 6265, section 8.5).
                None => config.public_url.host_str() == Some(host),
                Some(domain) => {
                    host == domain || host.strip_suffix(domain).is_some_and(|front| front.ends_with('.'))
                }
            }
    }
}

const MISSING: &str =
    "Say what is asked for: X-Original-URL, or X-Forwarded-Proto, X-Forwarded-Host and X-Forwarded-Uri.";

/// A header that came once. A gateway that was given one by the client and adds its own sends two.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refused(format!("{name} came twice.")));
    }
    let value = value.to_str().map_err(|_| refused(format!("{name} can't be read.")))?;
    Ok(Some(value).filter(|value| !value.is_empty()))
}

fn parse(text: &str) -> Result<Url> {
    let unreadable = || refused("The address that is asked for can't be read.");
    // What a URL parser would mend, a server behind may read otherwise.
    let is_plain = text.len() <= LONGEST && text.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
    if !is_plain || !(text.starts_with("https://") || text.starts_with("http://")) {
        return Err(unreadable());
    }
    let authority =
        text.split("://").nth(1).and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    if authority.is_empty() || authority.contains(['@', '\\', ',']) {
        return Err(unreadable());
    }
    Url::parse(text).map_err(|_| unreadable())
}

/// By what browsers say (W3C Fetch Metadata), and without that by what is accepted.
fn navigates(headers: &HeaderMap) -> bool {
    if let Some(mode) = headers.get("sec-fetch-mode") {
        return mode == "navigate";
    }
    let accepted = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.trim().to_ascii_lowercase().starts_with("text/html"))
}

fn refused(detail: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::MalformedRequest).with_detail(detail)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::Original;
    use crate::http::tests::config;

    fn told(headers: &[(&'static str, &str)]) -> Option<Original> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Original::of(&map).ok()
    }

    fn url(headers: &[(&'static str, &str)]) -> Option<String> {
        told(headers).map(|original| original.url.to_string())
    }

    #[test]
    fn the_address_is_read_as_each_gateway_tells_it() {
        let wanted = Some("https://app.example.com/a/b?c=d&e=%2F".to_owned());
        assert_eq!(url(&[("x-original-url", "https://app.example.com/a/b?c=d&e=%2F")]), wanted);
        let forwarded = [
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "app.example.com"),
            ("x-forwarded-uri", "/a/b?c=d&e=%2F"),
        ];
        assert_eq!(url(&forwarded), wanted);
        let both = [&forwarded[..], &[("x-original-url", "https://app.example.com/a/b?c=d&e=%2F")]].concat();
        assert_eq!(url(&both), wanted);
        // Proxies that tell the host alone, as most do for every request.
        assert_eq!(
            url(&[("x-forwarded-host", "other"), ("x-original-url", "http://a:8080/")]),
            Some("http://a:8080/".into())
        );
    }

    #[test]
    fn what_can_not_be_told_is_refused() {
        let proto = ("x-forwarded-proto", "https");
        let host = ("x-forwarded-host", "app.example.com");
        let uri = ("x-forwarded-uri", "/x");
        for headers in [
            &[][..],
            &[proto, host],
            &[host, uri],
            &[proto, uri],
            &[proto, host, uri, uri],
            &[proto, host, uri, ("x-original-url", "https://evil.example/x")],
            &[proto, host, uri, ("x-original-url", "https://app.example.com/y")],
            &[("x-original-url", "https://a.example/"), ("x-original-url", "https://b.example/")],
            &[
                ("x-original-url", "https://a.example/"),
                ("x-original-method", "GET"),
                ("x-forwarded-method", "POST"),
            ],
            &[("x-original-url", "https://a.example/"), ("x-original-method", "G E T")],
            &[proto, ("x-forwarded-host", "a.example@evil.example"), uri],
            &[proto, ("x-forwarded-host", "a.example, b.example"), uri],
            &[proto, ("x-forwarded-host", "a.example\\@b"), uri],
            &[proto, host, ("x-forwarded-uri", "@evil.example/")],
            &[proto, host, ("x-forwarded-uri", ":x@evil.example/")],
            &[("x-forwarded-proto", "javascript"), host, uri],
        ] {
            assert!(told(headers).is_none(), "{headers:?}");
        }
        for bad in [
            "",
            "/x",
            "a.example/x",
            "//a.example/",
            "ftp://a.example/",
            "https://",
            "https:///x",
            "https://u:p@a/",
            "https://a b/",
            "https://a/é",
            "HTTPS://a/",
        ] {
            assert!(url(&[("x-original-url", bad)]).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_page_is_what_a_browser_navigates_to() {
        let page = |headers: &[(&'static str, &str)]| {
            let all = [headers, &[("x-original-url", "https://a.example/")]].concat();
            told(&all).unwrap().is_page()
        };
        assert!(page(&[("sec-fetch-mode", "navigate")]));
        assert!(page(&[("accept", "text/html,application/xhtml+xml;q=0.9")]));
        assert!(page(&[("accept", "text/html"), ("x-original-method", "HEAD")]));
        assert!(!page(&[("sec-fetch-mode", "cors"), ("accept", "text/html")]));
        assert!(!page(&[("accept", "application/json, */*")]));
        assert!(!page(&[]));
        assert!(!page(&[("accept", "text/html"), ("x-original-method", "POST")]));
        assert!(!page(&[("accept", "text/html"), ("x-forwarded-method", "DELETE")]));
    }

    #[test]
    fn cookies_reach_the_own_host_or_the_hosts_of_the_domain() {
        let shares = |public: &str, domain: Option<&str>, wanted: &str| {
            let mut config = config(public);
            config.session.cookie_domain = domain.map(str::to_owned);
            told(&[("x-original-url", wanted)]).unwrap().shares_cookies(&config)
        };
        let id = "https://id.example.com/auth";
        assert!(shares(id, None, "https://id.example.com/x"));
        assert!(shares(id, None, "https://id.example.com:8443/x"));
        assert!(!shares(id, None, "http://id.example.com/x"));
        assert!(!shares(id, None, "https://app.example.com/x"));
        assert!(!shares(id, None, "https://app.id.example.com/x"));
        let domain = Some("example.com");
        for reached in ["https://app.example.com/", "https://example.com/", "https://a.b.example.com/"] {
            assert!(shares(id, domain, reached), "{reached}");
        }
        for other in [
            "https://evilexample.com/",
            "https://example.com.evil/",
            "http://app.example.com/",
            "https://example.org/",
        ] {
            assert!(!shares(id, domain, other), "{other}");
        }
    }
}
