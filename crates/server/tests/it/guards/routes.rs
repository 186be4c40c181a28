//! Every route states who may ask: there is one way to add a route, and it takes that as its first argument.

use super::{File, assert_kept, project};

#[test]
fn routes_are_added_where_they_state_who_may_ask() {
    assert_kept(&broken(&project()));
}

/// The one file that may call the router itself, within the functions that ask for the access.
const REGISTRAR: &str = "crates/web/src/routes.rs";

/// Where `api_route!` is defined, not used.
const MACRO: &str = "crates/web/src/routes/api_route.rs";

fn broken(files: &[File]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("crates/web/src/") && !file.is_test()) {
        let product = file.text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in product.lines().enumerate() {
            let adds = [".route(", ".routes(", ".route_service(", ".nest_service("]
                .iter()
                .any(|call| line.contains(call));
            if adds && file.path != REGISTRAR && file.path != MACRO {
                broken.push(format!("{}:{}: a route that states no access", file.path, number + 1));
            }
            let registers = ["api_route!(", "routes.plain(", "routes.page(", "routes.act("]
                .iter()
                .any(|call| line.contains(call));
            if registers && !line.contains("(Access::") && file.path != MACRO {
                broken.push(format!("{}:{}: the access is not stated here", file.path, number + 1));
            }
        }
    }
    broken
}

#[test]
fn a_route_without_access_is_found() {
    let bad = [
        File::new("crates/web/src/api/evil.rs", "Router::new().route(\"/x\", get(x))"),
        File::new("crates/web/src/pages/mod.rs", "routes.page(access, \"/x\", get(x));"),
        File::new("crates/web/src/pages/mod.rs", "routes.act(access, \"/x\", \"/\", x);"),
    ];
    assert_eq!(broken(&bad).len(), 3);
    let good = [File::new("crates/web/src/pages/mod.rs", "routes.page(Access::Public, \"/x\", get(x));")];
    assert!(broken(&good).is_empty());
}
