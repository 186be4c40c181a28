use proptest::prelude::*;

use super::{EmailAddress, Identifier, Username};

fn key(text: &str) -> Option<String> {
    EmailAddress::parse("email", text).ok().map(|email| email.key().to_owned())
}

#[test]
fn the_ways_to_write_one_address_have_one_key() {
    for same in [
        "Ada@Example.com",
        " ada@example.com ",
        "ADA@EXAMPLE.COM.",
        "ada@example。com",
        "\u{ff41}da@example.com",
    ] {
        assert_eq!(key(same).as_deref(), Some("ada@example.com"), "{same:?}");
    }
    assert_eq!(key("re\u{301}ne@example.com"), key("r\u{e9}ne@example.com"));
    assert_eq!(key("ada@b\u{fc}cher.example"), key("ada@xn--bcher-kva.example"));
    assert_eq!(key("stra\u{df}e@example.com"), key("STRASSE@example.com"));
    assert_eq!(key("nikos\u{3c2}@example.com"), key("nikos\u{3c3}@example.com"));
    assert_eq!(key("ada@BU\u{308}CHER.example"), key("ada@b\u{fc}cher.example"));
}

#[test]
fn mail_goes_to_the_address_as_it_was_typed() {
    let email = EmailAddress::parse("email", " Ada.L@Example.com ").unwrap();
    assert_eq!(email.as_str(), "Ada.L@Example.com");
}

#[test]
fn what_is_not_one_address_is_refused() {
    for bad in [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "a@b@example.com",
        "ada@example.com,eve@example.com",
        "ada@example.com;eve@example.com",
        "ada@example.com\neve@example.com",
        "ada\r\nBcc: eve@example.com",
        "ada\0@example.com",
        "ada\u{ff20}eve@example.com",
        "ada\u{ff20}example.com",
        "ada\u{200b}@example.com",
        "ada\u{202e}@example.com",
        "\"ada lovelace\"@example.com",
        "Ada <ada@example.com>",
        "ada@[127.0.0.1]",
        "ada@127.0.0.1",
        "ada@exa_mple.com",
        "ada@-example.com",
        ".ada@example.com",
        "ada..l@example.com",
    ] {
        assert_eq!(key(bad), None, "{bad:?}");
    }
    assert_eq!(key(&format!("{}@example.com", "a".repeat(65))), None);
    assert_eq!(key(&format!("a@{}.com", "b".repeat(300))), None);
}

#[test]
fn usernames_are_compared_by_their_mapped_form() {
    let key = |text: &str| Username::parse("preferred_username", text).map(|name| name.key().to_owned());
    assert_eq!(key("Ada.L"), Ok("ada.l".to_owned()));
    assert_eq!(key("\u{ff21}da_1").unwrap(), "ada_1");
    assert_eq!(key("ab").unwrap_err().code, "too_short");
    assert_eq!(key(&"a".repeat(31)).unwrap_err().code, "too_long");
    for bad in ["ada@x", "a b c", "ada\u{200b}", "ada\0x", "ada/x", "\u{202e}ada"] {
        assert_eq!(key(bad).unwrap_err().code, "invalid", "{bad:?}");
    }
}

#[test]
fn an_at_sign_makes_an_identifier_an_address() {
    assert!(matches!(Identifier::parse("ada@example.com"), Some(Identifier::Email(_))));
    assert!(matches!(Identifier::parse("ada"), Some(Identifier::Username(_))));
    assert_eq!(Identifier::parse("\0"), None);
}

proptest! {
    #[test]
    fn parsing_an_address_never_panics_and_its_key_is_its_own_key(text in ".{0,80}") {
        if let Some(key_once) = key(&text) {
            prop_assert_eq!(key(&key_once), Some(key_once));
        }
    }

    #[test]
    fn case_never_makes_another_account(local in "[a-zA-Z0-9]{1,20}", domain in "[a-zA-Z0-9]{1,20}") {
        let address = format!("{local}@{domain}.example");
        prop_assert_eq!(key(&address), key(&address.to_uppercase()));
    }

    #[test]
    fn a_username_key_is_its_own_key(text in "[\\PC]{1,40}") {
        if let Ok(name) = Username::parse("preferred_username", &text) {
            let again = Username::parse("preferred_username", name.key()).unwrap();
            prop_assert_eq!(again.key(), name.key());
        }
    }
}
