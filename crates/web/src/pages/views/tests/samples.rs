//! Each page as it is at first, with mistakes, with long words, and with words that want to be markup.

use doorward_core::context::Time;
use doorward_core::passkey::Kind;

use super::super::*;

const EMAIL: &str = "ada@example.com";
const LONG: &str =
    "maximiliana.theodora.von-und-zu-hohenlohe-waldenburg.der-erste@a-rather-long-department.example.org";
const EVIL: &str = "\"><script>alert('x')</script><img src=x>";

/// Every sample by name.
pub fn samples() -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add =
        |name: &str, page: &dyn askama::DynTemplate| all.push((name.to_owned(), page.dyn_render().unwrap()));
    sign_up(&mut add);
    sign_in(&mut add);
    sign_in_by_mail(&mut add);
    passwords(&mut add);
    account(&mut add);
    passkeys(&mut add);
    sessions(&mut add);
    two_factor(&mut add);
    account_life(&mut add);
    phone(&mut add);
    activity(&mut add);
    others(&mut add);
    docs(&mut add);
    all
}

type Add<'a> = dyn FnMut(&str, &dyn askama::DynTemplate) + 'a;

fn layout(title: &str) -> Layout {
    Layout {
        base: "/auth".to_owned(),
        product_name: "Doorward".to_owned(),
        title: title.to_owned(),
        ..Layout::default()
    }
}

fn inside(title: &str) -> Layout {
    Layout { user: Some(EMAIL.to_owned()), ..layout(title) }
}

fn branded(title: &str) -> Layout {
    Layout {
        dev_banner: true,
        accent_css: true,
        product_name: EVIL.to_owned(),
        user: Some(LONG.to_owned()),
        ..layout(title)
    }
}

/// As if every field was typed into, wrongly.
fn wrong(mut form: Form, typed: &str) -> Form {
    let names: Vec<_> = form.fields.iter().map(|field| field.name).collect();
    for name in names {
        form.fill(name, typed);
        form.fault(name, &format!("What you typed here can't be used: {typed}"));
    }
    form.fault("token", &format!("That did not work: {typed}"));
    form
}

fn sign_up(add: &mut Add) {
    let title = "Create an account";
    let form = || SignUpPage::form(8, None);
    add("sign-up", &SignUpPage { layout: layout(title), form: form(), redirect_to: None });
    let mut common = form();
    common.fill("email", EMAIL);
    common.fault("password", "That password is easy to guess. Use a longer one, or a few unrelated words.");
    add("sign-up-error", &SignUpPage { layout: layout(title), form: common, redirect_to: None });
    let redirect_to = Some(EVIL.to_owned());
    let form = wrong(SignUpPage::form(8, Some(EVIL)), EVIL);
    add("sign-up-hostile", &SignUpPage { layout: branded(title), form, redirect_to });

    for (name, email, wait_seconds, resent) in [
        ("check-mail", EMAIL, 42, false),
        ("check-mail-resent", EMAIL, 60, true),
        ("check-mail-long", LONG, 0, false),
    ] {
        let page = CheckMailPage {
            layout: layout("Check your mail"),
            masked_email: masked(email),
            form: CheckMailPage::form(email, None),
            resend: CheckMailPage::resend(email, wait_seconds, Some("/app")),
            resent,
        };
        add(name, &page);
    }
    let mut code = CheckMailPage::form(EMAIL, None);
    code.fill("code", "123 456");
    code.fault("code", "That code is wrong or has run out. Check the newest mail, or ask for a new code.");
    let resend = CheckMailPage::resend(EMAIL, 0, None);
    let masked_email = masked(EMAIL);
    let page =
        CheckMailPage { layout: layout("Check your mail"), masked_email, form: code, resend, resent: false };
    add("check-mail-error", &page);

    for (name, kind) in [
        ("confirm-mine", ConfirmKind::Mine),
        ("confirm-elsewhere", ConfirmKind::Elsewhere),
        ("confirm-account", ConfirmKind::Account),
    ] {
        let form = ConfirmLinkPage::form(kind, EMAIL, "dw_token", 8);
        let layout = layout("Verify your e-mail address");
        add(name, &ConfirmLinkPage { layout, kind, email: EMAIL.to_owned(), form });
        let form = wrong(ConfirmLinkPage::form(kind, EVIL, EVIL, 15), EVIL);
        let layout = branded("Verify your e-mail address");
        add(&format!("{name}-hostile"), &ConfirmLinkPage { layout, kind, email: EVIL.to_owned(), form });
    }
    for (name, signed_in) in [("verified-in", true), ("verified-out", false)] {
        let continue_href = "/auth/account".to_owned();
        add(name, &VerifiedPage { layout: layout("You are all set"), signed_in, continue_href });
    }
}

