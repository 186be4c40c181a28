//! Ways in.

use doorward_core::context::Time;

use super::*;

pub fn all(add: &mut Add) {
    sign_up(add);
    sign_in(add);
    sign_in_by_mail(add);
    passwords(add);
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
        &ChangePasswordPage {
            layout: inside("Password"),
            form: form(),
            has_password,
            removable: true,
            notice: None,
        },
    );
    let notice = Some("The password is changed. Other devices are signed out.".to_owned());
    add(
        "password-changed",
        &ChangePasswordPage {
            layout: inside("Password"),
            form: form(),
            has_password,
            removable: false,
            notice,
        },
    );
    let (form, notice) = (wrong(form(), EVIL), Some(EVIL.to_owned()));
    add(
        "password-hostile",
        &ChangePasswordPage { layout: branded("Password"), form, has_password, removable: true, notice },
    );
    let (layout, form) = (inside("Password"), ChangePasswordPage::form(EMAIL, 8, false));
    add(
        "password-first",
        &ChangePasswordPage { layout, form, has_password: false, removable: false, notice: None },
    );
}
