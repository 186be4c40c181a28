//! Second factors, passkeys, and confirming by them.

use doorward_core::context::Time;
use doorward_core::passkey::Kind;

use super::*;

pub fn all(add: &mut Add) {
    passkeys(add);
    phone(add);
    second_step(add);
    recovery(add);
    set_up(add);
    overview(add);
    reauthentication(add);
    not_me(add);
}

fn passkeys(add: &mut Add) {
    let now = Time::from_micros(1_800_000_000_000_000);
    let moment = |hours: i64| Moment::new(Time::from_micros(now.micros() - hours * 3_600_000_000), now);
    let item = |name: &str, kind, last_used: Option<Moment>| PasskeyItem {
        id: format!("passkey_{}", name.len()),
        name: name.to_owned(),
        provider: last_used.is_some().then(|| "iCloud Keychain".to_owned()),
        kind,
        backed_up: kind == Kind::Synced,
        backup_eligible: kind == Kind::Synced,
        added: moment(400),
        last_used,
    };
    let page = |layout, passkeys, notice: Option<&str>, alert: Option<&str>| PasskeysPage {
        layout,
        passkeys,
        removal: alert.is_some().then_some(Removal { is_last: true, required: false }),
        has_room: alert.is_none(),
        signals: serde_json::json!({"name": EVIL}),
        notice: notice.map(str::to_owned),
        alert: alert.map(str::to_owned),
    };
    let some = vec![
        item("Ada's phone", Kind::Synced, Some(moment(2))),
        item("Bitwarden", Kind::Manager, None),
        item("Windows Hello", Kind::Computer, None),
        item("YubiKey 5 NFC FIPS", Kind::SecurityKey, None),
    ];
    add("passkeys", &page(inside("Passkeys"), some, Some("The passkey has a new name."), None));
    add("passkeys-empty", &page(inside("Passkeys"), Vec::new(), None, None));
    let hostile = vec![item(EVIL, Kind::Synced, Some(moment(2))), item(LONG, Kind::SecurityKey, None)];
    add("passkeys-hostile", &page(branded("Passkeys"), hostile, None, Some(EVIL)));

    let add_page = |layout, form, email: &str| AddPasskeyPage {
        layout,
        form,
        email: email.to_owned(),
        back_href: "/auth/account/passkeys".to_owned(),
    };
    add("add-passkey", &add_page(layout("Add a passkey"), PasskeyForm::add(None), EMAIL));
    let form = PasskeyForm { alert: Some(EVIL.to_owned()), ..PasskeyForm::add(Some(EVIL)) };
    add("add-passkey-hostile", &add_page(branded("Add a passkey"), form, LONG));
}

fn phone(add: &mut Add) {
    let number = || Some("+436641234567".to_owned());
    let title = "Phone number";
    let form = PhonePage::form;
    let none = |layout, form| PhonePage {
        layout,
        phone: None,
        pending: None,
        is_on: true,
        form,
        removal: Removal { is_last: true, required: false },
        notice: None,
        alert: None,
    };
    add("phone", &none(inside(title), form()));
    add("phone-verified", &PhonePage { phone: number(), ..none(inside(title), form()) });
    add("phone-off", &PhonePage { phone: number(), is_on: false, ..none(inside(title), form()) });
    let evil = Some(EVIL.to_owned());
    let form = wrong(PhonePage::form(), EVIL);
    let (phone, pending, notice) = (evil.clone(), evil.clone(), evil);
    let alert = notice.clone();
    add("phone-hostile", &PhonePage { phone, pending, notice, alert, ..none(branded(title), form) });
    let (layout, form) = (inside(title), ConfirmPhonePage::form());
    add("phone-confirm", &ConfirmPhonePage { layout, number: "+436641234567".to_owned(), form });
    let (layout, form) = (branded(title), wrong(ConfirmPhonePage::form(), EVIL));
    add("phone-confirm-hostile", &ConfirmPhonePage { layout, number: EVIL.to_owned(), form });
}

