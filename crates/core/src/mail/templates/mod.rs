//! What mails say, and how: one letter, drawn as HTML and as text. A new mail is a new arm in [`letter`].

pub mod colour;
#[cfg(test)]
mod tests;

use askama::Template;

use super::{Alarm, Message, RecoveryStage};
use crate::config::{Brand, Config};
use crate::context::Time;
use crate::error::{Error, Result};

/// The accent of the stylesheet, in both colour schemes.
const ACCENT: [&str; 2] = ["#0f766e", "#2dd4bf"];

pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Draws a mail to `to`, in the words of its message and the colours of the brand.
///
/// # Errors
/// `internal_error` where a template fails.
pub fn render(config: &Config, to: &str, message: &Message) -> Result<Rendered> {
    let letter = letter(&config.brand.product_name, message);
    let colours = Colours::new(&config.brand);
    let product = &config.brand.product_name;
    let mut text = Text { product, to, letter: &letter }.render().map_err(Error::internal)?;
    text.push('\n');
    let html = Html { product, to, letter: &letter, colours: &colours }.render().map_err(Error::internal)?;
    // A line break in a subject would begin another header.
    Ok(Rendered { subject: letter.subject.replace(char::is_control, " "), text, html })
}

/// The words of one mail.
struct Letter {
    subject: String,
    /// What the list of mails shows behind the subject.
    preview: String,
    heading: String,
    paragraphs: Vec<String>,
    actions: Vec<Action>,
    code: Option<Code>,
    /// What to do if it wasn't you.
    not_you: String,
}

/// A link and what it does.
struct Action {
    label: &'static str,
    link: String,
    expires: Option<String>,
}

struct Code {
    digits: String,
    expires: String,
}

