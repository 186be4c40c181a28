//! Names that accounts are found by. Each has the form it was typed in and a key that it is compared by.

use std::net::{Ipv4Addr, Ipv6Addr};

use email_address::{EmailAddress as Syntax, Options};
use precis_core::profile::PrecisFastInvocation;
use precis_profiles::UsernameCaseMapped;
use unicode_normalization::UnicodeNormalization;

use crate::error::FieldError;

/// One mail address. Two that differ in case, in Unicode form, in how the domain is written (IDN, trailing dot) have
/// one key and so one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress {
    typed: String,
    key: String,
}

impl EmailAddress {
    /// Reads one address, with white space around it cut off.
    ///
    /// # Errors
    /// What is wrong, for the field `field`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let typed = text.trim_matches([' ', '\t', '\r', '\n']);
        if typed.is_empty() {
            return Err(FieldError::new(field, "required", "Enter your e-mail address."));
        }
        if typed.len() > 254 {
            return Err(FieldError::new(field, "too_long", "An e-mail address has at most 254 characters."));
        }
        let key = key_of(typed).ok_or_else(|| {
            FieldError::new(field, "invalid", "Enter one e-mail address, such as name@example.com.")
        })?;
        Ok(Self { typed: typed.to_owned(), key })
    }

    /// As it was typed: where mail goes.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// What it is compared by.
    pub fn key(&self) -> &str {
        &self.key
    }
}

fn key_of(typed: &str) -> Option<String> {
    // One address means one: nothing that a mail program reads as a list, a comment, a quote or an invisible character.
    let unwanted = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, ',' | ';' | ':' | '<' | '>' | '(' | ')' | '"' | '\\' | '[' | ']')
            || is_invisible(c)
    };
    if typed.contains(unwanted) {
        return None;
    }
    let (local, domain) = typed.split_once('@')?;
    // Normalising must not bring forth an @ or a separator that was not typed as one (a full-width ＠, for example).
    let local = fold(local);
    if local.contains(unwanted) || local.contains('@') {
        return None;
    }
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let domain = idna::domain_to_ascii_strict(domain).ok()?;
    if !domain.contains('.') && domain != "localhost"
        || domain.parse::<Ipv4Addr>().is_ok()
        || domain.parse::<Ipv6Addr>().is_ok()
    {
        return None;
    }
    let key = format!("{local}@{domain}");
    let options = Options::default().without_display_text().without_domain_literal();
    Syntax::parse_with_options(&key, options).is_ok().then_some(key)
}

/// NFKC and case folding, until nothing changes any more. By way of the capitals, so that ß is ss and both small sigmas are
/// one.
fn fold(text: &str) -> String {
    let once = |text: &str| {
        text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect::<String>()
    };
    let mut folded = once(text);
    for _ in 0..4 {
        let again = once(&folded);
        if again == folded {
            break;
        }
        folded = again;
    }
    folded
}

/// Characters that show nothing, or change the order of what is shown (Unicode's default-ignorable and bidi controls).
pub(super) const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A public name: 3 to 30 letters, digits, `.`, `_`, `-`, compared by PRECIS UsernameCaseMapped (RFC 8265, section 3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username {
    typed: String,
    key: String,
}

impl Username {
    /// # Errors
    /// What is wrong, for the field `field`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let typed = text.trim_matches([' ', '\t', '\r', '\n']);
        let length = typed.chars().count();
        if length < 3 {
            return Err(FieldError::new(field, "too_short", "A username has at least 3 characters."));
        }
        if length > 30 {
            return Err(FieldError::new(field, "too_long", "A username has at most 30 characters."));
        }
        let invalid =
            || FieldError::new(field, "invalid", "Use letters, digits, dots, underscores and hyphens only.");
        let key = UsernameCaseMapped::enforce(typed).map_err(|_| invalid())?.into_owned();
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !typed.chars().all(allowed)
            || !key.chars().all(allowed)
            || !(3..=30).contains(&key.chars().count())
        {
            return Err(invalid());
        }
        if mixes_alphabets(&key) {
            let detail = "Use letters of one alphabet: some look alike and are not the same.";
            return Err(FieldError::new(field, "invalid", detail));
        }
        Ok(Self { typed: typed.to_owned(), key })
    }

    pub fn as_str(&self) -> &str {
        &self.typed
    }

    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Whether a name has letters of several alphabets that hold each other's twins (Unicode Technical Standard 39, section 5.2): with a
/// Cyrillic first letter `аdmin` is another name than the one that it looks like.
fn mixes_alphabets(name: &str) -> bool {
    let alphabet = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Some("Latin"),
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some("Greek"),
        '\u{400}'..='\u{52f}' => Some("Cyrillic"),
        '\u{530}'..='\u{58f}' => Some("Armenian"),
        _ => None,
    };
    let mut alphabets = name.chars().filter_map(alphabet);
    let first = alphabets.next();
    alphabets.any(|one| Some(one) != first)
}

/// What a person signs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    Email(EmailAddress),
    Username(Username),
}

impl Identifier {
    /// Whatever has an @ is an address. `None` where it can't be any account's name.
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains('@') {
            EmailAddress::parse("identifier", text).ok().map(Self::Email)
        } else {
            Username::parse("identifier", text).ok().map(Self::Username)
        }
    }

    pub fn key(&self) -> &str {
        match self {
            Self::Email(email) => email.key(),
            Self::Username(username) => username.key(),
        }
    }
}
