//! The account and its life.

use doorward_core::context::Time;

use super::*;

pub fn all(add: &mut Add) {
    account(add);
    sessions(add);
    activity(add);
    account_life(add);
}

fn account(add: &mut Add) {
    let now = Time::from_micros(1_800_000_000_000_000);
    let mut form = AccountPage::form();
    for (name, value) in
        [("preferred_username", "ada"), ("given_name", "Ada"), ("family_name", "Lovelace"), ("locale", "en")]
    {
        form.fill(name, value);
    }
    let page = AccountPage {
        layout: inside("Profile"),
        form,
        email: EMAIL.to_owned(),
        email_verified: true,
        takes_phone: true,
        recovery: Some("22 November 2026, 19:06 UTC".to_owned()),
        phone: None,
        roles: vec!["admin".to_owned(), "user".to_owned()],
        last_sign_in: Some(LastSignIn {
            at: Moment::new(Time::from_micros(now.micros() - 7_300_000_000), now),
            device: Some("Firefox on Linux".to_owned()),
            ip: Some("Vienna, Austria (203.0.113.7)".to_owned()),
        }),
        offers_passkey: false,
        signals: serde_json::json!({"rpId": EVIL}),
        notice: Some("Your profile is saved.".to_owned()),
    };
    add("account", &page);
    let mut fault = AccountPage::form();
    fault.fill("preferred_username", "a@b");
    fault.fault("preferred_username", "A username has no @.");
    fault.fault("picture", "Enter an https address.");
    let layout = inside("Profile");
    let empty = AccountPage {
        layout,
        form: fault,
        email_verified: false,
        recovery: None,
        takes_phone: false,
        roles: Vec::new(),
        last_sign_in: None,
        offers_passkey: true,
        notice: None,
        ..page
    };
    add("account-error", &empty);
    let layout = branded("Profile");
    let roles = vec![EVIL.to_owned(); 3];
    add(
        "account-hostile",
        &AccountPage {
            layout,
            form: wrong(AccountPage::form(), EVIL),
            email: LONG.to_owned(),
            phone: Some(EVIL.to_owned()),
            roles,
            ..empty
        },
    );
}

fn sessions(add: &mut Add) {
    let now = Time::from_micros(1_800_000_000_000_000);
    let ago = |minutes: i64| Moment::new(Time::from_micros(now.micros() - minutes * 60_000_000), now);
    let session = |name: &str, current: bool, is_phone: bool| SessionItem {
        id: format!("session_{}", name.len()),
        current,
        name: name.to_owned(),
        client: is_phone.then(|| "Safari on iOS".to_owned()),
        is_phone,
        ip: Some("203.0.113.7".to_owned()),
        place: is_phone.then(|| "Vienna, Austria".to_owned()),
        method: "password".to_owned(),
        signed_in: ago(3000),
        last_seen: ago(2),
    };
    let device = |name: &str, current: bool| DeviceItem {
        id: format!("device_{}", name.len()),
        current,
        name: name.to_owned(),
        own_name: String::new(),
        client: None,
        is_phone: false,
        last_seen: ago(60),
    };
    let page = SessionsPage {
        layout: inside("Sessions"),
        sessions: vec![session("Firefox on Linux", true, false), session("Ada's phone", false, true)],
        devices: vec![device("Firefox on Linux", true), device("Chrome on Windows", false)],
        recovery: None,
        notice: Some("That session is signed out.".to_owned()),
        alert: None,
    };
    add("sessions", &page);
    let alone = vec![session("Firefox on Linux", true, false)];
    add("sessions-alone", &SessionsPage { sessions: alone, devices: Vec::new(), notice: None, ..page });
    let hostile = SessionsPage {
        layout: branded("Sessions"),
        sessions: vec![session(EVIL, true, true), session(LONG, false, false)],
        devices: vec![device(EVIL, true), device(LONG, false)],
        recovery: Some(EVIL.to_owned()),
        notice: None,
        alert: Some(EVIL.to_owned()),
    };
    add("sessions-hostile", &hostile);
}