fn letter(product: &str, message: &Message) -> Letter {
    match message {
        Message::VerifyEmail { link, code, link_expires_at, code_expires_at } => Letter {
            subject: format!("Verify your e-mail address for {product}"),
            preview: "Verify your e-mail address by the code or by the link.".to_owned(),
            heading: "Verify your e-mail address".to_owned(),
            paragraphs: vec![format!(
                "Somebody, most likely you, is signing up for {product} with this address. Verify it by the link or by the code."
            )],
            actions: vec![Action::until("Verify this address", link, *link_expires_at)],
            code: Some(Code::new(code, *code_expires_at)),
            not_you: "You did not ask for this? Do nothing, and no account is made.".to_owned(),
        },
        Message::AddressKnown { sign_in_link, reset_link } => Letter {
            subject: format!("You already have a {product} account"),
            preview: "Sign in, or set a new password.".to_owned(),
            heading: "You already have an account".to_owned(),
            paragraphs: vec![format!(
                "Somebody, most likely you, tried to sign up for {product} with this address. It has an account, so no second one was made."
            )],
            actions: vec![
                Action::always("Sign in", sign_in_link),
                Action::always("Set a new password", reset_link),
            ],
            code: None,
            not_you: "It was not you? Do nothing. Nothing was changed, and whoever tried was not told that you have an account."
                .to_owned(),
        },
        Message::ResetPassword { link, code, link_expires_at, code_expires_at } => Letter {
            subject: format!("Set a new password for {product}"),
            preview: "By the link or by the code inside.".to_owned(),
            heading: "Set a new password".to_owned(),
            paragraphs: vec![format!(
                "Somebody, most likely you, asked to set a new password for the {product} account of this address."
            )],
            actions: vec![Action::until("Set a new password", link, *link_expires_at)],
            code: Some(Code::new(code, *code_expires_at)),
            not_you: "You did not ask for this? Do nothing, and the password stays. Give the code to nobody.".to_owned(),
        },
        Message::SignIn { link, code, link_expires_at, code_expires_at, device, place } => Letter {
            subject: format!("Sign in to {product}"),
            preview: "By the link or by the code inside.".to_owned(),
            heading: format!("Sign in to {product}"),
            paragraphs: vec![
                format!(
                    "Somebody, most likely you, wants to sign in to your {product} account: {}.",
                    device_and_place(device, place)
                ),
                "Open the link in the browser that asked, or type the code there.".to_owned(),
            ],
            actions: vec![Action::until("Sign in", link, *link_expires_at)],
            code: Some(Code::new(code, *code_expires_at)),
            not_you: "It was not you? Do nothing, and nobody gets in. Give the code to nobody: nobody of ours ever asks for it."
                .to_owned(),
        },
        Message::PasswordRemoved { reset_link } => Letter {
            subject: format!("Your {product} password was removed"),
            preview: "Set a new one, if you want one.".to_owned(),
            heading: "Your password was removed".to_owned(),
            paragraphs: vec![format!(
                "You signed in to {product} by mail, and so verified this address. The account had a password from before, which anybody could have set, so it does not work any more. Everybody else is signed out."
            )],
            actions: vec![Action::always("Set a new password", reset_link)],
            code: None,
            not_you: "You can go on signing in by mail and need no password.".to_owned(),
        },
        Message::ConfirmIdentity { code, code_expires_at, device, place } => Letter {
            subject: format!("Your code for {product}"),
            preview: "It confirms that it is you.".to_owned(),
            heading: "Confirm that it is you".to_owned(),
            paragraphs: vec![format!(
                "Somebody who is signed in to your {product} account wants to change something important: {}.",
                device_and_place(device, place)
            )],
            actions: Vec::new(),
            code: Some(Code::new(code, *code_expires_at)),
            not_you: "It was not you? Give the code to nobody, and set a new password: somebody is in your account."
                .to_owned(),
        },
        Message::ChangeEmail { link, code, link_expires_at, code_expires_at } => Letter {
            subject: format!("Confirm your new e-mail address for {product}"),
            preview: "By the link or by the code inside.".to_owned(),
            heading: "Confirm your new e-mail address".to_owned(),
            paragraphs: vec![format!(
                "Somebody, most likely you, wants to use this address for a {product} account. Confirm it where you are signed in, by the link or by the code."
            )],
            actions: vec![Action::until("Confirm this address", link, *link_expires_at)],
            code: Some(Code::new(code, *code_expires_at)),
            not_you: "You did not ask for this? Do nothing, and nothing changes. Give the code to nobody.".to_owned(),
        },
        Message::EmailChanged { at, device, place, undo_link, link_expires_at } => Letter {
            subject: format!("The e-mail address of your {product} account was changed"),
            preview: "If it was not you, take it back now.".to_owned(),
            heading: "Your e-mail address was changed".to_owned(),
            paragraphs: vec![format!(
                "On {} your {product} account was given another e-mail address, by {device}. From now on mails go there.",
                when_and_where(*at, place)
            )],
            actions: vec![Action::until("Take it back", undo_link, *link_expires_at)],
            code: None,
            not_you: "It was you? Then all is well. It was not? Take it back: that signs everybody out, and you set a new password."
                .to_owned(),
        },
        Message::AccountClosed { restore_link, deletes_at, device, place } => Letter {
            subject: format!("Your {product} account is closed"),
            preview: "You can restore it for some days.".to_owned(),
            heading: "Your account is closed".to_owned(),
            paragraphs: vec![
                format!(
                    "Your {product} account was closed by {}. Nobody can sign in to it.",
                    device_and_place(device, place)
                ),
                format!("On {} it is deleted for good. Until then you can restore it.", Time::from_micros(*deletes_at).for_people()),
            ],
            actions: vec![Action::until("Restore the account", restore_link, *deletes_at)],
            code: None,
            not_you: "It was not you? Restore the account, then set a new password.".to_owned(),
        },
        Message::Recovery {
            stage,
            asked_at,
            ready_at,
            expires_at,
            device,
            place,
            cancel_link,
            complete_link,
            not_me_link,
            not_me_expires_at,
        } => {
            let when = Time::from_micros(*ready_at).for_people();
            let asked = Time::from_micros(*asked_at).for_people();
            let cancel = Action::until("Cancel it", cancel_link, *expires_at);
            let not_me = Action::until("This wasn't me", not_me_link, *not_me_expires_at);
            let not_you =
                "It was not you? Then somebody knows your password. Say so above: that cancels it, signs everybody out, and has you set a new one."
                    .to_owned();
            match stage {
                RecoveryStage::Asked => Letter {
                    subject: format!("Somebody says that you lost your second factor for {product}"),
                    preview: format!("If it was not you, cancel it before {when}."),
                    heading: "Your second factor, said to be lost".to_owned(),
                    paragraphs: vec![
                        format!(
                            "Somebody, most likely you, proved the first step of signing in to your {product} account and said that the second one is lost: {}.",
                            device_and_place(device, place)
                        ),
                        format!("Until {when} nothing changes. Then we mail you a link that removes your second factors, signs you out everywhere, and has you set up a new one."),
                    ],
                    actions: vec![cancel, not_me],
                    code: None,
                    not_you,
                },
                RecoveryStage::Halfway => Letter {
                    subject: format!("Your second factor for {product} will be removed soon"),
                    preview: format!("If it was not you, cancel it before {when}."),
                    heading: "Half of the wait is over".to_owned(),
                    paragraphs: vec![format!(
                        "On {asked} somebody said that the second factor of your {product} account is lost. From {when} on it can be removed."
                    )],
                    actions: vec![cancel, not_me],
                    code: None,
                    not_you,
                },
                RecoveryStage::Ready => Letter {
                    subject: format!("You can get back into your {product} account"),
                    preview: "Remove the lost second factor, or cancel it.".to_owned(),
                    heading: "The wait is over".to_owned(),
                    paragraphs: vec![format!(
                        "On {asked} somebody said that the second factor of your {product} account is lost. Now it can be removed: that signs you out everywhere, and the next sign-in sets up a new one."
                    )],
                    actions: vec![
                        Action::until("Remove my second factors", complete_link, *expires_at),
                        cancel,
                        not_me,
                    ],
                    code: None,
                    not_you,
                },
            }
        }
        Message::Alarm { alarm, at, device, place, not_me_link, link_expires_at } => Letter {
            actions: vec![Action::until("This wasn't me", not_me_link, *link_expires_at)],
            ..alarm_letter(product, *alarm, &when_and_where(*at, place), device)
        },
    }
}

