//! Inside core a feature uses only what lies on a lower level, or on its own level further up.

use super::source::Source;
use super::{File, assert_kept, project};

/// The features of core by level, each level in order. A name with `::` is a room of its own inside a feature.
const LEVELS: &[&[&str]] = &[
    // What everything stands on.
    &[
        "error",
        "config",
        "rate_limit",
        "user_agent",
        "breach",
        "place",
        "refusals",
        "context",
        "migrations",
        "audit",
        "changes",
        "seals",
        "outbox",
        "mail",
        "sms",
        "secret",
    ],
    &[
        "signing_key",
        "audit_log",
        "user",
        "alarm",
        "challenge",
        "lockout",
        "totp",
        "backup_code",
        "service_key",
    ],
    &["access", "device", "session", "phone", "passkey", "second_factor", "recovery", "organization"],
    &[
        "sign_in",
        "sign_in::pending",
        "sign_in::flow",
        "sign_in::second",
        "sign_in::enrolment",
        "sign_in::password",
        "sign_in::passkey",
        "sign_in::email",
        "sign_in::upstream",
        "sign_up",
        "password",
        "reauthentication",
        "email_change",
        "not_me",
        "account",
        "api_key",
        "operator",
    ],
    &["oauth_provider"],
    // Sweeps behind all of them.
    &["clean_up", "master_key"],
];

const CORE: &str = "crates/core/src/";

#[test]
fn features_use_what_stands_above_them() {
    assert_kept(&broken(&project()));
}

fn broken(files: &[File]) -> Vec<String> {
    let mut broken = Vec::new();
    let product = files.iter().filter(|file| file.path.starts_with(CORE) && !file.is_test());
    for file in product.filter(|file| file.has_extension(&["rs"]) && file.path != format!("{CORE}lib.rs")) {
        let module = module_of(&file.path);
        let Some(own) = feature_of(&module) else {
            broken.push(format!("{}: state in this guard on which level `{}` stands", file.path, module[0]));
            continue;
        };
        let source = Source::read(&file.text);
        for (line, path) in paths(&source, &module) {
            let Some(other) = feature_of(&path) else { continue };
            if !may_use(own, other) {
                let (own, other) = (name(own), name(other));
                broken
                    .push(format!("{}:{line}: {own} must not use {other}, which stands below it", file.path));
            }
        }
    }
    // `{self, Type}` of one feature is one offence.
    broken.dedup();
    broken
}

/// Level, and place on the level.
type Place = (usize, usize);

/// A place comes before another if its level is lower or, on one level, it is named first. A room and the feature that
/// it lies in know each other.
fn may_use(own: Place, other: Place) -> bool {
    let lies_in = |room: Place, feature: Place| name(room).starts_with(&format!("{}::", name(feature)));
    other <= own || lies_in(own, other) || lies_in(other, own)
}

fn name((level, place): Place) -> &'static str {
    LEVELS[level][place]
}

/// The feature that a module belongs to: the longest name that leads its path.
fn feature_of(module: &[String]) -> Option<Place> {
    let places =
        LEVELS.iter().enumerate().flat_map(|(level, names)| (0..names.len()).map(move |at| (level, at)));
    places
        .filter(|&place| {
            let parts: Vec<_> = name(place).split("::").collect();
            module.len() >= parts.len() && parts.iter().zip(module).all(|(part, own)| part == own)
        })
        .max_by_key(|&place| name(place).len())
}

/// `crates/core/src/sign_in/mod.rs` is `[sign_in]`.
fn module_of(path: &str) -> Vec<String> {
    let parts = path[CORE.len()..].trim_end_matches(".rs").trim_end_matches("/mod").split('/');
    parts.map(str::to_owned).collect()
}

/// What the code names by a path from `crate::` or `super::`, with its line, as seen from the crate's root.
fn paths(source: &Source, module: &[String]) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let code = &source.code;
    for (at, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        // `$crate::`, `my_crate::` and the later ones of `super::super::` are no starts.
        if code[..at].ends_with(|char: char| char.is_alphanumeric() || matches!(char, '_' | ':' | '$')) {
            continue;
        }
        let mut base = module.to_vec();
        let mut rest = &code[at..];
        if let Some(after) = rest.strip_prefix("crate::") {
            base.clear();
            rest = after;
        }
        while let Some(after) = rest.strip_prefix("super::") {
            base.pop();
            rest = after;
        }
        let mut tree = Vec::new();
        read_tree(rest, &base, &mut tree);
        found.extend(tree.into_iter().map(|path| (source.line_of(at), path)));
    }
    found
}

/// Reads `a::{b, c::d}` into one path each and returns what follows it.
fn read_tree<'a>(text: &'a str, base: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let mut path = base.to_vec();
    let mut rest = text.trim_start();
    loop {
        if let Some(mut group) = rest.strip_prefix('{') {
            loop {
                group = read_tree(group, &path, found).trim_start();
                match group.strip_prefix(',') {
                    Some(after) if !after.trim_start().starts_with('}') => group = after,
                    Some(after) => return after.trim_start().strip_prefix('}').unwrap_or_default(),
                    None => return group.strip_prefix('}').unwrap_or_default(),
                }
            }
        }
        let end = rest.find(|char: char| !(char.is_alphanumeric() || char == '_')).unwrap_or(rest.len());
        path.push(rest[..end].to_owned());
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(after) => rest = after,
            None => break,
        }
    }
    found.push(path);
    let renamed = rest.trim_start().strip_prefix("as ");
    renamed.map_or(rest.strip_prefix('*').unwrap_or(rest), |name| {
        name.trim_start_matches(|char: char| char.is_alphanumeric() || char == '_')
    })
}

#[test]
fn a_wrong_level_is_found() {
    let found = |path: &str, text: &str| broken(&[File::new(&format!("{CORE}{path}"), text)]).len();
    assert_eq!(found("user/mod.rs", "use crate::{audit, context::{Context, Time as T}, error::Result};"), 0);
    assert_eq!(found("user/mod.rs", "use crate::{audit, session::{self, Session}};"), 1);
    assert_eq!(found("user/store.rs", "fn f() { crate::access::decide() }"), 1);
    assert_eq!(found("user.rs", "// use crate::session;\nfn f() -> &str { \"crate::session\" }"), 0);
    assert_eq!(found("user.rs", "#[cfg(test)]\nmod tests { use crate::session; }"), 0);
    assert_eq!(found("user/tests.rs", "use crate::session;"), 0);
    assert_eq!(found("audit/mod.rs", "use super::mail::Mail;"), 1);
    assert_eq!(found("mail/mod.rs", "pub use self::store::X; use super::audit::Event;"), 0);
    assert_eq!(found("sign_in/flow.rs", "use super::password::check;"), 1);
    assert_eq!(
        found("sign_in/password.rs", "use super::{VerifiedFactor, flow};\nuse super::super::user;"),
        0
    );
    assert_eq!(found("sign_in/mod.rs", "pub use crate::sign_in::{flow::start, password};"), 0);
    assert_eq!(
        found("session/mod.rs", "use crate::{\n    sign_in,\n    user,\n    oauth_provider::*,\n};"),
        2
    );
    assert_eq!(
        found(
            "session/mod.rs",
            "use doorward_crypto::sign_in; macro_rules! m { () => { $crate::sign_up::f() } }"
        ),
        0
    );
    assert_eq!(found("novelty.rs", ""), 1);
}
