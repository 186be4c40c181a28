//! Our cookies (RFC 6265bis). Over https their names carry the `__Host-` prefix, which no other host and no page over
//! plain http can set, and names are compared byte for byte.

use std::time::Duration;

use doorward_core::config::Config;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use secrecy::SecretString;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieName {
    Access,
    Refresh,
    /// A sign-up or sign-in under way.
    Flow,
    /// A remembered device.
    Device,
}

/// The names and attributes that the settings ask for.
pub struct Cookies {
    names: [String; 4],
    attributes: String,
}

impl Cookies {
    pub fn new(config: &Config) -> Self {
        let domain = config.session.cookie_domain.as_deref();
        let prefix = match (config.is_https(), domain) {
            (false, _) => "",
            (true, None) => "__Host-",
            (true, Some(_)) => "__Secure-",
        };
        let names = ["access", "refresh", "flow", "device"].map(|name| format!("{prefix}doorward_{name}"));
        let mut attributes = "; Path=/; HttpOnly; SameSite=Lax".to_owned();
        if config.is_https() {
            attributes.push_str("; Secure");
        }
        if let Some(domain) = domain {
            attributes.push_str("; Domain=");
            attributes.push_str(domain);
        }
        Self { names, attributes }
    }

    /// The cookie's value. Two of one name are none: one of them is somebody else's.
    pub fn get<'h>(&self, headers: &'h HeaderMap, name: CookieName) -> Option<&'h str> {
        let name = self.name(name).as_bytes();
        let mut found = None;
        for header in headers.get_all(COOKIE) {
            for pair in pairs(header) {
                let Some(value) = pair.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"=")) else {
                    continue;
                };
                if found.replace(value).is_some() {
                    return None;
                }
            }
        }
        std::str::from_utf8(found?.trim_ascii_end()).ok().filter(|value| !value.is_empty())
    }

    /// The token of a sign-up or sign-in under way in this browser.
    pub fn flow(&self, headers: &HeaderMap) -> Option<SecretString> {
        self.get(headers, CookieName::Flow).map(SecretString::from)
    }

    /// Whether a cookie of this name came, though [`Self::get`] may take none: of several one is somebody else's.
    pub fn came(&self, headers: &HeaderMap, name: CookieName) -> bool {
        let name = self.name(name).as_bytes();
        headers
            .get_all(COOKIE)
            .into_iter()
            .flat_map(pairs)
            .any(|pair| pair.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"=")))
    }

    /// A `Set-Cookie` header. The value must be of characters that need no quoting, as all our tokens are.
    pub fn set(&self, name: CookieName, value: &str, max_age: Duration) -> HeaderValue {
        let text = format!("{}={value}; Max-Age={}{}", self.name(name), max_age.as_secs(), self.attributes);
        let mut header = HeaderValue::from_str(&text).unwrap_or_else(|_| self.clear(name));
        header.set_sensitive(true);
        header
    }

    /// Whether an answer sets the cookie, or takes it back.
    pub fn sets(&self, headers: &HeaderMap, name: CookieName) -> bool {
        let name = self.name(name).as_bytes();
        let mut lines = headers.get_all(SET_COOKIE).into_iter().map(HeaderValue::as_bytes);
        lines.any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"=")))
    }

    /// A `Set-Cookie` header that takes the cookie back.
    pub fn clear(&self, name: CookieName) -> HeaderValue {
        let text = format!("{}=; Max-Age=0{}", self.name(name), self.attributes);
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("doorward_none=; Max-Age=0"))
    }

    fn name(&self, name: CookieName) -> &str {
        &self.names[name as usize]
    }
}

