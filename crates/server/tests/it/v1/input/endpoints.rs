//! Every endpoint that takes a body, as the API's own description says.

use reqwest::Method;
use serde_json::{Map, Value, json};

/// An endpoint with its body's shape.
pub struct Endpoint {
    pub method: Method,
    pub path: String,
    /// A body that has the right shape, whatever becomes of it.
    pub body: Value,
    /// All members that it may have.
    pub fields: Vec<Field>,
    /// Whether nothing at all does as well.
    pub may_be_empty: bool,
}

pub struct Field {
    pub name: String,
    pub required: bool,
    /// What a standard leaves open: any object.
    pub open: bool,
}

/// Bodies of the right shape. The list of endpoints comes from the description: one that is missing here fails.
fn samples() -> Vec<(&'static str, Value)> {
    let token = json!({"token": "x"});
    let credential = json!({"passkey_token": "x", "credential": {}});
    vec![
        ("POST /v1/account/restore", token.clone()),
        ("POST /v1/email/verify", token.clone()),
        ("POST /v1/email/verify/resend", json!({"email": "x@example.com"})),
        ("PATCH /v1/me", json!({"given_name": "Ada"})),
        ("PATCH /v1/me/devices/{id}", json!({"name": "x"})),
        ("POST /v1/me/email", json!({"new_email": "x@example.com"})),
        ("POST /v1/me/email/undo", token.clone()),
        ("POST /v1/me/email/verify", token.clone()),
        ("PATCH /v1/me/factors", json!({"passkey_second_factor": false})),
        ("POST /v1/me/passkeys/finish", credential.clone()),
        ("POST /v1/me/passkeys/start", json!({})),
        ("PATCH /v1/me/passkeys/{id}", json!({"name": "x"})),
        ("POST /v1/me/phone", json!({"phone_number": "+436641234567"})),
        ("POST /v1/me/phone/verify", json!({"code": "000000"})),
        ("POST /v1/me/totp/confirm", json!({"code": "000000"})),
        ("POST /v1/not-me", token.clone()),
        ("POST /v1/password/change", json!({"current_password": "x", "new_password": "x"})),
        ("POST /v1/password/forgot", json!({"email": "x@example.com"})),
        ("POST /v1/password/reset", json!({"token": "x", "new_password": "x"})),
        ("POST /v1/reauthenticate", json!({"password": "x"})),
        ("POST /v1/reauthenticate/start", json!({"method": "email_code"})),
        ("POST /v1/recovery", json!({"mfa_token": "x"})),
        ("POST /v1/recovery/cancel", token.clone()),
        ("POST /v1/recovery/complete", token.clone()),
        ("POST /v1/sign-in", json!({"identifier": "x", "password": "x"})),
        ("POST /v1/sign-in/email", json!({"email": "x@example.com"})),
        ("POST /v1/sign-in/email/verify", token.clone()),
        (
            "POST /v1/sign-in/enrol/passkey/finish",
            json!({"mfa_token": "x", "passkey_token": "x", "credential": {}}),
        ),
        ("POST /v1/sign-in/enrol/passkey/start", json!({"mfa_token": "x"})),
        ("POST /v1/sign-in/enrol/totp", json!({"mfa_token": "x"})),
        ("POST /v1/sign-in/enrol/totp/confirm", json!({"mfa_token": "x", "code": "000000"})),
        ("POST /v1/sign-in/mfa", json!({"mfa_token": "x", "method": "totp", "code": "000000"})),
        ("POST /v1/sign-in/mfa/start", json!({"mfa_token": "x", "method": "sms"})),
        ("POST /v1/sign-in/passkey/finish", credential),
        ("POST /v1/sign-in/passkey/start", json!({})),
        ("POST /v1/sign-out", json!({})),
        ("POST /v1/sign-out/all", json!({"except_current": true})),
        ("POST /v1/sign-up", json!({"email": "x@example.com", "password": "x"})),
        ("POST /v1/token/refresh", json!({"refresh_token": "x"})),
    ]
}

/// All that the description names, each with its sample.
///
/// # Panics
/// Where a description or a sample has no counterpart.
pub fn all() -> Vec<Endpoint> {
    let description: Value = serde_json::from_str(doorward_web::api::openapi::text()).unwrap();
    let mut samples = samples();
    let mut all = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let Some(taken) = operation.get("requestBody") else { continue };
            let name = format!("{} {path}", method.to_uppercase());
            let at = samples.iter().position(|(known, _)| *known == name);
            let (_, body) = samples.remove(at.unwrap_or_else(|| panic!("{name} has no sample body here")));
            let shape = shape(&description, &taken["content"]["application/json"]["schema"]);
            all.push(Endpoint {
                method: method.to_uppercase().parse().unwrap(),
                path: path.replace("{id}", &unknown_id(path)),
                body,
                fields: fields(&shape),
                may_be_empty: taken["required"] != true,
            });
        }
    }
    assert!(samples.is_empty(), "no endpoint takes {samples:?}");
    all
}

fn unknown_id(path: &str) -> String {
    let kind = if path.contains("/devices/") { "device" } else { "passkey" };
    format!("{kind}_{}", "0".repeat(32))
}

/// The object behind a reference, or behind the choice between one and nothing.
fn shape(description: &Value, schema: &Value) -> Map<String, Value> {
    if let Some(choices) = schema["oneOf"].as_array() {
        let object = choices.iter().find(|choice| choice["type"] != "null");
        return shape(description, object.unwrap());
    }
    match schema["$ref"].as_str() {
        Some(reference) => shape(description, description.pointer(&reference[1..]).unwrap()),
        None => schema.as_object().unwrap().clone(),
    }
}

fn fields(shape: &Map<String, Value>) -> Vec<Field> {
    let required: Vec<&str> = shape
        .get("required")
        .into_iter()
        .flat_map(|names| names.as_array().unwrap())
        .filter_map(Value::as_str)
        .collect();
    let properties = shape.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties
        .map(|(name, schema)| Field {
            name: name.clone(),
            required: required.contains(&name.as_str()),
            open: schema["type"] == "object" || schema["type"] == json!(["object", "null"]),
        })
        .collect()
}
