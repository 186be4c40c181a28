//! Errors as RFC 9457 problem details. Handlers answer [`ApiError`]; the outer layer alone renders it, as a problem or as a
//! page, so that there is one place where an error becomes text.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use doorward_core::config::Config;
use doorward_core::error::{Code, Error, Kind};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

/// An error on its way out.
#[derive(Debug, Clone)]
pub struct ApiError(Arc<Error>);

/// The error that a response stands for, for the layer that renders it.
#[derive(Debug, Clone)]
pub struct ErrorBody(pub Arc<Error>);

/// RFC 9457 problem details.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Where the problem is explained.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    /// What happened, and what to do now.
    detail: String,
    /// Stable: act on this.
    #[schema(example = "validation_failed")]
    code: &'static str,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
    /// Seconds to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// What is wrong with a field.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    field: String,
    #[schema(example = "required")]
    code: &'static str,
    detail: String,
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(Arc::new(error))
    }
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Error::new(code).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = status(self.0.kind()).into_response();
        response.extensions_mut().insert(ErrorBody(self.0));
        response
    }
}

pub fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::NotAuthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The problem as `application/problem+json`.
pub fn respond(error: &Error, config: &Config) -> Response {
    let status = status(error.kind());
    let code = error.code();
    let problem = Problem {
        kind: format!("{}/docs/problems/{}", config.issuer(), code.as_str()),
        title: code.title(),
        status: status.as_u16(),
        detail: error.detail().to_owned(),
        code: code.as_str(),
        errors: error
            .fields()
            .iter()
            .map(|field| FieldProblem {
                field: field.field.to_string(),
                code: field.code,
                detail: field.detail.to_string(),
            })
            .collect(),
        retry_after: error.retry_after().map(seconds),
    };
    let mut response = (status, axum::Json(problem)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    add_headers(headers, error);
    response
}

/// The headers that belong to an error, whatever its body is.
pub fn add_headers(headers: &mut http::HeaderMap, error: &Error) {
    if let Some(wait) = error.retry_after() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds(wait)));
    }
    if error.kind() == Kind::NotAuthenticated {
        // RFC 6750, section 3: without a token in the request there is no error to name.
        let challenge = match error.code() {
            Code::NotAuthenticated | Code::InvalidCredentials => "Bearer",
            _ => "Bearer error=\"invalid_token\"",
        };
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
}

/// Writes down what the operator must know. What the client did wrong is the client's to know.
pub fn log(error: &Error, request_id: &str) {
    let cause = error.cause().map(ToString::to_string);
    let code = error.code().as_str();
    match error.kind() {
        // As many lines as requests would only add to the load; the figures count them.
        _ if error.code() == Code::Overloaded => {
            tracing::debug!(request_id, code, "a request was turned away");
        }
        Kind::Internal => tracing::error!(request_id, code, cause, "a request failed"),
        Kind::Unavailable => tracing::warn!(request_id, code, cause, "a request was turned away"),
        _ => tracing::debug!(request_id, code, cause, "a request was refused"),
    }
}

/// Whole seconds, rounded up: who waits that long does not come too early.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::to_bytes;
    use axum::response::IntoResponse;
    use doorward_core::error::{Code, Error, FieldError};
    use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
    use serde_json::{Value, json};

    use super::{ApiError, ErrorBody, respond, status};
    use crate::http::tests::config;

    async fn body(error: &Error) -> Value {
        let response = respond(error, &config("https://id.example.com/auth/"));
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        serde_json::from_slice(&to_bytes(response.into_body(), 10_000).await.unwrap()).unwrap()
    }

    fn header(error: &Error, name: http::HeaderName) -> Option<String> {
        let response = respond(error, &config("https://id.example.com"));
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_problem_has_the_members_that_are_promised() {
        let error = Error::new(Code::NotFound).with_cause("secret cause");
        assert_eq!(
            body(&error).await,
            json!({
                "type": "https://id.example.com/auth/docs/problems/not_found",
                "title": "There is nothing here",
                "status": 404,
                "detail": "Nothing was found under this address. Check it.",
                "code": "not_found",
            })
        );
        let field = FieldError::new("email", "required", "Enter an address.");
        let invalid = body(&Error::invalid(vec![field])).await;
        assert_eq!(
            invalid["errors"],
            json!([{"field": "email", "code": "required", "detail": "Enter an address."}])
        );
        assert_eq!(invalid["status"], 422);
    }

    #[tokio::test]
    async fn seconds_to_wait_are_rounded_up() {
        for (wait, seconds) in [(1, 1), (1000, 1), (1001, 2), (59_999, 60), (0, 0)] {
            let error = Error::new(Code::RateLimited).with_retry_after(Duration::from_millis(wait));
            assert_eq!(body(&error).await["retry_after"], seconds);
            assert_eq!(header(&error, RETRY_AFTER).unwrap(), seconds.to_string());
        }
        assert_eq!(header(&Code::RateLimited.into(), RETRY_AFTER), None);
    }

    #[test]
    fn a_challenge_stands_by_every_401_and_nowhere_else() {
        let challenge = |code: Code| header(&code.into(), WWW_AUTHENTICATE);
        assert_eq!(challenge(Code::NotAuthenticated).as_deref(), Some("Bearer"));
        assert_eq!(challenge(Code::InvalidCredentials).as_deref(), Some("Bearer"));
        assert_eq!(challenge(Code::TokenExpired).as_deref(), Some("Bearer error=\"invalid_token\""));
        assert_eq!(challenge(Code::SessionRevoked).as_deref(), Some("Bearer error=\"invalid_token\""));
        for code in Code::ALL {
            assert_eq!(challenge(*code).is_some(), status(code.kind()).as_u16() == 401, "{}", code.as_str());
        }
    }

    #[test]
    fn an_error_leaves_its_rendering_to_the_layer() {
        for code in Code::ALL {
            let response = ApiError::from(*code).into_response();
            assert_eq!(response.status(), status(code.kind()));
            assert_eq!(response.extensions().get::<ErrorBody>().unwrap().0.code(), *code);
            assert!(!response.headers().contains_key(CONTENT_TYPE));
        }
    }
}
