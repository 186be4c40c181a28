//! The product as tests drive it: on a socket, with a clock that they move and a mailbox that they read.

#![allow(clippy::missing_panics_doc, reason = "a test panics where something is wrong")]

mod app;
mod browser;
mod mailbox;
mod sms;

pub use app::{MasterKeys, Moved, Setup, TestApp, config};
pub use browser::{Browser, Reply};
pub use mailbox::{Mail, code_in};
pub use sms::{CaughtSms, sms_code};

pub const PASSWORD: &str = "correct horse battery staple";

/// A name that no other call has given.
pub fn unique(name: &str) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("{name}{}", COUNT.fetch_add(1, Ordering::Relaxed))
}
