//! A telephone number.

use crate::audit;
use crate::context::Context;
use crate::error::FieldError;

/// A number in the international form: `+` and up to 15 digits (ITU-T E.164, section 6.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads one number. Spaces, dashes, dots and brackets between its digits are passed over.
    ///
    /// # Errors
    /// What is wrong, for the field `phone_number`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(FieldError::new("phone_number", "required", "Enter your phone number."));
        }
        let number: String =
            text.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '-' | '.' | '(' | ')')).collect();
        let digits = number.strip_prefix('+').unwrap_or_default();
        let is_number = (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if !is_number || text.len() > 40 {
            return Err(FieldError::new(
                "phone_number",
                "invalid",
                "Enter the number with its country code, such as +43 664 1234567.",
            ));
        }
        Ok(Self(number))
    }

    /// One that was parsed before it was kept.
    pub(crate) fn kept(number: String) -> Self {
        Self(number)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As pages show it: `+43…67`.
    pub fn masked(&self) -> String {
        let (front, end) = (&self.0[..3], &self.0[self.0.len() - 2..]);
        format!("{front}…{end}")
    }

    pub(super) fn digest(&self, context: &Context) -> String {
        audit::digest(context, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::PhoneNumber;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for text in ["+43 664 1234567", " +43(664)123-45.67 ", "+436641234567", "+43\u{a0}664 1234567"] {
            let number = PhoneNumber::parse(text).unwrap();
            assert_eq!((number.as_str(), number.masked().as_str()), ("+436641234567", "+43…67"), "{text}");
        }
        for text in [
            "",
            "0664 1234567",
            "0043 664 1234567",
            "+0664123456",
            "+43",
            "+1234567890123456",
            "+43664123456a",
            "+43664+123456",
            "+43 664 1234567, +43 664 1234568",
            "+43664\r\n1234567",
            "＋436641234567",
            "+٤٣٦٦٤١٢٣٤٥٦٧",
            "tel:+436641234567",
        ] {
            assert!(PhoneNumber::parse(text).is_err(), "{text}");
        }
    }
}