fn second_step(add: &mut Add) {
    for (name, by, to) in [
        ("second-step", StepBy::App, None),
        ("second-step-passkey", StepBy::Passkey, None),
        ("second-step-phone", StepBy::Phone, None),
        ("second-step-backup", StepBy::BackupCode, Some("/account")),
        ("second-step-hostile", StepBy::Sms, Some(EVIL)),
    ] {
        let form = SecondStepPage::form(by, Some("30 days"), to);
        let (layout, form) = match to {
            Some(EVIL) => (branded("One more step"), wrong(form, EVIL)),
            _ => (layout("One more step"), form),
        };
        let has_passkey = matches!(by, StepBy::Passkey | StepBy::BackupCode);
        let shown = SecondStepPage {
            layout,
            form,
            passkey: has_passkey
                .then(|| PasskeyForm { primary: by == StepBy::Passkey, ..PasskeyForm::second_step(None) }),
            by,
            has_totp: !matches!(by, StepBy::Passkey | StepBy::Phone),
            has_backup_codes: true,
            has_phone: !has_passkey,
            redirect_to: to.map(str::to_owned),
        };
        add(name, &shown);
    }
}

fn recovery(add: &mut Add) {
    let ask = |has_backup_codes, layout| RecoveryAskPage {
        layout,
        form: RecoveryAskPage::form(Some(EVIL)),
        has_backup_codes,
        wait: "one day".to_owned(),
        longer_wait: has_backup_codes.then(|| "7 days".to_owned()),
        redirect_to: Some(EVIL.to_owned()),
    };
    add("recovery-ask", &ask(true, layout("Lost your second factor?")));
    add("recovery-ask-hostile", &ask(false, branded("Lost your second factor?")));
    for (name, layout, text) in
        [("", layout as fn(&str) -> Layout, EMAIL), ("-hostile", branded as fn(&str) -> Layout, EVIL)]
    {
        let ready_at = "24 November 2026 at 10:00 UTC".to_owned();
        let masked_email = masked(text);
        let asked = RecoveryAskedPage {
            layout: layout("The wait has begun"),
            masked_email,
            ready_at,
            redirect_to: Some(text.to_owned()),
        };
        add(&format!("recovery-asked{name}"), &asked);
        for (kind, cancels) in [("cancel", true), ("complete", false)] {
            let form = RecoveryLinkPage::form(cancels, text);
            let (email, asked_at) = (text.to_owned(), "23 November 2026 at 10:00 UTC".to_owned());
            let link = RecoveryLinkPage { layout: layout("A recovery"), email, cancels, asked_at, form };
            add(&format!("recovery-{kind}{name}"), &link);
            let done = RecoveryDonePage { layout: layout("Done"), cancelled: cancels };
            add(&format!("recovery-{kind}-done{name}"), &done);
        }
    }
}

fn set_up(add: &mut Add) {
    let app = || App {
        picture: "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\" height=\"200\"></svg>".to_owned(),
        otpauth_uri: "otpauth://totp/Doorward:ada%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=Doorward"
            .to_owned(),
        secret: "JBSW Y3DP EHPK 3PXP".to_owned(),
    };
    let title = "Set up a second factor";
    for (name, layout, to) in [("enrol", layout(title), "/account"), ("enrol-hostile", branded(title), EVIL)]
    {
        let (mut passkey, form) = (PasskeyForm::enrol(Some(to)), EnrolPage::form(Some(to)));
        let form = if to == EVIL { wrong(form, EVIL) } else { form };
        passkey.alert = (to == EVIL).then(|| EVIL.to_owned());
        add(name, &EnrolPage { layout, passkey, app: app(), form });
    }
    for (name, form, replaces) in
        [("set-up", SetUpPage::form(), false), ("set-up-hostile", wrong(SetUpPage::form(), EVIL), true)]
    {
        add(name, &SetUpPage { layout: inside("Set up an authenticator app"), app: app(), form, replaces });
    }
    let codes = vec!["8KX2Q-7M0ZP".to_owned(); 10];
    let (layout, continue_href) = (branded("Keep your backup codes"), "/auth/account".to_owned());
    add("backup-codes", &BackupCodesPage { layout, codes, continue_href });
}

