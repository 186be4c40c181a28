//! Rules of the house that the compiler does not know. Each is a function over the project's files that lists what
//! breaks it, and each has a test that shows it a bad sample.

mod crates;
mod demos;
mod engines;
mod first_run;
mod guides;
mod levels;
mod names;
mod routes;
mod seals;
mod sessions;
mod size;
mod source;
mod sql;

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the project, its path relative to the root and with `/`.
#[derive(Debug)]
struct File {
    path: String,
    text: String,
}

impl File {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    fn has_extension(&self, extensions: &[&str]) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|own| extensions.iter().any(|extension| own == *extension))
    }

    /// A file that only tests use.
    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.starts_with("crates/test-support/")
            || self.path.split('/').any(|part| matches!(part, "tests" | "benches"))
            || name == "tests.rs"
            || name.ends_with("_tests.rs")
    }

    /// Written by a program, and compared by a check with what it is made from.
    fn is_generated(&self) -> bool {
        self.path.ends_with("/generated.ts")
    }

    /// Somebody else's work, kept as it came.
    fn is_vendored(&self) -> bool {
        self.path.split('/').any(|part| part == "vendor")
    }
}

/// Every text file of the project, what is built or installed aside.
fn project() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !is_made(&path) {
                    folders.push(path);
                }
            } else if let Ok(text) = fs::read_to_string(&path) {
                files.push(File { path: relative(&root, &path), text });
            }
        }
    }
    assert!(files.iter().any(|file| file.path == "Cargo.toml"), "this is not the project's folder");
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn is_made(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let of_packages =
        folder.ancestors().any(|above| above.ends_with("packages") || above.ends_with("examples"));
    matches!(&*name, ".git" | "target" | "node_modules" | "doorward-data" | "test-results")
        || of_packages && (matches!(&*name, "dist" | "build") || name.starts_with(".next"))
        || folder.join("CACHEDIR.TAG").exists()
}

fn relative(root: &Path, path: &Path) -> String {
    let parts: PathBuf = path.strip_prefix(root).unwrap().components().collect();
    parts.to_string_lossy().replace('\\', "/")
}

fn assert_kept(broken: &[String]) {
    assert!(broken.is_empty(), "{} broken:\n  {}", broken.len(), broken.join("\n  "));
}