/// What happened; the way to say that it was not the owner's doing is the same for all.
fn alarm_letter(product: &str, alarm: Alarm, when: &str, device: &str) -> Letter {
    let (subject, preview, heading, what, follows) = match alarm {
        Alarm::NewDevice => (
            format!("New sign-in to your {product} account"),
            format!("{device}, {when}"),
            "A new device signed in",
            format!(
                "Your {product} account was signed in to from a device that it was not used on before: {device}, on {when}."
            ),
            None,
        ),
        Alarm::PasswordChanged => (
            format!("Your {product} password was changed"),
            "If it was not you, say so now.".to_owned(),
            "Your password was changed",
            format!(
                "The password of your {product} account was changed on {when}. All other devices are signed out."
            ),
            None,
        ),
        Alarm::PasswordRemoved => (
            format!("The password of your {product} account was removed"),
            "If it was not you, say so now.".to_owned(),
            "The password was removed",
            format!(
                "On {when} the password of your {product} account was removed, by {device}. Signing in goes by passkey or by mail from now on."
            ),
            None,
        ),
        Alarm::PhoneAdded => (
            format!("A phone number was added to your {product} account"),
            "If it was not you, say so now.".to_owned(),
            "A phone number was added",
            format!(
                "On {when} your {product} account got a phone number, by {device}. Codes to sign in go there."
            ),
            None,
        ),
        Alarm::PhoneRemoved => (
            format!("The phone number of your {product} account was removed"),
            "If it was not you, say so now.".to_owned(),
            "Your phone number was removed",
            format!(
                "On {when} the phone number of your {product} account was removed, by {device}. No codes go there any more."
            ),
            None,
        ),
        Alarm::RefreshReused => (
            format!("We ended a {product} session to protect your account"),
            "A sign-in of yours may have been copied.".to_owned(),
            "We ended one of your sessions",
            format!(
                "On {when} a sign-in of your {product} account was used that had been replaced before. That happens when somebody copied it, and when a browser profile is moved or restored from a backup."
            ),
            Some("We ended that session at once. You can sign in again on the device that it belonged to."),
        ),
        Alarm::FactorAdded => (
            format!("Your {product} account has a new second factor"),
            "If it was not you, say so now.".to_owned(),
            "A second factor was added",
            format!("A second factor was added to your {product} account on {when}, by {device}."),
            Some("From now on signing in asks for it as well."),
        ),
        Alarm::FactorRemoved => (
            format!("A second factor of your {product} account was removed"),
            "If it was not you, say so now.".to_owned(),
            "A second factor was removed",
            format!("A second factor of your {product} account was removed on {when}, by {device}."),
            None,
        ),
        Alarm::BackupCodesMade => (
            format!("New backup codes for your {product} account"),
            "If it was not you, say so now.".to_owned(),
            "New backup codes were made",
            format!("New backup codes for your {product} account were made on {when}, by {device}."),
            Some("The earlier codes no longer work."),
        ),
        Alarm::BackupCodeUsed => (
            format!("A backup code of your {product} account was used"),
            "If it was not you, say so now.".to_owned(),
            "A backup code was used",
            format!(
                "A backup code stood in for the second factor of your {product} account on {when}, on {device}. Each code works once."
            ),
            Some("Few left? Make new ones in your account's settings."),
        ),
        Alarm::PasskeyAdded => (
            format!("A passkey was added to your {product} account"),
            "If it was not you, say so now.".to_owned(),
            "A passkey was added",
            format!(
                "A passkey was added to your {product} account by {device}, on {when}. Whoever has it can sign in with it."
            ),
            None,
        ),
        Alarm::PasskeyRemoved => (
            format!("A passkey was removed from your {product} account"),
            "If it was not you, say so now.".to_owned(),
            "A passkey was removed",
            format!(
                "A passkey was removed from your {product} account by {device}, on {when}. Nobody can sign in with it any more."
            ),
            None,
        ),
        Alarm::PasskeyCloned => (
            format!("We refused a passkey of your {product} account"),
            "It may have been copied.".to_owned(),
            "We refused one of your passkeys",
            format!(
                "On {when} a passkey of your {product} account was used on {device}, and its counter was behind. That happens when somebody copied it."
            ),
            Some("Nobody was let in. Sign in another way, then remove that passkey and make a new one."),
        ),
    };
    Letter {
        subject,
        preview,
        heading: heading.to_owned(),
        paragraphs: [what].into_iter().chain(follows.map(str::to_owned)).collect(),
        actions: Vec::new(),
        code: None,
        not_you: "It was you? Then all is well. It was not? Say so: that signs everybody out, and you set a new password."
            .to_owned(),
    }
}

