//! Every page in every state, held against what all pages promise. With `DOORWARD_RENDER_DIR` set, they are kept there
//! to be looked at.

mod html;
mod samples;

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::api::openapi;
use crate::routes::HASHING;
use html::{Tag, tags};
use samples::samples;

#[test]
fn nothing_is_inline_and_nothing_is_remote() {
    each(|name, page, tags| {
        for tag in tags {
            assert!(tag.name != "style", "{name}: a style element");
            assert!(tag.get("style").is_none(), "{name}: an inline style: {tag:?}");
            assert!(
                !tag.attributes.iter().any(|(key, _)| key.starts_with("on")),
                "{name}: a handler: {tag:?}"
            );
            let source = tag.get("src").or_else(|| tag.get("href").filter(|_| tag.name == "link"));
            assert!(source.is_none_or(|url| url.starts_with("/auth/assets/")), "{name}: {tag:?}");
        }
        let scripts = tags.iter().filter(|tag| tag.name == "script").count();
        assert!((1..=2).contains(&scripts), "{name}: {scripts} scripts");
        assert_eq!(page.matches(" defer></script>").count(), scripts, "{name}: a script with content");
    });
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    each(|name, _, tags| {
        let mut ids = HashSet::new();
        for id in tags.iter().filter_map(|tag| tag.get("id")) {
            assert!(!id.is_empty() && ids.insert(id), "{name}: `{id}` twice");
        }
        for tag in tags {
            for key in ["aria-describedby", "aria-labelledby", "aria-controls", "for"] {
                for id in tag.get(key).into_iter().flat_map(str::split_whitespace) {
                    assert!(ids.contains(id), "{name}: {key}={id} leads nowhere");
                }
            }
            if let Some(id) = tag.get("href").and_then(|href| href.strip_prefix('#')) {
                assert!(ids.contains(id), "{name}: #{id} leads nowhere");
            }
        }
    });
}

#[test]
fn every_field_is_labelled_and_says_what_is_wrong() {
    each(|name, _, tags| {
        let labels: HashSet<_> =
            tags.iter().filter(|tag| tag.name == "label").filter_map(|tag| tag.get("for")).collect();
        let fields = tags.iter().filter(|tag| {
            tag.name == "input" && tag.get("type") != Some("hidden") && tag.get("hidden").is_none()
        });
        for field in fields {
            let id = field.get("id").unwrap_or_else(|| panic!("{name}: no id: {field:?}"));
            assert!(labels.contains(id), "{name}: {id} has no label");
            let error = format!("{id}-error");
            let wrong = tags.iter().any(|tag| tag.get("id") == Some(&error));
            assert_eq!(field.get("aria-invalid") == Some("true"), wrong, "{name}: {id}");
            let described = field.get("aria-describedby").unwrap_or_default();
            assert_eq!(described.split(' ').any(|part| part == error), wrong, "{name}: {id}");
            if field.get("type") == Some("password") {
                assert_eq!(field.get("value"), Some(""), "{name}: a password came back");
                assert_eq!(field.get("maxlength"), None, "{name}: what is pasted would be cut");
            }
            if field.get("type") != Some("checkbox") {
                assert!(field.get("autocomplete").is_some(), "{name}: {id}");
            }
        }
        let focused = tags.iter().filter(|tag| tag.get("autofocus").is_some()).count();
        assert!(focused <= 1, "{name}: {focused} fields take the focus");
    });
}

#[test]
fn every_page_has_one_heading_a_main_part_and_a_title() {
    each(|name, page, tags| {
        for (what, count) in [("h1", 1), ("main", 1), ("title", 1)] {
            assert_eq!(tags.iter().filter(|tag| tag.name == what).count(), count, "{name}: {what}");
        }
        assert!(page.starts_with("<!doctype html>"), "{name}");
        assert!(!page.contains("<title> ·"), "{name}: no title");
        let levels: Vec<u8> = tags.iter().filter_map(Tag::heading_level).collect();
        assert!(
            levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
            "{name}: headings skip a level: {levels:?}"
        );
    });
}

#[test]
fn forms_post_below_the_base_and_say_what_they_do() {
    each(|name, page, tags| {
        for form in tags.iter().filter(|tag| tag.name == "form") {
            assert_eq!(form.get("method"), Some("post"), "{name}");
            assert!(form.get("action").is_some_and(|path| path.starts_with("/auth/")), "{name}: {form:?}");
        }
        for tag in tags.iter().filter(|tag| tag.name == "a") {
            let href = tag.get("href").unwrap_or_default();
            // An authenticator app on the same phone, and a file that the page brings along.
            let known = ["/auth/", "#", "https://", "otpauth://totp/", "data:text/plain;"];
            let good = known.iter().any(|start| href.starts_with(start));
            assert!(good, "{name}: {tag:?}");
        }
        assert!(!page.contains(">Submit<"), "{name}");
    });
}

/// What takes a password hashes it or compares it with a hash.
#[test]
fn what_takes_a_password_is_what_has_its_places_where_passwords_are_hashed() {
    let mut taking = BTreeSet::new();
    each(|name, _, tags| {
        let mut action = None;
        for tag in tags {
            match (tag.name.as_str(), tag.get("type")) {
                ("form", _) => action = tag.get("action").and_then(|path| path.strip_prefix("/auth")),
                ("input", Some("password")) => {
                    taking.insert(action.unwrap_or_else(|| panic!("{name}: no form")).to_owned());
                }
                _ => {}
            }
        }
    });
    let description: Value = serde_json::from_str(openapi::text()).unwrap();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            if takes_a_password(&description, body) {
                assert_eq!(method, "post", "{path}: only posts are held back");
                taking.insert(path.clone());
            }
        }
    }
    assert_eq!(taking.iter().map(String::as_str).collect::<BTreeSet<_>>(), HASHING.iter().copied().collect());
}

fn takes_a_password(description: &Value, schema: &Value) -> bool {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return takes_a_password(description, &description["components"]["schemas"][name]);
    }
    let parts = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    let named = schema["properties"].as_object().into_iter().flatten();
    named.into_iter().any(|(name, _)| name == "password" || name.ends_with("_password"))
        || parts.into_iter().any(|part| takes_a_password(description, part))
}

#[test]
fn what_people_type_stays_text() {
    each(|name, page, _| {
        assert!(!page.contains("<script>") && !page.contains("<img"), "{name}: markup came through");
    });
    let escaped = samples().iter().filter(|(_, page)| page.contains("&#60;script&#62;")).count();
    assert!(escaped >= 10, "only {escaped} samples hold hostile words");
}

#[test]
fn samples_can_be_kept() {
    let Some(folder) = std::env::var_os("DOORWARD_RENDER_DIR").map(std::path::PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    for (name, page) in samples() {
        std::fs::write(folder.join(format!("{name}.html")), page).unwrap();
    }
}

fn each(mut check: impl FnMut(&str, &str, &[Tag])) {
    for (name, page) in samples() {
        check(&name, &page, &tags(&page));
    }
}
