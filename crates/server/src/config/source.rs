//! Where values come from: the file, the environment over it, and files that the environment names.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use toml::Value;

use super::keys::{KEYS, Key, nearest};
use super::problem::Problems;

/// A value and where it stands.
#[derive(Clone)]
pub struct Given {
    pub value: Value,
    pub origin: String,
}

/// What was given, by key.
pub type All = BTreeMap<&'static str, Given>;

/// Variables that are not settings. The last two are read by apps, which may share one file of settings with the server.
const OTHERS: &[&str] =
    &["DOORWARD_CONFIG", "DOORWARD_BLESS", "DOORWARD_RENDER_DIR", "DOORWARD_URL", "DOORWARD_SERVICE_KEY"];

pub fn gather(
    file: Option<(&str, &str)>,
    env: impl Iterator<Item = (String, String)>,
    read_file: &dyn Fn(&Path) -> io::Result<String>,
    problems: &mut Problems,
) -> All {
    let mut all = All::new();
    if let Some((name, text)) = file {
        match text.parse::<toml::Table>() {
            Ok(table) => flatten(name, "", &table, &mut all, problems),
            Err(error) => {
                problems.add(
                    name,
                    None,
                    name,
                    &format!("is not TOML: {}", error.message()),
                    "Mend the file.",
                );
            }
        }
    }
    for (variable, text) in env {
        let is_setting = variable.starts_with("DOORWARD_")
            && !variable.starts_with("DOORWARD_TEST_")
            && !OTHERS.contains(&&*variable);
        if is_setting {
            overlay(&variable, text, read_file, &mut all, problems);
        }
    }
    all
}

fn flatten(file: &str, prefix: &str, table: &toml::Table, all: &mut All, problems: &mut Problems) {
    for (name, value) in table {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if let Some(key) = KEYS.iter().find(|key| key.name == path) {
            all.insert(key.name, Given { value: value.clone(), origin: file.to_owned() });
        } else if let Value::Table(inner) = value
            && KEYS.iter().any(|key| key.name.starts_with(&format!("{path}.")))
        {
            flatten(file, &path, inner, all, problems);
        } else {
            unknown(&path, file, problems);
        }
    }
}

fn overlay(
    variable: &str,
    text: String,
    read_file: &dyn Fn(&Path) -> io::Result<String>,
    all: &mut All,
    problems: &mut Problems,
) {
    if let Some(key) = KEYS.iter().find(|key| key.variable() == variable) {
        all.insert(key.name, Given { value: Value::String(text), origin: variable.to_owned() });
        return;
    }
    let of_file = |key: &&Key| key.secret && variable.strip_suffix("_FILE") == Some(&key.variable());
    let Some(key) = KEYS.iter().find(of_file) else {
        let name = variable.trim_start_matches("DOORWARD_").to_lowercase().replace("__", ".");
        return unknown(&name, variable, problems);
    };
    match read_file(Path::new(&text)) {
        // The variable itself counts for more, in whatever order they come.
        Ok(_) if all.get(key.name).is_some_and(|given| given.origin == key.variable()) => {}
        Ok(content) => {
            let content = content.trim_end_matches(['\r', '\n']).to_owned();
            let origin = format!("the file that {variable} names");
            all.insert(key.name, Given { value: Value::String(content), origin });
        }
        Err(error) => {
            let mend = "Name a file that the server may read.";
            problems.add(key.name, Some(&text), variable, &format!("can't be read: {error}"), mend);
        }
    }
}

fn unknown(name: &str, origin: &str, problems: &mut Problems) {
    let mend = match nearest(name) {
        Some(near) => format!("Did you mean {near}?"),
        None => "Remove it; docs/SETTINGS.md lists what there is.".to_owned(),
    };
    problems.add(name, None, origin, "is not a setting", &mend);
}
