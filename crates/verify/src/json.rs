//! JSON objects in which no member stands twice, at any depth (RFC 8725, section 2.4; RFC 7515, section 4).

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// More members than this are refused, so that looking for doubles stays cheap.
const MAX_MEMBERS: usize = 128;

/// A text that is borrowed where it was written without escapes.
pub(crate) struct Text<'de>(Cow<'de, str>);

/// The names of an object's members so far.
pub(crate) struct Names<'de>(Vec<Text<'de>>);

/// Any value, passed over.
pub(crate) struct Anything;

impl<'de> Names<'de> {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(16))
    }

    /// # Errors
    /// Where the name is there already, or there are too many.
    pub(crate) fn add<E: Error>(&mut self, name: Text<'de>) -> Result<&Text<'de>, E> {
        if self.0.len() >= MAX_MEMBERS || self.0.iter().any(|known| **known == *name) {
            return Err(E::custom("a member twice, or too many"));
        }
        self.0.push(name);
        self.0.last().ok_or_else(|| E::custom("no member"))
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfText;
        impl<'de> Visitor<'de> for OfText {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(OfText)
    }
}

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfAnything)
    }
}

struct OfAnything;

impl<'de> Visitor<'de> for OfAnything {
    type Value = Anything;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_unit<E: Error>(self) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Anything, A::Error> {
        while values.next_element::<Anything>()?.is_some() {}
        Ok(Anything)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Anything, A::Error> {
        let mut names = Names::new();
        while let Some(name) = members.next_key()? {
            names.add::<A::Error>(name)?;
            members.next_value::<Anything>()?;
        }
        Ok(Anything)
    }
}
