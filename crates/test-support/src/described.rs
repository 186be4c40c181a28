//! Every answer that a test gets of the API is one that its description names.

use std::sync::OnceLock;

use serde_json::Value;

/// What any endpoint may answer, as the description says in its first paragraph.
const ANYWHERE: &[(u16, &str)] = &[
    (400, "malformed_request"),
    (403, "cross_site_refused"),
    (413, "body_too_large"),
    (415, "unsupported_media_type"),
    (429, "rate_limited"),
    (500, "internal_error"),
    (503, "overloaded"),
    (503, "unavailable"),
];

/// # Panics
/// Where the description does not name the answer.
pub fn check(method: &str, path: &str, status: u16, body: &str) {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let Some(operation) = operation(&method.to_lowercase(), path) else { return };
    if operation["responses"].get(status.to_string()).is_some() {
        return;
    }
    let code = serde_json::from_str::<Value>(body).unwrap_or_default()["code"].clone();
    if code.is_null() && status >= 400 {
        // A proxy's, or another server's.
        return;
    }
    let known = ANYWHERE.iter().any(|(known, of)| *known == status && code == *of);
    assert!(known, "docs/openapi.json does not say that {method} {path} may answer {status} {code}");
}

fn operation(method: &str, path: &str) -> Option<&'static Value> {
    static API: OnceLock<Value> = OnceLock::new();
    let api = API.get_or_init(|| serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap());
    let paths = api["paths"].as_object().unwrap();
    // What is written out goes before what is filled in.
    let found = paths.get(path).or_else(|| {
        paths.iter().find(|(template, _)| fits(template, path)).map(|(_, operations)| operations)
    })?;
    found.get(method)
}

fn fits(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(part)) if wanted == part || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}
