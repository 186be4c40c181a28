//! Each page as it is at first, with mistakes, with long words, and with words that want to be markup.

mod account;
mod entry;
mod factors;
mod others;

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
    entry::all(&mut add);
    account::all(&mut add);
    factors::all(&mut add);
    others::all(&mut add);
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

fn refused_passkey() -> PasskeyForm {
    PasskeyForm {
        alert: Some(format!("That passkey could not be verified. {EVIL}")),
        verify: true,
        unknown: Some(serde_json::json!({"rpId": EVIL})),
        ..PasskeyForm::sign_in(Some(EVIL))
    }
}
