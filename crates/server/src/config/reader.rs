//! Reads values as what they are meant to be, and notes what is wrong with them.

use std::ops::RangeInclusive;
use std::time::Duration;

use secrecy::SecretString;
use toml::Value;
use url::Url;

use super::keys::KEYS;
use super::problem::Problems;
use super::source::All;

pub struct Reader<'a> {
    pub all: &'a All,
    pub problems: &'a mut Problems,
}

impl Reader<'_> {
    /// The value by `parse`, or nothing where none was given or it is wrong, which is noted with what is expected.
    pub fn parsed<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(key)?;
        let parsed = parse(text.trim());
        if parsed.is_none() {
            self.refuse(key, "is not what is expected", expected);
        }
        parsed
    }

    pub fn text(&mut self, key: &'static str) -> Option<String> {
        match &self.all.get(key)?.value {
            Value::String(text) => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Boolean(flag) => Some(flag.to_string()),
            _ => {
                self.refuse(key, "is of another type than is expected", "See docs/SETTINGS.md.");
                None
            }
        }
    }

    pub fn secret(&mut self, key: &'static str) -> Option<SecretString> {
        self.text(key).map(SecretString::from)
    }

    /// A secret that others must not guess.
    pub fn strong_secret(&mut self, key: &'static str) -> Option<SecretString> {
        let text = self.text(key)?;
        if text.len() < 16 {
            self.refuse(
                key,
                "is too short to be a secret",
                "Use at least 16 characters, such as from: head -c 24 /dev/urandom | base64",
            );
        }
        Some(SecretString::from(text))
    }

    pub fn list(&mut self, key: &'static str) -> Vec<String> {
        match self.all.get(key).map(|given| &given.value) {
            None => Vec::new(),
            Some(Value::String(text)) => {
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
            }
            Some(Value::Array(items)) => {
                let texts: Option<Vec<String>> =
                    items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
                texts.unwrap_or_else(|| {
                    self.refuse(key, "is not a list of texts", "Write it as [\"…\", \"…\"].");
                    Vec::new()
                })
            }
            Some(_) => {
                self.refuse(key, "is not a list", "Write it as [\"…\", \"…\"].");
                Vec::new()
            }
        }
    }

    pub fn duration(
        &mut self,
        key: &'static str,
        default: Duration,
        allowed: RangeInclusive<Duration>,
    ) -> Duration {
        let expected = "Write a number and a unit: \"30s\", \"10m\", \"12h\", \"7d\".";
        let Some(duration) = self.parsed(key, expected, duration) else { return default };
        if !allowed.contains(&duration) {
            let (least, most) = (allowed.start().as_secs(), allowed.end().as_secs());
            self.refuse(key, "is too short or too long", &format!("Use {least} to {most} seconds."));
        }
        duration
    }

    pub fn number(&mut self, key: &'static str, default: u32, least: u32, most: u32) -> u32 {
        let expected = format!("Use a whole number from {least} to {most}.");
        let within = |text: &str| text.parse().ok().filter(|number| (least..=most).contains(number));
        self.parsed(key, &expected, within).unwrap_or(default)
    }

    pub fn flag(&mut self, key: &'static str, default: bool) -> bool {
        self.parsed(key, "Write true or false.", |text| text.parse().ok()).unwrap_or(default)
    }

    /// An http or https address with nothing after its path.
    pub fn url(&mut self, key: &'static str) -> Option<Url> {
        self.parsed(key, "Write an http or https address without query, fragment or password.", |text| {
            let mut url = Url::parse(text).ok()?;
            let plain = matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none();
            let path = url.path().trim_end_matches('/').to_owned();
            url.set_path(&path);
            plain.then_some(url)
        })
    }

    /// Exact origins; `check` says of each whether it will do.
    pub fn origins(
        &mut self,
        key: &'static str,
        expected: &str,
        check: impl Fn(&Url) -> bool,
    ) -> Vec<String> {
        let list = self.list(key);
        let exact = |text: &String| {
            Url::parse(text).is_ok_and(|url| check(&url) && url.origin().ascii_serialization() == *text)
        };
        if !list.iter().all(exact) {
            self.refuse(key, "holds what is not an exact origin", expected);
        }
        list
    }

    /// Notes that a value, or its absence, will not do.
    pub fn refuse(&mut self, key: &'static str, wrong: &str, mend: &str) {
        let secret = KEYS.iter().any(|known| known.name == key && known.secret);
        let (value, origin) = match self.all.get(key) {
            Some(given) => {
                // An address may hold a password where none belongs.
                let has_password =
                    given.value.as_str().is_some_and(|text| text.contains('@') && text.contains("://"));
                let shown =
                    if secret || has_password { "********".to_owned() } else { given.value.to_string() };
                (Some(shown), given.origin.as_str())
            }
            None => (None, "not set"),
        };
        self.problems.add(key, value.as_deref(), origin, wrong, mend);
    }
}

pub fn duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return None,
    };
    // A hundred years are as good as for ever, and do not overflow.
    number.checked_mul(seconds).filter(|total| *total <= 100 * 366 * 24 * 60 * 60).map(Duration::from_secs)
}
