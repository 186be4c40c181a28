//! Where an address is, in words, from a file that the operator may give. It is shown to the account's owner, never trusted,
//! and never decides anything.

use std::net::IpAddr;

/// Knows places by addresses.
pub trait Places: Send + Sync + 'static {
    /// `Vienna, Austria`; `None` where nothing is known.
    fn place(&self, ip: IpAddr) -> Option<String>;
}
