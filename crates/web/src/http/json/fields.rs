//! From a JSON object to a request: every field at fault is found, not only the first.

use std::collections::BTreeMap;

use doorward_core::error::{Code, Error, FieldError};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

/// Problems told about one body.
pub const PROBLEMS: usize = 32;
/// How often a body is looked at, whatever stands in it.
const ROUNDS: usize = 160;

/// Reads the members. Where one is at fault it is noted and left out, and the rest is looked at again.
///
/// # Errors
/// `validation_failed` with each field at fault: `unknown`, `required` or `invalid`.
pub fn read<T: DeserializeOwned>(mut members: Map<String, Value>) -> Result<T, Error> {
    let mut problems: Vec<FieldError> = Vec::new();
    // The members at fault, each with how many stand-ins were tried in its place.
    let mut at_fault: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let error = match serde_path_to_error::deserialize::<_, T>(&members) {
            Ok(value) if problems.is_empty() => return Ok(value),
            Ok(_) => break,
            Err(error) => error,
        };
        let message = error.inner().to_string();
        let Some((member, problem)) = fault(error.path(), &message) else { break };
        let is_missing = problem.code == "required";
        if !at_fault.contains_key(&member) {
            problems.push(problem);
            if problems.len() == PROBLEMS {
                break;
            }
        }
        let tried = at_fault.entry(member.clone()).or_default();
        if is_missing || *tried > 0 {
            // What is missing hides what else is: something has to stand there.
            let Some(value) = stand_in(*tried, &message) else { break };
            *tried += 1;
            members.insert(member, value);
        } else {
            members.remove(&member);
        }
    }
    if problems.is_empty() {
        return Err(
            Error::new(Code::MalformedRequest).with_detail("The body is not the object that is expected.")
        );
    }
    Err(Error::invalid(problems))
}

/// The top-level member at fault, and what to say of it. What the client sent is never repeated, but for names.
fn fault(path: &serde_path_to_error::Path, message: &str) -> Option<(String, FieldError)> {
    let first = path.iter().find_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        _ => None,
    });
    if message.starts_with("unknown field `") {
        let detail = "This field is not known here. Leave it out.";
        return Some((first?, FieldError::new(path.to_string(), "unknown", detail)));
    }
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        // The path ends at the object that lacks the field.
        let field = if first.is_some() { format!("{path}.{name}") } else { name.to_owned() };
        return Some((
            first.unwrap_or_else(|| name.to_owned()),
            FieldError::new(field, "required", "This field is required."),
        ));
    }
    let detail = expected(message).map_or_else(
        || "This field holds what it can't hold.".to_owned(),
        |what| format!("This field must be {what}."),
    );
    Some((first?, FieldError::new(path.to_string(), "invalid", detail)))
}

/// What serde would have taken. It stands at the end of its message, behind the value, which may hold anything.
fn expected(message: &str) -> Option<&str> {
    let of_serde = ["invalid type: ", "invalid value: ", "unknown variant `"]
        .iter()
        .any(|start| message.starts_with(start));
    let (_, what) = message.rsplit_once(", expected ").filter(|_| of_serde)?;
    Some(match what {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number in its range, not below zero",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number in its range",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other => other,
    })
}