fn device_and_place(device: &str, place: &str) -> String {
    if place.is_empty() { device.to_owned() } else { format!("{device}, from {place}") }
}

fn when_and_where(at: i64, place: &str) -> String {
    let when = Time::from_micros(at).for_people();
    if place.is_empty() { when } else { format!("{when}, from {place}") }
}

impl Action {
    fn always(label: &'static str, link: &str) -> Self {
        Self { label, link: link.to_owned(), expires: None }
    }

    fn until(label: &'static str, link: &str, expires_at: i64) -> Self {
        Self { expires: Some(Time::from_micros(expires_at).for_people()), ..Self::always(label, link) }
    }
}

impl Code {
    fn new(digits: &str, expires_at: i64) -> Self {
        Self { digits: digits.to_owned(), expires: Time::from_micros(expires_at).for_people() }
    }
}

/// The accent in both colour schemes, each with what is read on it.
struct Colours {
    light: String,
    on_light: &'static str,
    dark: String,
    on_dark: &'static str,
}

impl Colours {
    fn new(brand: &Brand) -> Self {
        let branded = brand.accent.as_deref().and_then(|accent| Self::of([accent, accent]));
        branded.or_else(|| Self::of(ACCENT)).expect("the accent is a colour")
    }

    fn of([light, dark]: [&str; 2]) -> Option<Self> {
        let (light, dark) = (colour::on_light(light)?, colour::on_dark(dark)?);
        Some(Self { on_light: colour::text_on(&light)?, on_dark: colour::text_on(&dark)?, light, dark })
    }
}

#[derive(Template)]
#[template(path = "mail/letter.txt", whitespace = "preserve")]
struct Text<'a> {
    product: &'a str,
    to: &'a str,
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    product: &'a str,
    to: &'a str,
    letter: &'a Letter,
    colours: &'a Colours,
}