fn activity(add: &mut Add) {
    let now = Time::from_micros(1_800_000_000_000_000);
    let row = |what: &str, seconds: i64| ActivityRow {
        what: what.to_owned(),
        failed: seconds > 1000,
        here: seconds < 100,
        at: Moment::new(Time::from_micros(now.micros() - seconds * 1_000_000), now),
        device: Some("Firefox on Linux".to_owned()),
        ip: Some("2001:db8:ffff:ffff:ffff:ffff:ffff:fff1".to_owned()),
    };
    let page = |rows, is_newest, older: Option<&str>| ActivityPage {
        layout: inside("Activity"),
        rows,
        is_newest,
        older: older.map(str::to_owned),
    };
    let rows = vec![
        row("Sign-in", 4),
        row("Password changed", 300),
        row("Sign-in", 90_000),
        ActivityRow { device: None, ip: None, ..row("Account disabled", 990_000) },
    ];
    add("activity", &page(rows, true, Some("event_0198a7c2f3b47c1e9d5a6b7c8d9e0f12")));
    add("activity-empty", &page(Vec::new(), true, None));
    add("activity-last", &page(Vec::new(), false, None));
    let evil = ActivityRow { device: Some(EVIL.to_owned()), ip: Some(EVIL.to_owned()), ..row(EVIL, 4) };
    add(
        "activity-hostile",
        &ActivityPage { layout: branded("Activity"), ..page(vec![evil], false, Some(EVIL)) },
    );
}

fn account_life(add: &mut Add) {
    for (kind, text, inside, outside) in [
        ("", EMAIL, inside("E-mail address"), layout("Restore your account")),
        ("-hostile", EVIL, branded("E-mail address"), branded("Restore your account")),
        ("-long", LONG, branded(LONG), branded(LONG)),
    ] {
        let form = if kind.is_empty() { EmailPage::form() } else { wrong(EmailPage::form(), text) };
        let page = EmailPage {
            layout: inside.clone(),
            email: text.to_owned(),
            email_verified: kind.is_empty(),
            pending: Some(text.to_owned()),
            form,
            notice: kind.is_empty().then(|| "Your e-mail address is changed.".to_owned()),
        };
        add(&format!("email{kind}"), &page);
        for (by_link, form) in
            [(true, ConfirmEmailPage::link_form(text)), (false, wrong(ConfirmEmailPage::code_form(), text))]
        {
            let page = ConfirmEmailPage {
                layout: inside.clone(),
                email: text.to_owned(),
                form,
                by_link,
                resend: (!by_link).then(|| ConfirmEmailPage::resend(text, 60)),
                resent: !by_link,
            };
            add(&format!("email-confirm-{by_link}{kind}"), &page);
        }
        let (layout, email) = (outside.clone(), text.to_owned());
        let factors = vec![RecentFactor {
            what: text.to_owned(),
            added: Moment::new(Time::from_micros(0), Time::from_micros(90_000_000)),
            stays: false,
        }];
        let form = UndoEmailPage::form(text);
        add(&format!("email-undo{kind}"), &UndoEmailPage { layout, email, factors, form });
        let (layout, masked_email) = (outside.clone(), masked(text));
        add(&format!("email-undone{kind}"), &UndoEmailDonePage { layout, masked_email });
        let grace = "14 days".to_owned();
        add(&format!("data{kind}"), &DataPage { layout: inside.clone(), grace: grace.clone() });
        let form = if kind.is_empty() { ClosePage::form() } else { wrong(ClosePage::form(), text) };
        add(&format!("close{kind}"), &ClosePage { layout: inside, email: text.to_owned(), grace, form });
        let deletes_at = "21 Nov 2026, 14:05 UTC".to_owned();
        add(&format!("closed{kind}"), &AccountClosedPage { layout: outside.clone(), deletes_at });
        let (layout, email) = (outside.clone(), text.to_owned());
        add(&format!("restore{kind}"), &RestorePage { layout, email, form: RestorePage::form(text) });
        add(&format!("restored{kind}"), &RestoredPage { layout: outside });
    }
}
