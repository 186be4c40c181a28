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
    /// The six digits that stand alone on a line or between words.
    ///
    /// # Panics
    /// Where there is no code.
    pub fn code(&self) -> String {
        self.text
            .split(|c: char| !c.is_ascii_digit())
            .find(|digits| digits.len() == 6)
            .unwrap_or_else(|| panic!("no code in: {}", self.text))
            .to_owned()
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
