//! The API reference and the explanations of its errors.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use doorward_core::error::Code;
use http::StatusCode;
use serde_json::Value;

use super::views::{self, DocsPage, Operation, OperationGroup, ProblemPage, RequestField};
use super::{layout, page};
use crate::api::openapi;
use crate::http::problem::{self, ApiError};
use crate::state::Web;

pub async fn api(State(web): State<Web>) -> Result<Response, ApiError> {
    let api: Value = serde_json::from_str(openapi::text()).map_err(doorward_core::error::Error::internal)?;
    let template = DocsPage {
        layout: layout(&web, "API reference", None),
        version: string(&api["info"]["version"]),
        introduction: string(&api["info"]["description"]),
        groups: groups(&api),
    };
    Ok(page(StatusCode::OK, &template))
}

pub async fn problem(State(web): State<Web>, Path(code): Path<String>) -> Result<Response, ApiError> {
    let code = Code::ALL.iter().find(|known| known.as_str() == code).ok_or(Code::NotFound)?;
    let template = ProblemPage {
        layout: layout(&web, code.title(), None),
        title: code.title().to_owned(),
        detail: code.detail().to_owned(),
        status: problem::status(code.kind()).as_u16(),
        code: code.as_str().to_owned(),
    };
    Ok(page(StatusCode::OK, &template))
}

/// The operations by their tag.
fn groups(api: &Value) -> Vec<OperationGroup> {
    let mut groups: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for (path, methods) in api["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let tag = string(&operation["tags"][0]);
            groups.entry(tag).or_default().push(read(api, method, path, operation));
        }
    }
    groups
        .into_iter()
        .map(|(name, operations)| OperationGroup { name, description: String::new(), operations })
        .collect()
}

fn read(api: &Value, method: &str, path: &str, operation: &Value) -> Operation {
    let anyone = operation["security"][0].as_object().is_some_and(serde_json::Map::is_empty);
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: string(&operation["summary"]),
        description: string(&operation["description"]),
        permission: if anyone { "anyone" } else { "signed in" }.to_owned(),
        request_fields: fields(api, schema),
        responses: operation["responses"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(status, response)| views::Response {
                status: status.clone(),
                description: string(&response["description"]),
            })
            .collect(),
    }
}

fn fields(api: &Value, schema: &Value) -> Vec<RequestField> {
    let schema = resolve(api, schema);
    let required = schema["required"].as_array();
    schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, property)| RequestField {
            name: name.clone(),
            kind: kind(resolve(api, property)),
            required: required.is_some_and(|names| names.iter().any(|known| known == name)),
            description: string(&resolve(api, property)["description"]),
        })
        .collect()
}

/// Follows references, and takes the one that is not `null` of several.
fn resolve<'a>(api: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return resolve(api, &api["components"]["schemas"][name]);
    }
    match schema["oneOf"].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null")) {
        Some(one) => resolve(api, one),
        None => schema,
    }
}

fn kind(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(string).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(string).find(|kind| kind != "null").unwrap_or_default(),
        one => string(one),
    }
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
