//! Requests to Doorward: bounded in time and size, and following no redirect.

use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, Url};

/// An answer that was read whole.
pub(crate) struct Answer {
    pub status: u16,
    pub cache_control: Option<String>,
    pub body: Vec<u8>,
}

/// Why there is no answer, for the log.
pub(crate) type Failure = String;

const CONNECT: Duration = Duration::from_secs(3);

/// `near`: where requests go. A proxy of the environment is never asked for this machine itself.
pub(crate) fn client(near: &Url) -> reqwest::Result<Client> {
    let builder = Client::builder()
        .redirect(Policy::none())
        .connect_timeout(CONNECT)
        .user_agent(concat!("doorward-verify/", env!("CARGO_PKG_VERSION")));
    if is_loopback(near) { builder.no_proxy().build() } else { builder.build() }
}

/// `Authorization: Bearer …`, never printed. `None` for what can't stand in a header.
pub(crate) fn bearer(secret: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {secret}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Sends, and reads no more than `limit` bytes of the answer, all within `time`.
pub(crate) async fn send(request: RequestBuilder, time: Duration, limit: usize) -> Result<Answer, Failure> {
    let read = async {
        let response = request.send().await.map_err(|error| plain(&error))?;
        let status = response.status().as_u16();
        let cache_control =
            response.headers().get("cache-control").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = read(response, limit).await?;
        Ok(Answer { status, cache_control, body })
    };
    tokio::time::timeout(time, read).await.map_err(|_| format!("no answer within {time:?}"))?
}

async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| plain(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(format!("an answer of more than {limit} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The error with its causes, on one line.
pub(crate) fn plain(error: &reqwest::Error) -> Failure {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
