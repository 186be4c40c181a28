//! Where addresses are.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use doorward::geoip::GeoIp;
use doorward_core::place::Places;
use doorward_test_support::TestApp;

struct Everywhere;

impl Places for Everywhere {
    fn place(&self, _: IpAddr) -> Option<String> {
        Some("Vienna, Austria".to_owned())
    }
}

#[tokio::test]
async fn a_place_stands_beside_the_address_in_sessions_activity_and_mails() {
    let app = TestApp::made_of(|setup| setup.places = Some(Arc::new(Everywhere))).await;
    let (ada, email) = app.member("ada").await;
    app.browser().sign_in(&email).await.expect_status(200);

    let sessions = ada.get("/v1/me/sessions").await.value();
    assert_eq!(sessions["items"][0]["place"], "Vienna, Austria");
    assert_eq!(ada.get("/v1/session").await.value()["session"]["place"], "Vienna, Austria");
    assert_eq!(ada.get("/v1/me/activity").await.value()["items"][0]["place"], "Vienna, Austria");
    assert!(app.mail_to(&email).await.text.contains("Vienna, Austria (127.0.0.1)"));
    for page in ["/account/sessions", "/account/activity"] {
        assert!(ada.get(page).await.text.contains("Vienna, Austria"), "{page}");
    }
}

/// A file in MaxMind's format, version 2, that knows one network: the search tree (one node for each bit, 24 bits a record),
/// 16 zero bytes, the data, the metadata.
fn database(network: [u8; 3], city: Option<&str>, country: &str) -> Vec<u8> {
    const NODES: u32 = 24;
    let record = |value: u32| value.to_be_bytes()[1..].to_vec();
    let mut file = Vec::new();
    for node in 0..NODES {
        let bit = network[node as usize / 8] >> (7 - node % 8) & 1;
        let onwards = if node + 1 == NODES { NODES + 16 } else { node + 1 };
        let pair = if bit == 0 { [onwards, NODES] } else { [NODES, onwards] };
        file.extend(pair.into_iter().flat_map(record));
    }
    file.extend([0; 16]);
    let names = |name: &str| map(&[("names", map(&[("en", string(name))]))]);
    let mut members = vec![("country", names(country))];
    members.extend(city.map(|city| ("city", names(city))));
    file.extend(map(&members));
    file.extend(b"\xab\xcd\xefMaxMind.com");
    file.extend(map(&[
        ("binary_format_major_version", number(5, &[2])),
        ("binary_format_minor_version", number(5, &[0])),
        ("build_epoch", vec![0x04, 0x02, 0x65, 0, 0, 0]),
        ("database_type", string("Test-City")),
        ("description", map(&[("en", string("A test"))])),
        ("ip_version", number(5, &[4])),
        ("languages", [vec![0x01, 0x04], string("en")].concat()),
        ("node_count", number(6, &[24])),
        ("record_size", number(5, &[24])),
    ]));
    file
}

fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![7 << 5 | u8::try_from(members.len()).unwrap()];
    for (name, value) in members {
        bytes.extend(string(name));
        bytes.extend(value);
    }
    bytes
}

fn string(text: &str) -> Vec<u8> {
    assert!(text.len() < 29);
    [&[2 << 5 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

fn number(kind: u8, bytes: &[u8]) -> Vec<u8> {
    [&[kind << 5 | u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

#[test]
fn a_file_in_maxminds_format_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let place = |file: Vec<u8>, ip: [u8; 4]| {
        let path = folder.path().join("places.mmdb");
        std::fs::write(&path, file).unwrap();
        GeoIp::open(&path).unwrap().place(IpAddr::V4(Ipv4Addr::from(ip)))
    };
    let vienna = || database([203, 0, 113], Some("Vienna"), "Austria");

    assert_eq!(place(vienna(), [203, 0, 113, 7]).as_deref(), Some("Vienna, Austria"));
    assert_eq!(place(vienna(), [203, 0, 114, 7]), None);
    assert_eq!(place(database([203, 0, 113], None, "Austria"), [203, 0, 113, 7]).as_deref(), Some("Austria"));
    assert!(GeoIp::open(&folder.path().join("nothing.mmdb")).is_err());
    std::fs::write(folder.path().join("other.mmdb"), b"something else").unwrap();
    assert!(GeoIp::open(&folder.path().join("other.mmdb")).is_err());
}