/// Each `name=value` of a header, without the blanks before it. At every request, so a token is not read byte by byte.
fn pairs(header: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(header.as_bytes());
    std::iter::from_fn(move || {
        let line = rest?;
        let (pair, others) = match memchr::memchr(b';', line) {
            Some(end) => (&line[..end], Some(&line[end + 1..])),
            None => (line, None),
        };
        rest = others;
        Some(pair.trim_ascii_start())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::header::COOKIE;
    use http::{HeaderMap, HeaderValue};

    use super::{CookieName, Cookies};
    use crate::http::tests::config;

    fn cookies(url: &str, domain: Option<&str>) -> Cookies {
        let mut config = config(url);
        config.session.cookie_domain = domain.map(str::to_owned);
        Cookies::new(&config)
    }

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, HeaderValue::from_bytes(line).unwrap())).collect()
    }

    #[test]
    fn cookies_have_the_names_and_attributes_that_the_address_asks_for() {
        let set = |url, domain| {
            let header =
                cookies(url, domain).set(CookieName::Refresh, "dw_rt_x", Duration::from_millis(90_999));
            assert!(header.is_sensitive());
            header.to_str().unwrap().to_owned()
        };
        assert_eq!(
            set("http://localhost:4400", None),
            "doorward_refresh=dw_rt_x; Max-Age=90; Path=/; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            set("https://id.example.com/auth", None),
            "__Host-doorward_refresh=dw_rt_x; Max-Age=90; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            set("https://id.example.com", Some("example.com")),
            "__Secure-doorward_refresh=dw_rt_x; Max-Age=90; Path=/; HttpOnly; SameSite=Lax; Secure; Domain=example.com"
        );
    }

    #[test]
    fn a_cookie_is_taken_back_with_the_attributes_it_was_set_with() {
        for (url, domain) in [("http://localhost", None), ("https://a.b", None), ("https://a.b", Some("b"))] {
            let cookies = cookies(url, domain);
            for name in [CookieName::Access, CookieName::Refresh, CookieName::Flow, CookieName::Device] {
                let set = cookies.set(name, "x", Duration::from_mins(1));
                let as_cleared = set.to_str().unwrap().replacen("=x; Max-Age=60", "=; Max-Age=0", 1);
                assert_eq!(cookies.clear(name).to_str().unwrap(), as_cleared);
            }
        }
    }

    #[test]
    fn a_cookie_is_found_by_its_exact_name() {
        let cookies = cookies("https://id.example.com", None);
        let access = |lines: &[&[u8]]| cookies.get(&headers(lines), CookieName::Access).map(str::to_owned);
        assert_eq!(access(&[b"__Host-doorward_access=x"]).as_deref(), Some("x"));
        assert_eq!(access(&[b"a=b; __Host-doorward_access=x.y=; c=d"]).as_deref(), Some("x.y="));
        assert_eq!(access(&[b"a=b;__Host-doorward_access=x"]).as_deref(), Some("x"));
        // HTTP/2 may send each cookie in a line of its own (RFC 9113, section 8.2.3).
        assert_eq!(access(&[b"a=b", b"__Host-doorward_access=x", b"c=d"]).as_deref(), Some("x"));
        assert_eq!(access(&[b"__Host-doorward_access=\"x\""]).as_deref(), Some("\"x\""));
        assert_eq!(access(&[b"__Host-doorward_access=x; __Host-doorward_refresh=y"]).as_deref(), Some("x"));
        for other in [
            &b"doorward_access=x"[..],
            b"__host-doorward_access=x",
            b"__Secure-doorward_access=x",
            b"x__Host-doorward_access=x",
            b"__Host-doorward_access2=x",
            b"__Host-doorward_access =x",
            b"__Host-doorward_access",
            b"__Host-doorward_access=",
            b"__Host-doorward_access=\xff",
            b"=__Host-doorward_access=x",
            b"a=b, __Host-doorward_access=x",
            b"",
        ] {
            assert_eq!(access(&[other]), None, "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn two_cookies_of_one_name_are_none() {
        let cookies = cookies("http://localhost", None);
        for lines in [
            &[&b"doorward_access=x; doorward_access=y"[..]][..],
            &[b"doorward_access=x; doorward_access=x"],
            &[b"doorward_access=x", b"doorward_access=y"],
            &[b"doorward_access=; doorward_access=y"],
            &[b"doorward_access=x; doorward_access=y; doorward_access=z"],
        ] {
            assert_eq!(cookies.get(&headers(lines), CookieName::Access), None);
        }
    }

    #[test]
    fn a_value_that_no_header_can_hold_takes_the_cookie_back() {
        let cookies = cookies("http://localhost", None);
        let header = cookies.set(CookieName::Flow, "a\r\nb", Duration::from_mins(1));
        assert_eq!(header.to_str().unwrap(), cookies.clear(CookieName::Flow).to_str().unwrap());
    }
}
