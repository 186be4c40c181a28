//! What pages send: posted forms, and the queries of their addresses. Each name at most once.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, FromRequestParts, Request};
use doorward_core::error::{Code, Error};
use http::request::Parts;
use secrecy::SecretString;

use super::json::{body, is_media_type};
use super::problem::ApiError;

const FIELDS: usize = 64;

/// A form's fields. One that did not come reads as empty. A button that needs none takes it all the same: what came broken
/// changes nothing.
#[derive(Default)]
pub struct Form(BTreeMap<String, String>);

/// An address's query, read alike.
#[derive(Default)]
pub struct Query(BTreeMap<String, String>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let right_type = is_media_type(request.headers(), "application/x-www-form-urlencoded");
        let body = body(request).await?;
        if body.is_empty() {
            return Ok(Self::default());
        }
        if !right_type {
            let detail = "Send the form as application/x-www-form-urlencoded.";
            return Err(Error::new(Code::UnsupportedMediaType).with_detail(detail).into());
        }
        Ok(Self(fields(&body)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(fields(parts.uri.query().unwrap_or_default().as_bytes())?))
    }
}

impl Form {
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The field, if it came and holds something.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.is_empty())
    }

    /// The value, also an empty one, if the field came.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn secret(&self, name: &str) -> SecretString {
        SecretString::from(self.get(name))
    }

    /// Whether the field came, also an empty one.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn is_checked(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl Query {
    /// The names that came.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The value, also an empty one, if the name came.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.is_empty())
    }
}

fn fields(text: &[u8]) -> Result<BTreeMap<String, String>, ApiError> {
    let malformed = || Error::new(Code::MalformedRequest);
    let mut fields = BTreeMap::new();
    for (count, pair) in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).enumerate() {
        if count >= FIELDS {
            return Err(malformed().with_detail("There are too many fields.").into());
        }
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let name = decode(&pair[..at]).ok_or_else(malformed)?;
        let value = decode(pair.get(at + 1..).unwrap_or_default()).ok_or_else(malformed)?;
        if fields.insert(name, value).is_some() {
            return Err(malformed().with_detail("A field stands twice.").into());
        }
    }
    Ok(fields)
}

/// `None` for a broken escape and for what is not UTF-8.
fn decode(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(*rest.next()?).to_digit(16)?;
                let low = char::from(*rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::{get, post};
    use http::header::CONTENT_TYPE;
    use http::{Request, StatusCode};
    use secrecy::ExposeSecret;
    use tower::ServiceExt;

    use super::{FIELDS, Form, Query, fields};

    #[test]
    fn fields_are_decoded() {
        let fields = fields(b"email=a%40b.example&name=Ada+L&empty=&flag&&sum=1%2B1=2&%6e=%C3%a9").unwrap();
        let all: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            all,
            [
                ("email", "a@b.example"),
                ("empty", ""),
                ("flag", ""),
                ("n", "é"),
                ("name", "Ada L"),
                ("sum", "1+1=2")
            ]
        );
    }

    #[test]
    fn broken_and_doubled_fields_are_refused() {
        for bad in ["a=%", "a=%4", "a=%zz", "a=%+1", "a=%ff", "a=%c3", "%ff=a", "a=1&a=2", "a=1&%61=2", "a&a"]
        {
            assert!(fields(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(fields(b"a=\xff").is_err());
        assert!(fields("a=1&".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn there_are_so_many_fields_and_no_more() {
        let with =
            |count: usize| (0..count).map(|number| format!("f{number}=x")).collect::<Vec<_>>().join("&");
        assert_eq!(fields(with(FIELDS).as_bytes()).unwrap().len(), FIELDS);
        assert!(fields(with(FIELDS + 1).as_bytes()).is_err());
    }

    fn routes() -> Router {
        let form = async |form: Form| {
            let secret = form.secret("password");
            let (remember, other) = (form.is_checked("remember"), form.some("empty").is_some());
            format!(
                "{}|{}|{remember}|{other}|{}",
                form.get("email"),
                secret.expose_secret(),
                form.get("none")
            )
        };
        let query =
            async |query: Query| format!("{}|{}", query.get("token"), query.some("redirect_to").is_some());
        Router::new().route("/form", post(form)).route("/page", get(query))
    }

    async fn answer(request: Request<Body>) -> (StatusCode, String) {
        let response = routes().oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_posted_form_is_read() {
        let send = async |content_type: &str, body: &'static str| {
            let request = Request::post("/form").header(CONTENT_TYPE, content_type).body(Body::from(body));
            answer(request.unwrap()).await
        };
        let form = "application/x-www-form-urlencoded";
        let text = "email=a%40b&password=%20x+&remember=on&empty=";
        assert_eq!(send(form, text).await, (StatusCode::OK, "a@b| x |true|false|".to_owned()));
        assert_eq!(send(form, "").await, (StatusCode::OK, "||false|false|".to_owned()));
        let with_charset = "application/x-www-form-urlencoded; charset=UTF-8";
        assert_eq!(send(with_charset, "email=x").await.0, StatusCode::OK);
        assert_eq!(send(form, "email=x&email=y").await.0, StatusCode::BAD_REQUEST);
        for wrong in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
            assert_eq!(send(wrong, "email=x").await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
    }

    #[tokio::test]
    async fn a_query_is_read() {
        let ask = async |address: &str| answer(Request::get(address).body(Body::empty()).unwrap()).await;
        assert_eq!(ask("/page").await, (StatusCode::OK, "|false".to_owned()));
        assert_eq!(ask("/page?token=a%2Bb&redirect_to=/x").await, (StatusCode::OK, "a+b|true".to_owned()));
        for bad in ["/page?token=a&token=b", "/page?token=%ff", "/page?token=%"] {
            assert_eq!(ask(bad).await.0, StatusCode::BAD_REQUEST, "{bad}");
        }
    }
}
