//! Colours that can be read: contrast as WCAG 2.2 measures it.

/// What text needs against what it stands on (WCAG 2.2, success criterion 1.4.3).
const ENOUGH: f64 = 4.5;
/// The page in the two colour schemes, at its worst: a card in light, a raised card in dark.
const LIGHT: Rgb = Rgb([0xf6, 0xf8, 0xf8]);
const DARK: Rgb = Rgb([0x1b, 0x22, 0x22]);

#[derive(Debug, Clone, Copy, PartialEq)]
struct Rgb([u8; 3]);

/// `#rrggbb`, made darker until it can be read on a light page. `None` for what is no such colour.
pub fn on_light(colour: &str) -> Option<String> {
    Some(toward(Rgb::parse(colour)?, Rgb([0; 3]), LIGHT).to_string())
}

/// `#rrggbb`, made lighter until it can be read on a dark page.
pub fn on_dark(colour: &str) -> Option<String> {
    Some(toward(Rgb::parse(colour)?, Rgb([255; 3]), DARK).to_string())
}

/// White or near-black: whichever is read better on this colour.
pub fn text_on(colour: &str) -> Option<&'static str> {
    let colour = Rgb::parse(colour)?;
    let (white, black) = ("#ffffff", "#0b1212");
    let better = contrast(colour, Rgb::parse(white)?) >= contrast(colour, Rgb::parse(black)?);
    Some(if better { white } else { black })
}

/// Mixes `colour` with `end` in steps until it can be read on `page`.
fn toward(colour: Rgb, end: Rgb, page: Rgb) -> Rgb {
    (0..=20)
        .map(|step| colour.mix(end, f64::from(step) / 20.0))
        .find(|mixed| contrast(*mixed, page) >= ENOUGH)
        .unwrap_or(end)
}

fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (a.luminance(), b.luminance());
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

impl Rgb {
    fn parse(text: &str) -> Option<Self> {
        let hex = text
            .strip_prefix('#')
            .filter(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).ok();
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    fn luminance(self) -> f64 {
        let [r, g, b] = self.0.map(|channel| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn mix(self, end: Self, share: f64) -> Self {
        let mut mixed = self.0;
        for (own, end) in mixed.iter_mut().zip(end.0) {
            let value = f64::from(*own) + (f64::from(end) - f64::from(*own)) * share;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
            {
                *own = value.round() as u8;
            }
        }
        Self(mixed)
    }
}

impl std::fmt::Display for Rgb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_accent_can_be_read() {
        for accent in ["#000000", "#ffffff", "#0f766e", "#ff0000", "#ffee00", "#00ff00", "#7f7f7f", "#000080"]
        {
            let (light, dark) = (on_light(accent).unwrap(), on_dark(accent).unwrap());
            assert!(contrast(Rgb::parse(&light).unwrap(), LIGHT) >= ENOUGH, "{accent} {light}");
            assert!(contrast(Rgb::parse(&dark).unwrap(), DARK) >= ENOUGH, "{accent} {dark}");
            for colour in [&light, &dark] {
                let text = text_on(colour).unwrap();
                assert!(
                    contrast(Rgb::parse(text).unwrap(), Rgb::parse(colour).unwrap()) >= ENOUGH,
                    "{colour} {text}"
                );
            }
        }
    }

    #[test]
    fn a_good_accent_stays() {
        assert_eq!(on_light("#0f766e").unwrap(), "#0f766e");
        assert_eq!(on_dark("#2dd4bf").unwrap(), "#2dd4bf");
    }

    #[test]
    fn only_six_digits_are_a_colour() {
        for text in ["", "#fff", "0f766e", "#0f766", "#0f766e0", "#ggg000", "red", "#0f766e;}", "#é766e"] {
            assert_eq!(on_light(text), None, "{text}");
        }
    }
}
