//! No file names a folder of somebody's machine, or the host of a package registry that a mirror would have to replace.

use super::{File, assert_kept, project};

/// In two parts, so that this file does not break its own rule.
const FOLDERS: &[[&str; 2]] =
    &[["/ro", "ot/"], ["/ho", "me/"], ["/wo", "rk/"], ["/Us", "ers/"], ["C:\\", "Users"]];
const HOSTS: &[[&str; 2]] = &[
    ["index.crates", ".io"],
    ["static.crates", ".io"],
    ["crates.io", "-index"],
    ["registry.npm", "js.org"],
    ["registry.yarn", "pkg.com"],
];

#[test]
fn no_machine_and_no_registry_is_named() {
    assert_kept(&broken(&project()));
}

fn broken(files: &[File]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| !file.is_vendored()) {
        for (number, line) in file.text.lines().enumerate() {
            // Cargo writes the name of its default registry itself, whatever mirror serves it.
            if file.path == "Cargo.lock" && line.starts_with("source = ") {
                continue;
            }
            let folder = FOLDERS.iter().map(|parts| parts.concat()).find(|folder| names_folder(line, folder));
            let host = HOSTS.iter().map(|parts| parts.concat()).find(|host| line.contains(host));
            if let Some(name) = folder.or(host) {
                broken.push(format!("{}:{}: names {name}", file.path, number + 1));
            }
        }
    }
    broken
}

/// As the start of a path: `pages/home/` is no machine's folder.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        !line[..at]
            .ends_with(|char: char| char.is_alphanumeric() || matches!(char, '.' | '_' | '-' | '}' | '*'))
    })
}

#[test]
fn a_machine_or_registry_is_found() {
    let found = |path: &str, text: &str| broken(&[File::new(path, text)]).len();
    for [start, end] in FOLDERS.iter().chain(HOSTS) {
        assert_eq!(found("docs/X.md", &format!("see `{start}{end}x`\nand then\n")), 1, "{start}{end}");
    }
    assert_eq!(found("docs/X.md", "templates/home/index.html, pages/work/x, /srv/doorward"), 0);
    let source = format!("source = \"registry+https://host/{}\"", HOSTS[2].concat());
    assert_eq!(found("Cargo.lock", &source), 0);
    assert_eq!(found("Cargo.toml", &source), 1);
}
