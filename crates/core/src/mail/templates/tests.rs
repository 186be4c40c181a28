use std::net::{IpAddr, Ipv4Addr};

use doorward_crypto::signing::Algorithm;
use url::Url;

use super::*;
use crate::config;

const EVIL: &str = "\"><script>alert('x')</script><img src=x>";
const LINK: &str =
    "https://id.example.com/verify-email?token=dw_lt_3vQ9yq7GmYVJkG0n1c2Zp5b8Xr4sT6uWlAeIoDfHjKzC";
const NOW: i64 = 1_800_000_000_000_000;
const HOUR: i64 = 3_600_000_000;

fn config(product_name: &str, accent: Option<&str>) -> Config {
    let url = Url::parse("https://id.example.com").unwrap();
    let minute = std::time::Duration::from_mins(1);
    Config {
        mode: config::Mode::Production,
        development_said: false,
        public_url: url.clone(),
        pages_base_url: url,
        brand: Brand { product_name: product_name.to_owned(), accent: accent.map(str::to_owned) },
        sign_up: config::SignUp { verify_email: config::VerifyEmail::First },
        sign_in: config::SignIn { email: true },
        session: config::Session {
            access_token_ttl: minute,
            refresh_grace: minute,
            refresh_retry: minute,
            idle_timeout: minute,
            remember_idle_timeout: minute,
            absolute_timeout: minute,
            cookie_domain: None,
        },
        keys: config::Keys { rotate_every: None },
        token: config::Token { audience: String::new(), signing_alg: Algorithm::Es256 },
        password: config::Password { min_length: 8 },
        account: config::Account { deletion_grace: minute },
        lockout: config::Lockout { enabled: true },
        challenge: config::Challenge { enabled: true, sign_ups_above: 60 },
        reauthentication: config::Reauthentication { email_code: true },
        mfa: config::Mfa { required_for: Vec::new(), trusted_device: minute },
        recovery: config::Recovery { wait: minute },
        webauthn: config::Webauthn { rp_id: "id.example.com".to_owned(), origins: Vec::new() },
        rate_limit: config::RateLimit { enabled: true },
        http: config::Http::default(),
        mail: config::Mail { from: "id@example.com".to_owned(), caught: false },
        sms: None,
        audit: config::Audit { retention: minute, refreshes: false },
        metrics_token: None,
    }
}

fn messages(link: &str, place: &str) -> Vec<Message> {
    let (link, reset_link, code) =
        (link.to_owned(), "https://id.example.com/forgot-password".to_owned(), "042913".to_owned());
    let (link_expires_at, code_expires_at) = (NOW + 24 * HOUR, NOW + HOUR / 6);
    let place = place.to_owned();
    let recovery = |stage: RecoveryStage| Message::Recovery {
        stage,
        asked_at: NOW,
        ready_at: NOW + 24 * HOUR,
        expires_at: NOW + 192 * HOUR,
        device: "Firefox on Linux".to_owned(),
        place: place.clone(),
        cancel_link: link.clone(),
        complete_link: "https://id.example.com/recovery/complete?token=dw".to_owned(),
        not_me_link: "https://id.example.com/not-me?token=dw".to_owned(),
        not_me_expires_at: NOW + 168 * HOUR,
    };
    let recoveries = [RecoveryStage::Asked, RecoveryStage::Halfway, RecoveryStage::Ready].map(recovery);
    let alarm = |alarm: &Alarm| Message::Alarm {
        alarm: *alarm,
        at: NOW,
        device: if place.is_empty() { "Firefox on Linux".to_owned() } else { place.clone() },
        place: place.clone(),
        not_me_link: link.clone(),
        link_expires_at,
    };
    let alarms: Vec<Message> = Alarm::ALL.iter().map(alarm).collect();
    let mut all = vec![
        Message::VerifyEmail { link: link.clone(), code: code.clone(), link_expires_at, code_expires_at },
        Message::AddressKnown { sign_in_link: link.clone(), reset_link },
        Message::ChangeEmail { link: link.clone(), code: code.clone(), link_expires_at, code_expires_at },
        Message::EmailChanged {
            at: NOW,
            device: "Firefox on Linux".to_owned(),
            place: place.clone(),
            undo_link: link.clone(),
            link_expires_at,
        },
        Message::AccountClosed {
            restore_link: link.clone(),
            deletes_at: link_expires_at,
            device: "Firefox on Linux".to_owned(),
            place: place.clone(),
        },
        Message::SignIn {
            link: link.clone(),
            code: code.clone(),
            link_expires_at,
            code_expires_at,
            device: "Firefox on Linux".to_owned(),
            place: place.clone(),
        },
        Message::PasswordRemoved { reset_link: link.clone() },
        Message::ResetPassword { link, code: code.clone(), link_expires_at, code_expires_at },
        Message::ConfirmIdentity { code, code_expires_at, device: "Firefox on Linux".to_owned(), place },
    ];
    all.extend(recoveries);
    all.extend(alarms);
    all
}

