//! Browsers and devices in words. Anybody can write anything into these headers: what they say is shown, never trusted.

use woothee::parser::Parser;

/// The longest brand or platform that is kept of a client hint.
const LONGEST: usize = 40;

/// What a client says that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub browser: Option<String>,
    pub os: Option<String>,
    /// `desktop`, `phone`, `bot` or `other`.
    pub kind: &'static str,
}

impl Client {
    /// From a `User-Agent`, and from [`hints`] where the browser sent some: those know brands that call themselves Chrome.
    pub fn of(user_agent: Option<&str>, hints: Option<&str>) -> Self {
        let mut client = Self::from_user_agent(user_agent);
        let mut parts = hints.unwrap_or_default().split(';');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let (brand, platform, mobile) = (next(), next(), next());
        client.browser = brand.map(|brand| brand_name(brand).to_owned()).or(client.browser);
        client.os = platform.map(|platform| os_name(platform).to_owned()).or(client.os);
        client.kind = match mobile {
            Some("?1") => "phone",
            Some("?0") if client.kind == "other" => "desktop",
            _ => client.kind,
        };
        client
    }

    fn from_user_agent(user_agent: Option<&str>) -> Self {
        let parsed = user_agent.and_then(|text| Parser::new().parse(text));
        let Some(parsed) = parsed else {
            return Self { browser: user_agent.and_then(program), os: None, kind: "other" };
        };
        let known = |text: &str| (!matches!(text, "UNKNOWN" | "HTTP Library" | "")).then(|| text.to_owned());
        Self {
            browser: known(parsed.name).or_else(|| user_agent.and_then(program)),
            os: known(parsed.os).map(|os| os_name(&os).to_owned()),
            kind: match parsed.category {
                "pc" => "desktop",
                "smartphone" | "mobilephone" => "phone",
                "crawler" => "bot",
                _ => "other",
            },
        }
    }

    /// `Firefox on Linux`.
    pub fn name(&self) -> String {
        match (&self.browser, &self.os) {
            (Some(browser), Some(os)) => format!("{browser} on {os}"),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => "Unknown device".to_owned(),
        }
    }
}

/// What is kept of a browser's client hints (User-Agent Client Hints, section 3): its brand, its platform and whether it is
/// a phone, as `Brave;Linux;?0`.
pub fn hints(brands: &str, platform: Option<&str>, mobile: Option<&str>) -> Option<String> {
    let brand = brands
        .split(',')
        .filter_map(|brand| Some(clean(brand.trim().strip_prefix('"')?.split_once('"')?.0)))
        // A made-up brand stands in the list so that nobody relies on its order; the engine's name says less than the
        // browser's.
        .filter(|brand| !(brand.contains("Not") && brand.contains("Brand")))
        .max_by_key(|brand| brand != "Chromium")?;
    let platform = clean(platform.unwrap_or_default().trim_matches('"'));
    let mobile = mobile.filter(|mobile| matches!(*mobile, "?0" | "?1")).unwrap_or_default();
    Some(format!("{brand};{platform};{mobile}"))
}

fn clean(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '?');
    text.chars().filter(plain).take(LONGEST).collect()
}

fn brand_name(brand: &str) -> &str {
    match brand {
        "Google Chrome" => "Chrome",
        "Microsoft Edge" => "Edge",
        other => other,
    }
}

/// The first word of what is no browser: `curl` of `curl/8.5.0`.
fn program(user_agent: &str) -> Option<String> {
    let word: String = user_agent
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        .take(40)
        .collect();
    (!word.is_empty()).then_some(word)
}

fn os_name(os: &str) -> &str {
    match os {
        "Mac OSX" => "macOS",
        "Windows 10" => "Windows",
        "iPhone" => "iOS",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Client, hints};

    const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

    fn name(user_agent: &str) -> String {
        Client::of(Some(user_agent), None).name()
    }

    #[test]
    fn client_hints_name_the_brand_that_calls_itself_chrome() {
        let hints = hints(
            "\"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\", \"Brave\";v=\"140\"",
            Some("\"Windows\""),
            Some("?0"),
        )
        .unwrap();
        assert_eq!(hints, "Brave;Windows;?0");
        assert_eq!(Client::of(Some(CHROME), Some(&hints)).name(), "Brave on Windows");
        assert_eq!(name(CHROME), "Chrome on Linux");
    }

    #[test]
    fn hints_that_are_none_are_not_kept_and_long_ones_are_cut() {
        for nothing in ["", "Chromium", "\"", "\"Not A(Brand\";v=\"1\""] {
            assert_eq!(hints(nothing, None, Some("yes")), None, "{nothing}");
        }
        let kept = hints(&format!("\"{}<script>;\"", "x".repeat(300)), None, Some("yes")).unwrap();
        assert_eq!(kept, format!("{};;", "x".repeat(40)));
    }

    #[test]
    fn browsers_and_programs_are_named() {
        assert_eq!(
            name("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            "Firefox on Linux"
        );
        assert_eq!(
            name(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15"
            ),
            "Safari on macOS"
        );
        assert_eq!(name("curl/8.5.0"), "curl");
        assert_eq!(Client::of(None, None).name(), "Unknown device");
    }

    #[test]
    fn a_phone_is_a_phone() {
        let device = Client::of(
            Some(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
            ),
            None,
        );
        assert_eq!((device.kind, device.name().as_str()), ("phone", "Safari on iOS"));
    }
}