fn overview(add: &mut Add) {
    let moment = || Moment::new(Time::from_micros(0), Time::from_micros(90_000_000));
    let overview =
        |totp: bool, remaining: Option<usize>, required: bool, alert: Option<&str>| TwoFactorPage {
            layout: inside("Two-factor"),
            totp: totp.then(|| TotpItem { created: moment(), used: required.then(moment) }),
            removal: Removal { is_last: alert.is_some(), required },
            phone: alert.map(str::to_owned),
            takes_phone: !totp,
            is_enabled: totp || remaining.is_some(),
            backup_codes: remaining.map(|remaining| BackupCodesItem { remaining, created: moment() }),
            has_passkeys: remaining.is_some() || alert.is_none(),
            passkey_second: remaining == Some(7),
            passkey_stays: required,
            recovery: alert.map(|_| "24 November 2026 at 10:00 UTC".to_owned()),
            required,
            notice: alert.map(str::to_owned),
            alert: alert.map(str::to_owned),
        };
    add("two-factor-off", &overview(false, None, false, None));
    add("two-factor-on", &overview(true, Some(7), true, None));
    add("two-factor-passkey", &overview(false, Some(7), true, None));
    let phone = TwoFactorPage {
        phone: Some("+436641234567".to_owned()),
        passkey_second: false,
        ..overview(false, Some(6), false, None)
    };
    add("two-factor-phone", &phone);
    add("two-factor-hostile", &overview(true, Some(0), false, Some(EVIL)));
}

fn reauthentication(add: &mut Add) {
    let confirm = |by: ConfirmBy, text: &str, layout: Layout| ReauthenticationPage {
        layout,
        form: ReauthenticationPage::form(Some(by), text, Some("/account/email")),
        passkey: (by == ConfirmBy::Password).then(refused_passkey),
        by: Some(by),
        ways: vec![ConfirmBy::Password, ConfirmBy::Totp, ConfirmBy::BackupCode, ConfirmBy::EmailCode],
        signs_in_again: false,
        email: text.to_owned(),
        masked_email: masked(text),
        redirect_to: Some("/account/email".to_owned()),
    };
    add("reauthentication", &confirm(ConfirmBy::Password, EMAIL, layout("Confirm that it is you")));
    add("reauthentication-app", &confirm(ConfirmBy::Totp, EMAIL, layout("Confirm that it is you")));
    add("reauthentication-code", &confirm(ConfirmBy::EmailCode, EMAIL, layout("Confirm that it is you")));
    add("reauthentication-hostile", &confirm(ConfirmBy::Password, EVIL, branded("Confirm that it is you")));
    for (name, ways, has_passkey) in [
        ("mail-first", vec![ConfirmBy::EmailCode], false),
        ("phone-first", vec![ConfirmBy::Sms, ConfirmBy::BackupCode], false),
        ("passkey-or-mail", vec![ConfirmBy::EmailCode], true),
        ("passkey-alone", Vec::new(), true),
        ("no-way", Vec::new(), false),
    ] {
        let mut form = ReauthenticationPage::form(None, EMAIL, None);
        form.alert = (name == "phone-first").then(|| "There were too many attempts.".to_owned());
        let passkey = PasskeyForm { primary: true, ..PasskeyForm::reauthenticate(None) };
        let passkey = has_passkey.then_some(passkey);
        let page = confirm(ConfirmBy::Totp, EMAIL, layout("Confirm that it is you"));
        let signs_in_again = ways.is_empty();
        let page = ReauthenticationPage { form, passkey, by: None, ways, signs_in_again, ..page };
        add(&format!("reauthentication-{name}"), &page);
    }
}

fn not_me(add: &mut Add) {
    let page = |layout, email: &str, factors, token| NotMePage {
        layout,
        email: email.to_owned(),
        factors,
        form: NotMePage::form(token),
    };
    add("not-me", &page(layout("Was this not you?"), EMAIL, Vec::new(), "dw_token"));
    let factor = |what: &str| RecentFactor {
        what: what.to_owned(),
        added: Moment::new(Time::from_micros(0), Time::from_micros(90_000_000)),
        stays: false,
    };
    let factors = vec![
        factor("the authenticator app"),
        factor("the passkey “Phone”"),
        factor("the question for a passkey after the password"),
    ];
    add("not-me-factors", &page(layout("Was this not you?"), EMAIL, factors, "dw_token"));
    let stays = RecentFactor { stays: true, ..factor("the passkey “Phone”") };
    add("not-me-stays", &page(layout("Was this not you?"), EMAIL, vec![stays], "dw_token"));
    add("not-me-hostile", &page(branded("Was this not you?"), LONG, vec![factor(EVIL)], EVIL));
    let masked_email = masked(EMAIL);
    add("not-me-done", &NotMeDonePage { layout: layout("Your account is safe"), masked_email });
}
