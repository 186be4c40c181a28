//! Our cookies (RFC 6265bis). Over https their names carry the `__Host-` prefix, which no other host and no page over
//! plain http can set, and names are compared byte for byte.

use std::time::Duration;

use doorward_core::config::Config;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

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
            for pair in header.as_bytes().split(|byte| *byte == b';') {
                let pair = pair.trim_ascii_start();
                let Some(value) = pair.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"=")) else { continue };
                if found.replace(value).is_some() {
                    return None;
                }
            }
        }
        std::str::from_utf8(found?.trim_ascii_end()).ok().filter(|value| !value.is_empty())
    }

    /// A `Set-Cookie` header. The value must be of characters that need no quoting, as all our tokens are.
    pub fn set(&self, name: CookieName, value: &str, max_age: Duration) -> HeaderValue {
        let text = format!("{}={value}; Max-Age={}{}", self.name(name), max_age.as_secs(), self.attributes);
        let mut header = HeaderValue::from_str(&text).unwrap_or_else(|_| self.clear(name));
        header.set_sensitive(true);
        header
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