fn sign_in_by_mail(add: &mut Add) {
    let title = "Sign in by mail";
    add("email-sign-in", &EmailSignInPage { layout: layout(title), form: EmailSignInPage::form(None) });
    let form = wrong(EmailSignInPage::form(Some(EVIL)), EVIL);
    add("email-sign-in-hostile", &EmailSignInPage { layout: branded(title), form });
    let mut refused = EmailCodePage::form(EMAIL);
    refused.fill("code", "123 456");
    refused.fault("code", "That code is wrong or has run out. Check the newest mail, or ask for a new code.");
    for (name, layout, email, form, resent) in [
        ("email-code", layout("Check your mail"), EMAIL, EmailCodePage::form(EMAIL), false),
        ("email-code-error", layout("Check your mail"), LONG, refused, true),
        (
            "email-code-hostile",
            branded("Check your mail"),
            EVIL,
            wrong(EmailCodePage::form(EVIL), EVIL),
            true,
        ),
    ] {
        let (masked_email, resend) = (masked(email), EmailCodePage::resend(email, 60));
        add(name, &EmailCodePage { layout, masked_email, form, resend, resent });
    }
    let now = Time::from_micros(1_800_000_000_000_000);
    let asked = |device: &str, place: &str| {
        let (device, place) = (device.to_owned(), place.to_owned());
        Some(AskedBy { device, place, at: Moment::new(now, now) })
    };
    for (name, layout, email, asked_by) in [
        ("sign-in-link", layout("Sign in"), EMAIL, None),
        (
            "sign-in-link-elsewhere",
            layout("Was this you?"),
            EMAIL,
            asked("Firefox on Linux", "Vienna, Austria (203.0.113.7)"),
        ),
        ("sign-in-link-placeless", layout("Was this you?"), LONG, asked("curl", "")),
        ("sign-in-link-hostile", branded("Was this you?"), EVIL, asked(EVIL, EVIL)),
    ] {
        let mut form = SignInLinkPage::form(asked_by.is_some(), EVIL);
        form.alert = (name == "sign-in-link-hostile").then(|| EVIL.to_owned());
        add(name, &SignInLinkPage { layout, email: email.to_owned(), asked_by, form });
    }
    for (name, layout, device) in [
        ("shown-code", layout("Your code"), "Firefox on Linux"),
        ("shown-code-hostile", branded("Your code"), EVIL),
    ] {
        let (code, expires) = ("042913".to_owned(), now.for_people());
        add(name, &ShownCodePage { layout, code, expires, device: device.to_owned() });
    }
}

fn sign_in(add: &mut Add) {
    let title = "Sign in";
    let passkey = || PasskeyForm::sign_in(None);
    let page = |layout, form, notice| SignInPage {
        layout,
        form,
        passkey: refused_passkey(),
        notice,
        redirect_to: Some(EVIL.to_owned()),
    };
    add(
        "sign-in",
        &SignInPage {
            layout: layout(title),
            form: SignInPage::form(None, true),
            passkey: passkey(),
            notice: None,
            redirect_to: None,
        },
    );
    let form = SignInPage::form(Some("/app?a=1&b=2"), false);
    add("sign-in-notice", &page(layout(title), form, Some("You are signed out.".to_owned())));
    let mut form = SignInPage::form(None, true);
    form.fill("identifier", EMAIL);
    form.fill("remember", "on");
    form.alert = Some(
        "The e-mail address or username and the password do not match. Check both, or reset the password."
            .to_owned(),
    );
    let development = Layout { dev_banner: true, ..layout(title) };
    add("sign-in-error", &page(development, form, None));
    add(
        "sign-in-hostile",
        &page(branded(title), wrong(SignInPage::form(Some(EVIL), true), EVIL), Some(EVIL.to_owned())),
    );
}

