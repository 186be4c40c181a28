use doorward_core::mail::OutgoingMail;

/// A mail that was caught.
#[derive(Debug, Clone)]
pub struct Mail {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl From<OutgoingMail> for Mail {
    fn from(mail: OutgoingMail) -> Self {
        Self { subject: mail.subject, text: mail.text, html: mail.html }
    }
}

impl Mail {
    /// The six digits that stand on a line of their own.
    ///
    /// # Panics
    /// Where there is no code.
    pub fn code(&self) -> String {
        code_in(&self.text)
    }

    /// The link that carries a token.
    ///
    /// # Panics
    /// Where there is none.
    pub fn link(&self) -> String {
        self.text
            .split_whitespace()
            .find(|word| word.contains("token="))
            .unwrap_or_else(|| panic!("no link in: {}", self.text))
            .to_owned()
    }

    /// The link's token.
    pub fn token(&self) -> String {
        self.link().split("token=").nth(1).unwrap().to_owned()
    }
}

/// The code in a mail's text. Six digits may also stand inside of a link's token.
///
/// # Panics
/// Where there is no code.
pub fn code_in(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .find(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit()))
        .unwrap_or_else(|| panic!("no code in: {text}"))
        .to_owned()
}
