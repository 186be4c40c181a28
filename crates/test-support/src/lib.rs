//! The product as tests drive it: on a socket, with a clock that they move and a mailbox that they read.

#![allow(clippy::missing_panics_doc, reason = "a test panics where something is wrong")]

mod app;
mod authenticator;
mod authenticator_app;
mod authenticator_key;
mod browser;
mod described;
mod mailbox;
mod sms;

pub use app::{MasterKeys, Moved, Setup, TestApp, config};
pub use authenticator::{How, SoftPasskey};
pub use authenticator_app::AuthenticatorApp;
pub use authenticator_key::KeyKind;
pub use browser::{Browser, Reply};
pub use mailbox::{Mail, code_in};
pub use sms::{CaughtSms, sms_code};

pub const PASSWORD: &str = "correct horse battery staple";

/// Does something for each at once, and waits for all.
pub async fn all_at_once<T, F: Future>(
    each: impl IntoIterator<Item = T>,
    act: impl FnMut(T) -> F,
) -> Vec<F::Output> {
    futures_util::future::join_all(each.into_iter().map(act)).await
}

/// A name that no other call has given.
pub fn unique(name: &str) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("{name}{}", COUNT.fetch_add(1, Ordering::Relaxed))
}
