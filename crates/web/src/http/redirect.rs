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

fn is_safe(target: &str, config: &Config) -> bool {
    // Browsers drop tabs and line breaks and take a backslash for a slash; nothing honest has either.
    if target.len() > 2048 || !target.bytes().all(|byte| matches!(byte, b'!'..=b'~')) || target.contains('\\') {
        return false;
    }
    if target.starts_with('/') {
        return !target.starts_with("//") && resolves_to(target, config, &[]);
    }
    let Ok(url) = Url::parse(target) else { return false };
    matches!(url.scheme(), "http" | "https")
        && target.split_once("://").is_some()
        && url.username().is_empty()
        && url.password().is_none()
        && resolves_to(target, config, &config.http.allowed_redirects)
}

/// The last word is the one of the parser that browsers use (WHATWG URL).
fn resolves_to(target: &str, config: &Config, allowed: &[String]) -> bool {
    config.public_url.join(target).is_ok_and(|url| {
        let origin = url.origin().ascii_serialization();
        origin == config.origin() || allowed.iter().any(|allowed| *allowed == origin)
    })
}