fn stand_in(tried: usize, message: &str) -> Option<Value> {
    match tried {
        0 => Some(Value::String(String::new())),
        1 => Some(match expected(message).and_then(|what| what.split('`').nth(1)) {
            Some(variant) => variant.into(),
            None => Value::Bool(false),
        }),
        2 => Some(Value::Number(0.into())),
        3 => Some(Value::Array(Vec::new())),
        4 => Some(Value::Object(Map::new())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::{PROBLEMS, read};

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Way {
        Cookie,
        Body,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "what is read is not looked at")]
    struct Inner {
        id: String,
        size: u8,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "what is read is not looked at")]
    struct Sample {
        name: String,
        age: u8,
        way: Way,
        remember: Option<bool>,
        inner: Option<Inner>,
        list: Option<Vec<u8>>,
    }

    /// The fields at fault, each with its code.
    fn problems(body: Value) -> Vec<(String, &'static str)> {
        let Value::Object(members) = body else { panic!("not an object") };
        let error = read::<Sample>(members).unwrap_err();
        assert_eq!(error.code().as_str(), "validation_failed");
        let mut all: Vec<_> =
            error.fields().iter().map(|field| (field.field.to_string(), field.code)).collect();
        all.sort();
        all
    }

    fn told(body: Value) -> String {
        let Value::Object(members) = body else { panic!("not an object") };
        let error = read::<Sample>(members).unwrap_err();
        error
            .fields()
            .iter()
            .map(|field| format!("{}: {}", field.field, field.detail))
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn every_field_at_fault_is_named_with_its_fault() {
        assert_eq!(
            problems(json!({})),
            [("age".into(), "required"), ("name".into(), "required"), ("way".into(), "required")]
        );
        assert_eq!(
            problems(
                json!({"name": 1, "age": "x", "remember": "yes", "rôle": true, "way": "pigeon", "zz": 1})
            ),
            [
                ("age".into(), "invalid"),
                ("name".into(), "invalid"),
                ("remember".into(), "invalid"),
                ("rôle".into(), "unknown"),
                ("way".into(), "invalid"),
                ("zz".into(), "unknown"),
            ]
        );
        assert_eq!(problems(json!({"name": "x", "age": 300, "way": "body"})), [("age".into(), "invalid")]);
        assert_eq!(problems(json!({"name": null, "age": 3, "way": "body"})), [("name".into(), "invalid")]);
        assert_eq!(
            problems(json!({"name": [], "way": {}})),
            [("age".into(), "required"), ("name".into(), "invalid"), ("way".into(), "invalid"),]
        );
    }

    #[test]
    fn a_fault_further_down_is_named_by_its_path() {
        let with = |inner: Value| json!({"name": "x", "age": 3, "way": "body", "inner": inner});
        assert_eq!(
            problems(with(json!({"id": "x", "size": 1, "new": 1}))),
            [("inner.new".into(), "unknown")]
        );
        assert_eq!(problems(with(json!({"id": "x"}))), [("inner.size".into(), "required")]);
        assert_eq!(problems(with(json!({"id": 1, "size": 1}))), [("inner.id".into(), "invalid")]);
        let list = json!({"name": "x", "age": 3, "way": "body", "list": [1, 2, "x"]});
        assert_eq!(problems(list), [("list[2]".into(), "invalid")]);
    }

    #[test]
    fn names_that_look_like_messages_end_the_search_too() {
        for name in
            ["", "`", "a`b", "a.b", "a[0]", "missing field `name`", "x`, expected `y", "\u{0}\n", "🦀"]
        {
            let mut body = json!({"name": "x", "age": 3, "way": "body"});
            body[name] = json!(1);
            assert_eq!(problems(body), [(name.to_owned(), "unknown")]);
        }
    }

    #[test]
    fn what_was_sent_is_never_repeated() {
        let told = told(json!({
            "name": ["hunter2"],
            "age": "hunter2, expected hunter2",
            "way": "hunter2`, expected `hunter2",
            "remember": "hunter2",
            "list": {"hunter2": "hunter2"},
            "extra": "hunter2",
        }));
        assert!(!told.contains("hunter2"), "{told}");
        assert!(told.contains("way: This field must be `cookie` or `body`."), "{told}");
        assert!(told.contains("name: This field must be a string."), "{told}");
        assert!(told.contains("remember: This field must be true or false."), "{told}");
    }

    #[test]
    fn many_faults_cost_little() {
        let members = (0..5000).map(|number| (format!("f{number}"), json!(number))).collect();
        assert_eq!(read::<Sample>(members).unwrap_err().fields().len(), PROBLEMS);
    }

    #[test]
    fn a_request_that_nothing_suits_is_refused_in_the_end() {
        #[derive(Debug, Deserialize)]
        #[serde(try_from = "String")]
        struct Never;

        impl TryFrom<String> for Never {
            type Error = &'static str;

            fn try_from(_: String) -> Result<Self, &'static str> {
                Err("never, expected hunter2")
            }
        }

        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "what is read is not looked at")]
        struct Holder {
            never: Never,
        }

        #[derive(Debug, Deserialize)]
        #[serde(untagged)]
        enum OneOf {
            Holder(Holder),
        }

        let members = || serde_json::Map::from_iter([("never".to_owned(), json!("x"))]);
        let error = read::<Holder>(members()).unwrap_err();
        assert_eq!(error.fields().len(), 1);
        assert_eq!(error.fields()[0].detail, "This field holds what it can't hold.");
        assert_eq!(read::<OneOf>(members()).unwrap_err().code().as_str(), "malformed_request");
    }
}
