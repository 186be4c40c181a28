use std::collections::BTreeMap;
use std::sync::Mutex;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, redirect};
use serde_json::{Value, json};

use crate::{PASSWORD, described};

/// What keeps cookies as a browser does, and says of its requests what a browser says.
pub struct Browser {
    base: String,
    client: reqwest::Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Browser {
    pub fn new(base: &str) -> Self {
        let client =
            reqwest::Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap();
        Self { base: base.to_owned(), client, cookies: Mutex::default() }
    }

    /// Another one with the same cookies: what a restored session, a second tab or a thief has.
    #[must_use]
    pub fn copy(&self) -> Self {
        let cookies = self.cookies.lock().unwrap().clone();
        Self { base: self.base.clone(), client: self.client.clone(), cookies: Mutex::new(cookies) }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// The access token, whatever the cookie's prefix is.
    pub fn access_token(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        let own = cookies.iter().find(|(name, _)| name.ends_with("doorward_access"));
        own.expect("an access cookie").1.clone()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    pub fn drop_cookie(&self, name: &str) {
        self.cookies.lock().unwrap().remove(name);
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], None).await
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.json(Method::POST, path, body).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.json(Method::PATCH, path, body).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// Posts nothing at all.
    pub async fn post_empty(&self, path: &str) -> Reply {
        self.send(Method::POST, path, &[], None).await
    }

    /// Posts a form, as a page does.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, path, &headers, Some(body.into_bytes())).await
    }

    pub async fn json(&self, method: Method, path: &str, body: &Value) -> Reply {
        let headers = [("content-type", "application/json")];
        self.send(method, path, &headers, Some(body.to_string().into_bytes())).await
    }

    /// Sends anything. What is given here comes after, and in place of, what a browser says by itself.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Reply {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut all = HeaderMap::new();
        all.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            all.insert("cookie", cookies.join("; ").parse().unwrap());
        }
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            if value.is_empty() {
                all.remove(&name);
            } else {
                all.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
        }
        self.attempt(method, url, all, body).await.unwrap()
    }

    /// A refresh of a server that may go away meanwhile: nothing where no answer came.
    pub async fn try_refresh(&self) -> Option<Reply> {
        self.try_post("/v1/token/refresh", &json!({})).await
    }

    /// A post to a server that may go away meanwhile.
    pub async fn try_post(&self, path: &str, body: &Value) -> Option<Reply> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        headers.insert("cookie", cookies.join("; ").parse().unwrap());
        let url = format!("{}{path}", self.base);
        self.attempt(Method::POST, url, headers, Some(body.to_string().into_bytes())).await.ok()
    }

    async fn attempt(
        &self,
        method: Method,
        url: String,
        headers: HeaderMap,
        body: Option<Vec<u8>>,
    ) -> reqwest::Result<Reply> {
        let path = url.strip_prefix(&self.base).unwrap_or_default().to_owned();
        let mut request = self.client.request(method.clone(), url).headers(headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = String::from_utf8_lossy(&response.bytes().await?).into_owned();
        self.keep_cookies(&headers);
        described::check(method.as_str(), &path, status, &text);
        Ok(Reply { status, headers, text })
    }

    pub async fn sign_up(&self, email: &str) -> Reply {
        self.post("/v1/sign-up", &json!({"email": email, "password": PASSWORD})).await
    }

    pub async fn sign_in(&self, identifier: &str) -> Reply {
        self.post("/v1/sign-in", &json!({"identifier": identifier, "password": PASSWORD})).await
    }

    pub async fn refresh(&self) -> Reply {
        self.post_empty("/v1/token/refresh").await
    }

    fn keep_cookies(&self, headers: &HeaderMap) {
        let mut cookies = self.cookies.lock().unwrap();
        for header in headers.get_all("set-cookie") {
            let text = header.to_str().unwrap();
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.to_ascii_lowercase().contains("max-age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Reply {
    /// # Panics
    /// Where the status is another.
    #[track_caller]
    pub fn expect_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Expects a problem of this status and code.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> &Self {
        self.expect_status(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.value();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert!(problem["type"].as_str().unwrap().ends_with(&format!("/docs/problems/{code}")), "{problem}");
        assert!(
            !problem["title"].as_str().unwrap().is_empty() && !problem["detail"].as_str().unwrap().is_empty()
        );
        self
    }

    /// Expects that this field, and with this code, is at fault.
    #[track_caller]
    pub fn expect_field(&self, field: &str, code: &str) -> &Self {
        self.expect_problem(422, "validation_failed");
        let problem = self.value();
        let errors = problem["errors"].as_array().unwrap();
        let found = errors.iter().any(|error| error["field"] == field && error["code"] == code);
        assert!(found, "{field}: {code} is not in {problem}");
        self
    }

    /// Expects a redirect to this place.
    #[track_caller]
    pub fn expect_redirect(&self, to: &str) -> &Self {
        self.expect_status(303);
        assert_eq!(self.header("location"), to);
        self
    }

    #[track_caller]
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The `Set-Cookie` headers.
    pub fn set_cookies(&self) -> Vec<String> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }
}
