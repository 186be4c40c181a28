//! Request bodies of the JSON API. Everything that is wrong with one is told at once, each with its field.

use std::fmt;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use doorward_core::error::{Code, Error, FieldError};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::LengthLimitError;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::problem::ApiError;

/// Nothing that we take is deeper.
const DEPTH: usize = 16;
/// Problems told about one body.
const PROBLEMS: usize = 32;

/// A JSON object as the body.
pub struct Json<T>(pub T);

/// A JSON object, or nothing at all.
pub struct JsonOrEmpty<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        ensure_json(request.headers())?;
        Ok(Self(parse(&body(request).await?)?))
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for JsonOrEmpty<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let headers = request.headers().clone();
        let body = body(request).await?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        ensure_json(&headers)?;
        Ok(Self(parse(&body)?))
    }
}

/// Reads a body whole, within the limit that the layer set.
pub async fn body(request: Request) -> Result<Bytes, ApiError> {
    axum::body::to_bytes(request.into_body(), usize::MAX).await.map_err(|error| {
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(cause) = source {
            if cause.is::<LengthLimitError>() {
                return Code::BodyTooLarge.into();
            }
            source = cause.source();
        }
        Error::new(Code::MalformedRequest).with_detail("The body did not arrive whole.").into()
    })
}

/// Whether the body is of this media type, with no charset but UTF-8.
pub fn is_media_type(headers: &HeaderMap, expected: &str) -> bool {
    let Some(Ok(text)) = headers.get(CONTENT_TYPE).map(http::HeaderValue::to_str) else { return false };
    let mut parts = text.split(';').map(str::trim);
    let right_type = parts.next().is_some_and(|part| part.eq_ignore_ascii_case(expected));
    right_type
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

fn ensure_json(headers: &HeaderMap) -> Result<(), ApiError> {
    if is_media_type(headers, "application/json") { Ok(()) } else { Err(Code::UnsupportedMediaType.into()) }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let malformed = |detail: String| Error::new(Code::MalformedRequest).with_detail(detail);
    if std::str::from_utf8(body).is_err() {
        return Err(malformed("The body is not UTF-8.".to_owned()));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = Strict { depth: DEPTH }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| {
            // The place is told, never what stands there.
            malformed(format!(
                "The body is not the JSON that is expected, at line {}, column {}.",
                error.line(),
                error.column()
            ))
        })?;
    match value {
        Value::Object(members) => read(members),
        _ => Err(malformed("The body must be a JSON object.".to_owned())),
    }
}

/// Takes the members apart, and where something is wrong goes on without it, so that the rest is looked at as well.
fn read<T: DeserializeOwned>(mut members: Map<String, Value>) -> Result<T, Error> {
    let mut problems: Vec<FieldError> = Vec::new();
    while problems.len() < PROBLEMS {
        let error = match serde_path_to_error::deserialize::<_, T>(Value::Object(members.clone())) {
            Ok(value) if problems.is_empty() => return Ok(value),
            Ok(_) => break,
            Err(error) => error,
        };
        let message = error.inner().to_string();
        let path = error.path().to_string();
        let (field, problem) = if let Some(name) = quoted(&message, "unknown field `") {
            (name.clone(), FieldError::new(name, "unknown", "This field is not known here. Leave it out."))
        } else if let Some(name) = quoted(&message, "missing field `") {
            (name.clone(), FieldError::new(name, "required", "This field is required."))
        } else {
            let name = path.split(['.', '[']).next().unwrap_or_default().to_owned();
            (name, FieldError::new(path, "invalid", "This field has another type than is expected."))
        };
        let known = problems.iter().any(|known| known.field.split(['.', '[']).next() == Some(&field));
        let unknown = problem.code == "unknown";
        if !known {
            problems.push(problem);
        } else if members.get(&field) == Some(&Value::Bool(false)) {
            // Neither stand-in suits this field.
            break;
        }
        if unknown {
            members.remove(&field);
        } else {
            // A stand-in, so that what comes after this field is looked at.
            let tried_text = known && members.get(&field).is_some_and(Value::is_string);
            members.insert(field, if tried_text { Value::Bool(false) } else { Value::String(String::new()) });
        }
    }
    Err(Error::invalid(problems))
}

fn quoted(message: &str, before: &str) -> Option<String> {
    message.strip_prefix(before)?.split('`').next().map(str::to_owned)
}

/// JSON with no member twice, and no deeper than it may be.
struct Strict {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| A::Error::custom("too deep"))?;
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(Self { depth })? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| A::Error::custom("too deep"))?;
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Self { depth })?;
            if all.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::parse;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "what is read is not looked at")]
    struct Sample {
        name: String,
        age: u8,
        remember: Option<bool>,
    }

    fn problems(body: &str) -> Vec<(String, &'static str)> {
        let error = parse::<Sample>(body.as_bytes()).unwrap_err();
        let mut problems: Vec<_> =
            error.fields().iter().map(|field| (field.field.to_string(), field.code)).collect();
        problems.sort();
        problems
    }

    #[test]
    fn every_field_at_fault_is_named_with_its_fault() {
        assert_eq!(problems("{}"), [("age".into(), "required"), ("name".into(), "required")]);
        assert_eq!(
            problems(r#"{"name": 1, "age": "x", "remember": "yes", "rôle": true}"#),
            [
                ("age".into(), "invalid"),
                ("name".into(), "invalid"),
                ("remember".into(), "invalid"),
                ("rôle".into(), "unknown")
            ]
        );
        assert_eq!(problems(r#"{"name": "x", "age": 300}"#), [("age".into(), "invalid")]);
        assert_eq!(problems(r#"{"name": null, "age": 3}"#), [("name".into(), "invalid")]);
    }

    #[test]
    fn what_is_not_the_json_that_is_expected_is_malformed() {
        let deep = format!("{{\"name\": {}1{}}}", "[".repeat(20), "]".repeat(20));
        for body in [
            "", "{", "[]", "1", "null", "{} {}", "{\"name\": \"\\ud800\"}", r#"{"a": 1, "a": 2}"#, "{'name': 1}",
            r#"{"name": NaN}"#, &deep, &"[".repeat(60_000),
        ] {
            let error = parse::<Sample>(body.as_bytes()).unwrap_err();
            assert_eq!(error.code().as_str(), "malformed_request", "{body:.40}");
        }
        assert_eq!(parse::<Sample>(b"{\"name\": \"\xff\"}").unwrap_err().code().as_str(), "malformed_request");
    }

    #[test]
    fn many_unknown_fields_cost_little() {
        let members: Vec<String> = (0..5000).map(|number| format!("\"f{number}\": 1")).collect();
        let error = parse::<Sample>(format!("{{{}}}", members.join(",")).as_bytes()).unwrap_err();
        assert!(error.fields().len() <= super::PROBLEMS);
    }
}
