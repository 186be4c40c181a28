//! Request bodies of the JSON API. Everything that is wrong with one is told at once, each with its field.

mod fields;

use std::fmt;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use doorward_core::error::{Code, Error};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::LengthLimitError;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Number, Value};

use super::problem::ApiError;

/// Nothing that we take is deeper.
const DEPTH: usize = 16;
const TOO_DEEP: &str = "The body has more than 16 levels";
const TWICE: &str = "An object of the body has a member twice";

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
        let right_type = ensure_json(request.headers());
        let body = body(request).await?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        right_type?;
        if body.trim_ascii() == b"null" {
            return Ok(Self(T::default()));
        }
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
        .map_err(|error| malformed(describe(&error)))?;
    match value {
        Value::Object(members) => fields::read(members),
        _ => Err(malformed("The body must be a JSON object.".to_owned())),
    }
}

/// What is wrong, and at which place. What stands there is not told.
fn describe(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Data if error.to_string().starts_with(TWICE) => TWICE,
        Category::Data => TOO_DEEP,
        Category::Eof => "The body ends before its JSON does",
        Category::Syntax | Category::Io => "The body is not JSON",
    };
    format!("{what}: line {}, column {}.", error.line(), error.column())
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
        let depth = self.depth.checked_sub(1).ok_or_else(|| A::Error::custom(TOO_DEEP))?;
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(Self { depth })? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| A::Error::custom(TOO_DEEP))?;
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Self { depth })?;
            if all.insert(name, value).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::response::IntoResponse;
    use axum::routing::post;
    use doorward_core::error::Error;
    use http::header::CONTENT_TYPE;
    use http::{Request, StatusCode};
    use http_body_util::Limited;
    use secrecy::{ExposeSecret, SecretString};
    use serde::Deserialize;
    use tower::ServiceExt;

    use super::{Json, JsonOrEmpty, is_media_type, parse};
    use crate::http::problem::ErrorBody;

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(clippy::option_option, reason = "absent, null and a value are three things")]
    struct Sample {
        name: Option<SecretString>,
        #[serde(default, deserialize_with = "present")]
        nick: Option<Option<String>>,
    }

    #[expect(clippy::option_option, reason = "absent, null and a value are three things")]
    fn present<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<String>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }

    fn refusal(body: &[u8]) -> Error {
        parse::<Sample>(body).unwrap_err()
    }

    #[test]
    fn a_request_is_read() {
        let sample: Sample =
            parse(" {\"name\": \"a\\u00e9\\ud83e\\udd80\", \"nick\": null}\n".as_bytes()).unwrap();
        assert_eq!(sample.name.unwrap().expose_secret(), "aé🦀");
        assert_eq!(sample.nick, Some(None));
        assert_eq!(parse::<Sample>(b"{}").unwrap().nick, None);
    }

    #[test]
    fn what_is_not_the_json_that_is_expected_is_malformed() {
        let nested = |levels: usize| format!("{{\"name\": {}1{}}}", "[".repeat(levels), "]".repeat(levels));
        for body in [
            "",
            "{",
            "[]",
            "1",
            "null",
            "\"x\"",
            "{} {}",
            "{},",
            "{\"name\": \"\\ud800\"}",
            "{'name': 1}",
            "{name: 1}",
            r#"{"name": "a", "name": "b"}"#,
            r#"{"name": "a", "n\u0061me": "b"}"#,
            r#"{"x": [{"a": 1, "a": 1}]}"#,
            r#"{"name": NaN}"#,
            r#"{"name": 1e999}"#,
            r#"{"name": 01}"#,
            r#"{"name": "x",}"#,
            "{\"name\": \"\n\"}",
            "\u{feff}{}",
            &nested(16),
            &nested(20_000),
            &"[".repeat(60_000),
            &"{\"a\":".repeat(10_000),
        ] {
            assert_eq!(refusal(body.as_bytes()).code().as_str(), "malformed_request", "{body:.40}");
        }
        assert_eq!(refusal(nested(15).as_bytes()).code().as_str(), "validation_failed");
        assert_eq!(refusal(b"{\"name\": \"\xff\"}").detail(), "The body is not UTF-8.");
    }

    #[test]
    fn the_place_is_told_and_not_what_stands_there() {
        assert_eq!(refusal(b"{\"name\":\n hunter2}").detail(), "The body is not JSON: line 2, column 2.");
        assert_eq!(
            refusal(b"{\"name\": \"hunter2").detail(),
            "The body ends before its JSON does: line 1, column 17."
        );
        let twice = refusal(br#"{"name": "hunter2", "name": "hunter2"}"#);
        assert!(twice.detail().starts_with("An object of the body has a member twice: line 1,"), "{twice}");
        let deep = refusal(format!("{{\"a\": {}\"hunter2\"{}}}", "[".repeat(17), "]".repeat(17)).as_bytes());
        assert!(deep.detail().starts_with("The body has more than 16 levels: line 1,"), "{deep}");
    }

    #[test]
    fn media_types_are_compared_with_their_charset() {
        let is_json = |value: &str| {
            is_media_type(&[(CONTENT_TYPE, value.parse().unwrap())].into_iter().collect(), "application/json")
        };
        for right in [
            "application/json",
            "Application/JSON",
            "application/json;charset=utf-8",
            "application/json; Charset=\"UTF-8\"",
            "application/json; x=y",
        ] {
            assert!(is_json(right), "{right}");
        }
        for wrong in [
            "",
            "json",
            "text/json",
            "application/jsonp",
            "application/problem+json",
            "application/json; charset=latin1",
            "application/json; charset",
            "text/plain; application/json",
            "application/json, text/plain",
        ] {
            assert!(!is_json(wrong), "{wrong}");
        }
        assert!(!is_media_type(&http::HeaderMap::new(), "application/json"));
    }

    /// The status and code that a body is answered with.
    async fn answer(path: &str, content_type: Option<&str>, body: Body) -> (StatusCode, &'static str) {
        let routes: Router = Router::new()
            .route("/json", post(async |Json(_): Json<Sample>| StatusCode::OK.into_response()))
            .route(
                "/empty",
                post(async |JsonOrEmpty(_): JsonOrEmpty<Sample>| StatusCode::OK.into_response()),
            );
        let mut request = Request::post(path);
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let request = request.body(Body::new(Limited::new(body, 100))).unwrap();
        let response = routes.oneshot(request).await.unwrap();
        let code = response.extensions().get::<ErrorBody>().map_or("", |error| error.0.code().as_str());
        (response.status(), code)
    }

    #[tokio::test]
    async fn a_body_is_taken_or_refused_with_the_right_status() {
        const JSON: Option<&str> = Some("application/json");
        let refused = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type");
        let malformed = (StatusCode::BAD_REQUEST, "malformed_request");
        assert_eq!(answer("/json", JSON, "{}".into()).await, (StatusCode::OK, ""));
        assert_eq!(answer("/json", None, "{}".into()).await, refused);
        assert_eq!(answer("/json", Some("text/plain"), "{}".into()).await, refused);
        assert_eq!(answer("/json", JSON, Body::empty()).await, malformed);
        let invalid = (StatusCode::UNPROCESSABLE_ENTITY, "validation_failed");
        assert_eq!(answer("/json", JSON, "{\"x\": 1}".into()).await, invalid);

        assert_eq!(answer("/empty", None, Body::empty()).await, (StatusCode::OK, ""));
        assert_eq!(answer("/empty", JSON, Body::empty()).await, (StatusCode::OK, ""));
        assert_eq!(answer("/empty", None, "{}".into()).await, refused);
        assert_eq!(answer("/empty", JSON, " ".into()).await, malformed);
        assert_eq!(answer("/empty", JSON, "{}".into()).await, (StatusCode::OK, ""));
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_too_large_and_a_broken_one_malformed() {
        const JSON: Option<&str> = Some("application/json");
        let too_large = (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");
        let long = format!("{{\"name\": \"{}\"}}", "x".repeat(100));
        assert_eq!(answer("/json", JSON, long.clone().into()).await, too_large);
        assert_eq!(answer("/empty", JSON, long.into()).await, too_large);
        let pieces = futures_util::stream::iter([Ok("{"), Err(std::io::Error::other("gone"))]);
        let broken = Body::from_stream(pieces);
        assert_eq!(answer("/json", JSON, broken).await, (StatusCode::BAD_REQUEST, "malformed_request"));
    }
}
