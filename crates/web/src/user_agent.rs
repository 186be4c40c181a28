//! Browsers and devices in words.

use woothee::parser::Parser;

/// What a `User-Agent` says. Anybody can write anything there: it is shown, never trusted.
pub struct Device {
    pub browser: Option<String>,
    pub os: Option<String>,
    /// `desktop`, `phone`, `bot` or `other`.
    pub kind: &'static str,
}

impl Device {
    pub fn from_user_agent(user_agent: Option<&str>) -> Self {
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
    use super::Device;

    fn name(user_agent: &str) -> String {
        Device::from_user_agent(Some(user_agent)).name()
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
        assert_eq!(Device::from_user_agent(None).name(), "Unknown device");
    }

    #[test]
    fn a_phone_is_a_phone() {
        let device = Device::from_user_agent(Some(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
        ));
        assert_eq!((device.kind, device.name().as_str()), ("phone", "Safari on iOS"));
    }
}
