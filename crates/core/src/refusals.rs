//! Attempts that a limit refused, counted in memory until they are written down: a flood must not fill the audit log.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::error::{Code, Error};
use crate::rate_limit::Class;

/// Which limit refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// The count of attempts of a class.
    Class(Class),
    /// The delays and the lock that failures bring on.
    Lockout,
    /// The count of wrong codes in an hour.
    Code,
}

impl From<Class> for By {
    fn from(class: Class) -> Self {
        Self::Class(class)
    }
}

/// Whose attempts they were.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Whose {
    /// As people typed it, or an id: it is written down as a keyed digest alone.
    Named(String),
    /// The keyed digest itself, where nothing else is known.
    Digest(String),
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub by: By,
    /// The caller's address; of an IPv6 address its /64.
    pub network: Option<IpAddr>,
    pub whose: Option<Whose>,
}

/// The counts since they were last taken.
#[derive(Default)]
pub struct Refusals(Mutex<HashMap<Key, u64>>);

/// So many keys are counted each for itself. Then accounts are no longer told apart, and at twice as many, networks.
const KEYS: usize = 1000;

impl Refusals {
    /// Counts an attempt where it was refused.
    pub fn note(&self, checked: &Result<(), Error>, class: Class, ip: Option<IpAddr>, account_key: &str) {
        if let Err(error) = checked {
            self.note_error(error, class, ip, || Whose::Named(account_key.to_owned()));
        }
    }

    /// Counts an attempt that ended in an error, where that is a limit's.
    pub fn note_error(
        &self,
        error: &Error,
        by: impl Into<By>,
        ip: Option<IpAddr>,
        whose: impl FnOnce() -> Whose,
    ) {
        if error.code() == Code::RateLimited {
            let key = Key { by: by.into(), network: ip.map(network), whose: Some(whose()) };
            add(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), key, 1);
        }
    }

    /// Takes what was counted, and begins anew.
    pub fn take(&self) -> Vec<(Key, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain().collect()
    }

    /// Counts on from what was taken and could not be written.
    pub fn put_back(&self, taken: Vec<(Key, u64)>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, count) in taken {
            add(&mut counts, key, count);
        }
    }
}

/// Counts for the key, or where there is no room for what is broader.
fn add(counts: &mut HashMap<Key, u64>, key: Key, count: u64) {
    let (by, network) = (key.by, key.network);
    let broader = [
        (key, KEYS),
        (Key { by, network, whose: None }, 2 * KEYS),
        (Key { by, network: None, whose: None }, usize::MAX),
    ];
    for (key, most) in broader {
        if counts.contains_key(&key) || counts.len() < most {
            *counts.entry(key).or_default() += count;
            return;
        }
    }
}

impl Key {
    /// `sign_in` of `SignIn`.
    pub fn class_name(&self) -> String {
        let camel = match self.by {
            By::Class(class) => format!("{class:?}"),
            by @ (By::Lockout | By::Code) => format!("{by:?}"),
        };
        let mut name = String::new();
        for char in camel.chars() {
            if char.is_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(char.to_ascii_lowercase());
        }
        name
    }
}

fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & (u128::MAX << 64)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::{KEYS, Refusals};
    use crate::error::{Code, Error};
    use crate::rate_limit::Class;

    fn refuse(refusals: &Refusals, class: Class, ip: &str, account: &str) {
        refusals.note(&Err(Error::new(Code::RateLimited)), class, ip.parse().ok(), account);
    }

    #[test]
    fn refusals_of_one_key_are_one_count() {
        let refusals = Refusals::default();
        for host in 1..=3 {
            refuse(&refusals, Class::SignIn, &format!("2001:db8::{host}"), "ada");
        }
        refuse(&refusals, Class::SignUp, "192.0.2.1", "ada");
        refusals.note(&Ok(()), Class::SignIn, None, "ada");

        let mut taken = refusals.take();
        taken.sort_by_key(|(_, count)| *count);
        let shown: Vec<_> = taken
            .iter()
            .map(|(key, count)| (key.class_name(), key.network.unwrap().to_string(), *count))
            .collect();
        assert_eq!(
            shown,
            [("sign_up".into(), "192.0.2.1".into(), 1), ("sign_in".into(), "2001:db8::".into(), 3)]
        );
        assert!(refusals.take().is_empty());
        refusals.put_back(taken);
        assert_eq!(refusals.take().len(), 2);
    }

    #[test]
    fn a_flood_of_keys_takes_bounded_room_and_loses_no_count() {
        let refusals = Refusals::default();
        for number in 0..10_000_u32 {
            let ip = std::net::Ipv4Addr::from(number).to_string();
            refuse(&refusals, Class::SignIn, &ip, &number.to_string());
        }
        let taken = refusals.take();
        assert!(taken.len() <= 2 * KEYS + 1, "{}", taken.len());
        assert_eq!(taken.iter().map(|(_, count)| count).sum::<u64>(), 10_000);
    }
}
