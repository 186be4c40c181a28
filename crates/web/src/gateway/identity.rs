//! Who is asking, in the headers that a gateway hands on. All of them are always there, empty where there is nothing to say,
//! so that a gateway that copies them leaves nothing of what a client sent under the same names.

use doorward_core::error::{Error, Result};
use doorward_core::session::Live;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The headers, as the gateway knows them.
pub fn set(headers: &mut HeaderMap, live: &Live, token: &str) -> Result<()> {
    let (user, session) = (&live.user, &live.session);
    let verified = if user.email_verified { "true" } else { "false" };
    let roles: Vec<String> = live.rights.roles.iter().map(|role| encoded(role, b",")).collect();
    for (name, value) in [
        ("x-auth-subject", user.id.to_string()),
        ("x-auth-session", session.id.to_string()),
        ("x-auth-email", encoded(&user.email, b"")),
        ("x-auth-email-verified", verified.to_owned()),
        ("x-auth-username", encoded(user.username.as_deref().unwrap_or_default(), b"")),
        ("x-auth-roles", roles.join(",")),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::try_from(value).map_err(Error::internal)?);
    }
    let mut token = HeaderValue::from_str(token).map_err(Error::internal)?;
    token.set_sensitive(true);
    headers.insert(HeaderName::from_static("x-auth-token"), token);
    Ok(())
}

/// Percent-encoded (RFC 3986, section 2.1) where it is not visible ASCII, and so are `%` and what `special` names: servers
/// do not agree on what other bytes of a header mean.
fn encoded(text: &str, special: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, b'!'..=b'~') && byte != b'%' && !special.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn only_visible_ascii_stands_as_it_is() {
        assert_eq!(encoded("ada+1@example.com", b""), "ada+1@example.com");
        assert_eq!(encoded("grün 5%", b""), "gr%C3%BCn%205%25");
        assert_eq!(encoded("a,b\r\nX-Auth-Roles: admin", b","), "a%2Cb%0D%0AX-Auth-Roles:%20admin");
        assert_eq!(encoded("a,b", b""), "a,b");
    }
}
