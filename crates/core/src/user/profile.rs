use url::Url;

use super::Username;
use super::identifier::is_invisible;
use crate::error::FieldError;

/// What a person says about themselves, by OpenID Connect's names (Core, section 5.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub picture: Option<String>,
    pub locale: Option<String>,
}

/// Which fields change: absent stays, `Some(None)` clears.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    pub username: Option<Option<Username>>,
    pub given_name: Option<Option<String>>,
    pub family_name: Option<Option<String>>,
    pub picture: Option<Option<String>>,
    pub locale: Option<Option<String>>,
}

impl ProfileChange {
    /// Reads the fields as they came; an empty text clears a field.
    ///
    /// # Errors
    /// Every field at fault.
    pub fn parse(
        username: Option<Option<&str>>,
        given_name: Option<Option<&str>>,
        family_name: Option<Option<&str>>,
        picture: Option<Option<&str>>,
        locale: Option<Option<&str>>,
    ) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let change = Self {
            username: read(username, &mut errors, |text| Username::parse("preferred_username", text)),
            given_name: read(given_name, &mut errors, |text| name("given_name", text)),
            family_name: read(family_name, &mut errors, |text| name("family_name", text)),
            picture: read(picture, &mut errors, picture_url),
            locale: read(locale, &mut errors, language_tag),
        };
        if errors.is_empty() { Ok(change) } else { Err(errors) }
    }
}

fn read<T>(
    field: Option<Option<&str>>,
    errors: &mut Vec<FieldError>,
    parse: impl Fn(&str) -> Result<T, FieldError>,
) -> Option<Option<T>> {
    let text = field?.map(str::trim).filter(|text| !text.is_empty());
    let Some(text) = text else { return Some(None) };
    parse(text).map_err(|error| errors.push(error)).ok().map(Some)
}

fn name(field: &'static str, text: &str) -> Result<String, FieldError> {
    if text.chars().count() > 100 {
        return Err(FieldError::new(field, "too_long", "A name has at most 100 characters."));
    }
    if text.contains(deceives) {
        return Err(FieldError::new(field, "invalid", "A name can't hold invisible or control characters."));
    }
    Ok(text.to_owned())
}

/// A zero-width joiner belongs to some scripts; the rest of the invisible characters only deceive.
pub(crate) fn deceives(c: char) -> bool {
    c.is_control() || is_invisible(c) && !matches!(c, '\u{200c}' | '\u{200d}')
}

fn picture_url(text: &str) -> Result<String, FieldError> {
    if text.len() > 2048 {
        return Err(FieldError::new("picture", "too_long", "An address has at most 2048 characters."));
    }
    let parsed = Url::parse(text).ok().filter(|url| {
        url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none()
    });
    match parsed {
        // As a browser writes it: without quotes and brackets, and not to be taken for a path of the page that shows it.
        Some(url) if text.starts_with("https://") && !text.contains(deceives_in_an_address) => Ok(url.into()),
        _ => Err(FieldError::new("picture", "invalid", "Enter an https address.")),
    }
}

fn deceives_in_an_address(c: char) -> bool {
    c.is_control() || c.is_whitespace() || c == '\\' || is_invisible(c)
}

/// The shape of a BCP 47 language tag (RFC 5646, section 2.1): subtags of 1 to 8 letters or digits.
fn language_tag(text: &str) -> Result<String, FieldError> {
    let subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let first_is_language = text
        .split('-')
        .next()
        .is_some_and(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic()));
    if text.len() > 35 || !first_is_language || !text.split('-').all(subtag) {
        return Err(FieldError::new("locale", "invalid", "Enter a language tag, such as en or pt-BR."));
    }
    Ok(text.to_owned())
}

/// The names of a sign-up.
///
/// # Errors
/// What is wrong with either name.
pub(crate) fn names(given: Option<&str>, family: Option<&str>) -> Result<Profile, Vec<FieldError>> {
    let change = ProfileChange::parse(None, Some(given), Some(family), None, None)?;
    Ok(Profile {
        given_name: change.given_name.flatten(),
        family_name: change.family_name.flatten(),
        ..Profile::default()
    })
}
