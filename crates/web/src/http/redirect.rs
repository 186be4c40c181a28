//! Where a person may be sent after a page did its work: nowhere that is not on the list.

use doorward_core::config::Config;
use url::Url;

/// `target` where it is a path on this origin, or an address whose origin is our own or on the configured list. Anything
/// else leads to the account.
pub fn safe_redirect(target: Option<&str>, config: &Config) -> String {
    target
        .filter(|target| is_safe(target, config))
        .map_or_else(|| format!("{}/account", config.base_path()), str::to_owned)
}

/// A page on the way to `back`, which it keeps as where to go afterwards.
pub fn on_the_way(page: &str, back: &str) -> String {
    with_query(page, &[("redirect_to", Some(back))])
}

/// A page with those of these that have a value.
pub fn with_query(page: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { page.to_owned() } else { format!("{page}?{query}") }
}

/// Whether somebody may be sent to `target`.
pub fn is_safe(target: &str, config: &Config) -> bool {
    // Browsers drop tabs and line breaks and take a backslash for a slash; nothing honest has either.
    if target.len() > 2048 || !target.bytes().all(|byte| matches!(byte, b'!'..=b'~')) || target.contains('\\')
    {
        return false;
    }
    if target.starts_with('/') {
        return !target.starts_with("//") && resolves_to(target, config, &[]);
    }
    if !target.starts_with("https://") && !target.starts_with("http://") {
        return false;
    }
    let Ok(url) = Url::parse(target) else { return false };
    url.username().is_empty()
        && url.password().is_none()
        && resolves_to(target, config, &config.http.allowed_redirects)
}

/// The last word is the one of the parser that browsers use (WHATWG URL).
fn resolves_to(target: &str, config: &Config, allowed: &[String]) -> bool {
    config.public_url.join(target).is_ok_and(|url| {
        let origin = url.origin().ascii_serialization();
        origin == config.origin() || allowed.contains(&origin)
    })
}

#[cfg(test)]
mod tests {
    use doorward_core::config::Config;
    use proptest::prelude::*;
    use url::Url;

    use super::{safe_redirect, with_query};
    use crate::http::tests::config;

    fn settings(public_url: &str) -> Config {
        let mut config = config(public_url);
        config.http.allowed_redirects =
            vec!["https://app.example.com".to_owned(), "http://localhost:3000".to_owned()];
        config
    }

    #[test]
    fn a_query_holds_what_has_a_value() {
        assert_eq!(with_query("/x", &[("redirect_to", None), ("by", None)]), "/x");
        assert_eq!(with_query("/x", &[("redirect_to", None), ("by", Some("sms"))]), "/x?by=sms");
        let both = [("redirect_to", Some("/a?b&c")), ("by", Some("sms"))];
        assert_eq!(with_query("/x", &both), "/x?redirect_to=%2Fa%3Fb%26c&by=sms");
    }

    #[test]
    fn places_of_ours_and_on_the_list_are_led_to() {
        let config = settings("https://id.example.com/auth");
        for target in [
            "/",
            "/account/sessions",
            "/auth/device?code=a%20b&x=1#top",
            "/a//b",
            "/search?next=https://evil.example",
            "/@evil.example",
            "https://id.example.com",
            "https://id.example.com/other",
            "https://app.example.com/x?y=z",
            "https://app.example.com:443/",
            "https://APP.example.com/",
            "http://localhost:3000/",
        ] {
            assert_eq!(safe_redirect(Some(target), &config), target);
        }
    }

    #[test]
    fn anything_else_leads_to_the_account() {
        let config = settings("https://id.example.com/auth");
        let long = format!("/{}", "x".repeat(3000));
        for target in [
            "",
            " ",
            "account",
            "./x",
            "../x",
            "?x",
            "#x",
            "//evil.example",
            "///evil.example",
            "////evil.example",
            "/\\evil.example",
            "\\evil.example",
            "\\\\evil.example",
            "/\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "/\r\nSet-Cookie: a=b",
            "/\0",
            "/\u{85}/x",
            "/\u{2028}x",
            "/x y",
            "/é",
            "https:evil.example",
            "https:/evil.example",
            "https:id.example.com",
            "https:///evil.example",
            "https:\\\\evil.example",
            "HTTPS://id.example.com/",
            "https://evil.example",
            "https://app.example.com.evil.example/",
            "https://evil.example/https://app.example.com",
            "https://app.example.com@evil.example/",
            "https://user@app.example.com/",
            "https://a:b@app.example.com/",
            "https://app.example.com%2eevil.example/",
            "https://evil.example#@app.example.com",
            "https://evil.example?@app.example.com",
            "https://sub.app.example.com/",
            "http://app.example.com/",
            "https://app.example.com:8443/",
            "http://localhost:3001/",
            "http://id.example.com/",
            "https://",
            "javascript:alert(1)",
            "javascript://app.example.com/%0aalert(1)",
            "data:text/html,x",
            "ftp://app.example.com/",
            "blob:https://app.example.com/x",
            "null",
            &long,
        ] {
            assert_eq!(safe_redirect(Some(target), &config), "/auth/account", "{target:?}");
        }
        assert_eq!(safe_redirect(None, &config), "/auth/account");
        assert_eq!(safe_redirect(None, &settings("http://localhost:4400")), "/account");
    }

    /// Pieces that trick parsers, in any order.
    fn target() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("/"),
            Just("//"),
            Just("\\"),
            Just("\t"),
            Just("\n"),
            Just("."),
            Just(".."),
            Just("%2f"),
            Just("%5c"),
            Just("%09"),
            Just("@"),
            Just(":"),
            Just("?"),
            Just("#"),
            Just("https:"),
            Just("http://"),
            Just("https://"),
            Just("javascript:"),
            Just("evil.example"),
            Just("app.example.com"),
            Just("id.example.com"),
            Just("localhost"),
            Just(":3000"),
            Just("%00"),
            Just("\u{3002}"),
            Just("\u{ff0f}"),
            Just("x"),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn the_result_never_leaves_the_list(target in prop_oneof![target(), any::<String>()], https: bool) {
            let config = settings(if https { "https://id.example.com/auth" } else { "http://id.example.com" });
            let result = safe_redirect(Some(&target), &config);
            let origins = [config.origin(), "https://app.example.com".into(), "http://localhost:3000".into()];
            // Whatever page of ours sends it.
            for page in ["", "/auth/", "/auth/sign-in?redirect_to=x"] {
                let base = Url::parse(&config.origin()).unwrap().join(page).unwrap();
                let there = base.join(&result).unwrap();
                prop_assert!(origins.contains(&there.origin().ascii_serialization()), "{target:?} led to {there}");
                prop_assert!(there.username().is_empty() && there.password().is_none());
            }
            prop_assert!(http::HeaderValue::from_str(&result).is_ok());
        }
    }
}
