//! A file server that a README starts shows the folder that it names, never the one it happens to stand in: a Doorward
//! started there keeps its database and its master key in it.

use super::{File, assert_kept, project};

const SERVER: &str = "-m http.server";

#[test]
fn demos_serve_a_folder_of_their_own() {
    let files = project();
    let started = files.iter().filter(|file| !starts(file).is_empty()).count();
    assert!(started > 1, "nginx's and Caddy's examples start one");
    assert_kept(&broken(&files));
}

#[test]
fn the_service_behind_the_gateways_has_a_page_for_every_place_that_they_let_through() {
    let files = project();
    for page in ["index.html", "admin/index.html", "api/hello.json"] {
        let path = format!("examples/service/{page}");
        assert!(files.iter().any(|file| file.path == path), "{path} is gone");
    }
}

fn starts(file: &File) -> Vec<&str> {
    if !file.has_extension(&["md"]) {
        return Vec::new();
    }
    file.text.lines().filter(|line| line.contains(SERVER)).collect()
}

fn broken(files: &[File]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in files {
        for line in starts(file) {
            let folder = line.split("--directory ").nth(1).and_then(|rest| rest.split_whitespace().next());
            let index = folder.map(|folder| format!("{folder}/index.html"));
            if !index.is_some_and(|index| files.iter().any(|file| file.path == index)) {
                broken.push(format!("{}: `{line}` names no folder with a page in it", file.path));
            }
        }
    }
    broken
}

#[test]
fn a_demo_that_serves_where_it_stands_is_found() {
    let page = || File::new("demo/index.html", "");
    let found =
        |line: &str| broken(&[page(), File::new("README.md", &format!("```sh\n{line}\n```\n"))]).len();
    assert_eq!(found("python3 -m http.server 3000 --directory demo"), 0);
    assert_eq!(found("python3 -m http.server 3000"), 1);
    assert_eq!(found("python3 -m http.server 3000 --directory ."), 1);
    assert_eq!(found("python3 -m http.server 3000 --directory elsewhere"), 1);
}
