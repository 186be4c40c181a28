use super::providers::{self, Kind};
use uuid::Uuid;

#[test]
fn a_provider_that_is_not_known_has_no_name() {
    assert_eq!(providers::find(Uuid::nil()), None);
    let keychain = "fbfc3007-154e-4ecc-8c0b-6e020557d7bd".parse().unwrap();
    assert_eq!(providers::find(keychain), Some(("iCloud Keychain", Kind::Synced)));
}