fn place() -> String {
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)).to_string()
}

#[test]
fn every_mail_says_the_same_in_html_and_in_text() {
    for message in messages(LINK, &place()) {
        let mail = render(&config("Doorward", None), "ada@example.com", &message).unwrap();
        assert!(mail.subject.contains("Doorward"), "{}", mail.subject);
        for body in [&mail.text, &mail.html] {
            assert!(body.contains("This mail went to ada@example.com."), "{}", mail.subject);
            let again = letter("Doorward", &message);
            assert!(body.contains(&again.heading) && body.contains(&again.not_you), "{}", mail.subject);
            for action in &again.actions {
                assert!(body.contains(&action.link), "{}", mail.subject);
                assert!(
                    action.expires.as_ref().is_none_or(|expires| body.contains(expires)),
                    "{}",
                    mail.subject
                );
            }
            if let Some(code) = &again.code {
                assert!(body.contains(&code.digits) && body.contains(&code.expires), "{}", mail.subject);
            }
        }
    }
}

#[test]
fn links_and_codes_stand_alone_in_the_text() {
    for message in messages(LINK, "") {
        let mail = render(&config("Doorward", None), "ada@example.com", &message).unwrap();
        let lines: Vec<&str> = mail.text.lines().collect();
        let letter = letter("Doorward", &message);
        for alone in letter
            .actions
            .iter()
            .map(|action| &action.link)
            .chain(letter.code.as_ref().map(|code| &code.digits))
        {
            assert_eq!(lines.iter().filter(|line| *line == alone).count(), 1, "{alone} in:\n{}", mail.text);
        }
        assert!(!mail.text.contains("\n\n\n"), "{}", mail.text);
        assert!(!mail.text.contains(", from ."), "{}", mail.text);
    }
}

#[test]
fn nothing_is_loaded_and_nothing_is_run() {
    for (product, place) in [("Doorward", place()), (EVIL, EVIL.to_owned())] {
        for message in messages(&format!("{LINK}&a={product}"), &place) {
            let mail = render(&config(product, Some("#ffee00")), EVIL, &message).unwrap();
            for unwanted in ["<img", "<script", "<link", "<iframe", "url(", "@import", " src=\""] {
                assert!(!mail.html.contains(unwanted), "{}: {unwanted}", mail.subject);
            }
            assert!(
                mail.html.contains("prefers-color-scheme: dark")
                    && mail.html.contains("name=\"color-scheme\"")
            );
            assert!(mail.html.contains("&#60;script&#62;"), "{}", mail.subject);
        }
    }
}

#[test]
fn a_subject_is_one_line_and_holds_no_secret() {
    for message in messages(LINK, "") {
        let mail =
            render(&config("Door\r\nBcc: eve@example.com", None), "ada@example.com", &message).unwrap();
        assert!(!mail.subject.contains(char::is_control), "{:?}", mail.subject);
        assert!(!mail.subject.contains("042913") && !mail.subject.contains("dw_lt_"), "{}", mail.subject);
    }
}

#[test]
fn the_accent_is_the_brands() {
    let message = &messages(LINK, "")[0];
    let html = |accent| render(&config("Doorward", accent), "ada@example.com", message).unwrap().html;
    assert!(ACCENT.iter().all(|accent| html(None).contains(accent)));
    assert!(html(Some("#7a3df0")).contains("background:#7a3df0"));
    // What is no colour can't be a way into the stylesheet.
    assert!(html(Some("red;}body{display:none")).contains(ACCENT[0]));
}

#[test]
fn samples_can_be_kept() {
    let Some(folder) = std::env::var_os("DOORWARD_RENDER_DIR").map(std::path::PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    for message in messages(LINK, &place()) {
        let mail = render(&config("Doorward", None), "ada@example.com", &message).unwrap();
        let name = message.template();
        std::fs::write(folder.join(format!("{name}.html")), mail.html).unwrap();
        std::fs::write(folder.join(format!("{name}.txt")), mail.text).unwrap();
    }
}