fn passwords(add: &mut Add) {
    let title = "Forgot your password?";
    add("forgot", &ForgotPasswordPage { layout: layout(title), form: ForgotPasswordPage::form() });
    let form = wrong(ForgotPasswordPage::form(), EVIL);
    add("forgot-hostile", &ForgotPasswordPage { layout: branded(title), form });

    let sent = |form, wait_seconds, resent| ForgotSentPage {
        layout: layout("Check your mail"),
        masked_email: masked(EMAIL),
        form,
        resend: ForgotSentPage::resend(EMAIL, wait_seconds),
        resent,
    };
    add("forgot-sent", &sent(ForgotSentPage::form(EMAIL, 8), 60, false));
    add("forgot-sent-wrong", &sent(wrong(ForgotSentPage::form(EVIL, 8), EVIL), 0, true));

    let title = "Set a new password";
    let form = ResetPasswordPage::form(EMAIL, "dw_token", 8);
    add("reset", &ResetPasswordPage { layout: layout(title), email: EMAIL.to_owned(), form });
    let form = wrong(ResetPasswordPage::form(LONG, EVIL, 8), EVIL);
    add("reset-hostile", &ResetPasswordPage { layout: branded(title), email: LONG.to_owned(), form });
    add("reset-done", &ResetDonePage { layout: layout("Your password is reset") });

    let form = || ChangePasswordPage::form(EMAIL, 8, true);
    let has_password = true;
    add(
        "password",
        &ChangePasswordPage { layout: inside("Password"), form: form(), has_password, notice: None },
    );
    let notice = Some("The password is changed. Other devices are signed out.".to_owned());
    add(
        "password-changed",
        &ChangePasswordPage { layout: inside("Password"), form: form(), has_password, notice },
    );
    let (form, notice) = (wrong(form(), EVIL), Some(EVIL.to_owned()));
    add("password-hostile", &ChangePasswordPage { layout: branded("Password"), form, has_password, notice });
    let (layout, form) = (inside("Password"), ChangePasswordPage::form(EMAIL, 8, false));
    add("password-first", &ChangePasswordPage { layout, form, has_password: false, notice: None });
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

fn refused_passkey() -> PasskeyForm {
    PasskeyForm {
        alert: Some(format!("That passkey could not be verified. {EVIL}")),
        verify: true,
        unknown: Some(serde_json::json!({"rpId": EVIL})),
        ..PasskeyForm::sign_in(Some(EVIL))
    }
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
        notice: None,
        alert: Some(EVIL.to_owned()),
    };
    add("sessions-hostile", &hostile);
    let confirm = |by: ConfirmBy, text: &str, layout: Layout| ReauthenticationPage {
        layout,
        form: ReauthenticationPage::form(Some(by), text, Some("/account/email")),
        passkey: (by == ConfirmBy::Password).then(refused_passkey),
        by: Some(by),
        ways: vec![by, ConfirmBy::BackupCode, ConfirmBy::EmailCode],
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
    let not_me = |layout, email: &str, factors, token| NotMePage {
        layout,
        email: email.to_owned(),
        factors,
        form: NotMePage::form(token),
    };
    add("not-me", &not_me(layout("Was this not you?"), EMAIL, Vec::new(), "dw_token"));
    let factor = |what: &str| RecentFactor {
        what: what.to_owned(),
        added: Moment::new(Time::from_micros(0), Time::from_micros(90_000_000)),
    };
    let factors = vec![factor("the authenticator app"), factor("the passkey “Phone”")];
    add("not-me-factors", &not_me(layout("Was this not you?"), EMAIL, factors, "dw_token"));
    add("not-me-hostile", &not_me(branded("Was this not you?"), LONG, vec![factor(EVIL)], EVIL));
    let masked_email = masked(EMAIL);
    add("not-me-done", &NotMeDonePage { layout: layout("Your account is safe"), masked_email });
}

fn two_factor(add: &mut Add) {
    let moment = || Moment::new(Time::from_micros(0), Time::from_micros(90_000_000));
    for (name, by, to) in [
        ("second-step", StepBy::App, None),
        ("second-step-passkey", StepBy::Passkey, None),
        ("second-step-phone", StepBy::Phone, None),
        ("second-step-backup", StepBy::BackupCode, Some("/account")),
        ("second-step-hostile", StepBy::Sms, Some(EVIL)),
    ] {
        let form = SecondStepPage::form(by, 30, to);
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
    let ask = |has_backup_codes, layout| RecoveryAskPage {
        layout,
        form: RecoveryAskPage::form(Some(EVIL)),
        has_backup_codes,
        wait: "one day".to_owned(),
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
            let page = ConfirmEmailPage { layout: inside.clone(), email: text.to_owned(), form, by_link };
            add(&format!("email-confirm-{by_link}{kind}"), &page);
        }
        let (layout, email) = (outside.clone(), text.to_owned());
        add(&format!("email-undo{kind}"), &UndoEmailPage { layout, email, form: UndoEmailPage::form(text) });
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

fn others(add: &mut Add) {
    let form = FirstAdminPage::form("dw_token", 8);
    add("first-admin", &FirstAdminPage { layout: layout("Make the first administrator"), form });
    let form = wrong(FirstAdminPage::form(EVIL, 8), EVIL);
    add("first-admin-hostile", &FirstAdminPage { layout: branded("Make the first administrator"), form });

    let now = Time::from_micros(1_800_000_000_000_000);
    let row = |id: &str, to: &str, subject: &str, seconds: i64| MailRow {
        id: id.to_owned(),
        to: to.to_owned(),
        subject: subject.to_owned(),
        at: Moment::new(Time::from_micros(now.micros() - seconds * 1_000_000), now),
    };
    let mails = || {
        vec![
            row("mail_1", EMAIL, "Set a new password for Doorward", 4),
            row("mail_2", LONG, "Verify your e-mail address for Doorward", 300),
            row("mail_3", EVIL, EVIL, 90_000),
        ]
    };
    let shown = |subject: &str, text: &str| MailShown {
        id: "mail_1".to_owned(),
        from: "Doorward <doorward@localhost>".to_owned(),
        to: EMAIL.to_owned(),
        subject: subject.to_owned(),
        at: Moment::new(now, now),
        text: text.to_owned(),
    };
    let title = "Mailbox";
    let text = "Set a new password\n\nSomebody, most likely you, asked for this.\n\nhttps://example.com/reset-password?token=dw_lt_3vQ9yq7GmYVJkG0n1c2Zp5b8Xr4sT6uWlAeIoDfHjKzC\n\n482913\n";
    let layout = Layout { dev_banner: true, ..layout(title) };
    let page = |mails, selected, to| MailboxPage { layout: layout.clone(), mails, selected, to };
    add("mailbox-empty", &page(Vec::new(), None, None));
    add("mailbox-nobody", &page(Vec::new(), None, Some(EVIL.to_owned())));
    add("mailbox-list", &page(mails(), None, Some(EMAIL.to_owned())));
    add("mailbox", &page(mails(), Some(shown("Set a new password for Doorward", text)), None));
    add("mailbox-hostile", &page(mails(), Some(shown(EVIL, &format!("{EVIL}\nhttps://x/{EVIL}"))), None));

    for (name, status, title, detail) in [
        ("error-404", 404, "There is nothing here", "Nothing was found under this address. Check it."),
        (
            "error-500",
            500,
            "Something went wrong",
            "Something went wrong on our side. Try again; if it stays, report the request id.",
        ),
        ("error-hostile", 400, EVIL, EVIL),
    ] {
        let page = ErrorPage {
            layout: if status == 500 { inside(title) } else { self::layout(title) },
            status,
            title: title.to_owned(),
            detail: detail.to_owned(),
            code: "not_found".to_owned(),
            request_id: "0198a7c2f3b47c1e9d5a6b7c8d9e0f10".to_owned(),
        };
        add(name, &page);
    }
    let page = ProblemPage {
        layout: self::layout("Too many attempts"),
        title: "Too many attempts".to_owned(),
        detail: "There were too many attempts. Wait a little and try again.".to_owned(),
        status: 429,
        code: "rate_limited".to_owned(),
    };
    add("problem", &page);
}

fn docs(add: &mut Add) {
    let operation = |method: &str, path: &str, summary: &str| Operation {
        method: method.to_owned(),
        path: path.to_owned(),
        summary: summary.to_owned(),
        description:
            "Takes an e-mail address or a username.\n\nAnswers alike for a known and an unknown one."
                .to_owned(),
        permission: "anyone".to_owned(),
        request_fields: vec![
            RequestField {
                name: "identifier".to_owned(),
                kind: "string".to_owned(),
                required: true,
                description: "E-mail address or username.".to_owned(),
            },
            RequestField {
                name: "remember".to_owned(),
                kind: "boolean".to_owned(),
                required: false,
                description: "Stay signed in for 30 days without use in place of 7.".to_owned(),
            },
        ],
        responses: vec![
            Response { status: "200".to_owned(), description: "Signed in.".to_owned() },
            Response { status: "401".to_owned(), description: "invalid_credentials".to_owned() },
        ],
    };
    let group = |name: &str, operations| OperationGroup {
        name: name.to_owned(),
        description: "What a person does to come in.".to_owned(),
        operations,
    };
    let groups = vec![
        group("Sign in", vec![operation("POST", "/v1/sign-in", "Sign in with a password")]),
        group(
            "Sessions",
            vec![
                operation("GET", "/v1/me/sessions", "List the sessions"),
                operation("DELETE", "/v1/me/sessions/{id}", EVIL),
            ],
        ),
    ];
    let introduction = "JSON in and out.\n\nErrors are application/problem+json.".to_owned();
    let layout = || layout("API reference");
    add("docs", &DocsPage { layout: layout(), version: "0.1.0".to_owned(), introduction, groups });
    let introduction = String::new();
    add(
        "docs-empty",
        &DocsPage { layout: layout(), version: "0.1.0".to_owned(), introduction, groups: Vec::new() },
    );
}
