//! A log in which nothing can be changed, taken out or put in unnoticed: each entry's MAC covers the one before it. Under
//! a key that only the writer has, so that whoever can write where the log is kept can't chain it anew.
//!
//! What has to be erasable enters the chain as a salted digest. Once the value and its salt are gone, the digest tells
//! nothing, and the chain still holds.

use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::constant_time_eq;
use crate::rng::{Rng, random};

/// The 256 random bits of one chain. They are stored sealed.
pub struct ChainKey(Zeroizing<[u8; 32]>);

/// An entry's place in the chain, and the MAC of all that came until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// From 1, without gaps.
    pub position: u64,
    pub mac: [u8; 32],
}

impl Link {
    /// What the first entry follows.
    pub const START: Self = Self { position: 0, mac: [0; 32] };
}

impl ChainKey {
    pub fn generate(rng: &dyn Rng) -> Self {
        Self(Zeroizing::new(random(rng)))
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The link of the entry that follows `previous`. A part that is absent differs from an empty one.
    pub fn next(&self, previous: &Link, parts: &[Option<&[u8]>]) -> Link {
        let position = previous.position.saturating_add(1);
        let mut context = self.context("entry");
        context.update(&position.to_be_bytes());
        context.update(&previous.mac);
        each_byte(parts, |bytes| context.update(bytes));
        Link { position, mac: tag(&context.sign()) }
    }

    /// Whether `link` is that of the entry with these parts, right after `previous`.
    pub fn follows(&self, previous: &Link, parts: &[Option<&[u8]>], link: &Link) -> bool {
        let expected = self.next(previous, parts);
        expected.position == link.position && constant_time_eq(&expected.mac, &link.mac)
    }

    /// Vouches for a link from which on the chain is kept: what came before it was deleted by whoever has the key.
    pub fn anchor(&self, link: &Link) -> [u8; 32] {
        let mut context = self.context("anchor");
        context.update(&link.position.to_be_bytes());
        context.update(&link.mac);
        tag(&context.sign())
    }

    pub fn is_anchor(&self, link: &Link, proof: &[u8]) -> bool {
        constant_time_eq(&self.anchor(link), proof)
    }

    /// One key, two purposes: each begins with its name, and neither name is the beginning of the other.
    fn context(&self, purpose: &str) -> hmac::Context {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &*self.0));
        context.update(purpose.as_bytes());
        context
    }
}

/// The digest that stands in the chain for what can be erased.
pub fn salted_digest(salt: &[u8; 16], parts: &[Option<&[u8]>]) -> [u8; 32] {
    let mut context = digest::Context::new(&SHA256);
    context.update(salt);
    each_byte(parts, |bytes| context.update(bytes));
    context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// The parts in a form that no other parts have: each says whether it is there, and how long it is.
fn each_byte(parts: &[Option<&[u8]>], mut take: impl FnMut(&[u8])) {
    for part in parts {
        match part {
            None => take(&[0]),
            Some(bytes) => {
                take(&[1]);
                take(&(bytes.len() as u64).to_be_bytes());
                take(bytes);
            }
        }
    }
}

fn tag(tag: &hmac::Tag) -> [u8; 32] {
    tag.as_ref().try_into().expect("HMAC-SHA256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SystemRng;

    fn key() -> ChainKey {
        ChainKey::from_bytes([7; 32])
    }

    fn link(position: u64) -> Link {
        Link { position, mac: [9; 32] }
    }

    #[test]
    fn a_link_holds_for_its_place_its_predecessor_and_its_parts_alone() {
        let parts: &[Option<&[u8]>] = &[Some(b"ab"), None, Some(b"c")];
        let made = key().next(&link(4), parts);
        assert_eq!(made.position, 5);
        assert!(key().follows(&link(4), parts, &made));
        assert!(!key().follows(&link(3), parts, &made));
        assert!(!key().follows(&Link { mac: [8; 32], ..link(4) }, parts, &made));
        assert!(!ChainKey::generate(&SystemRng).follows(&link(4), parts, &made));
        let others: [&[Option<&[u8]>]; 6] = [
            &[Some(b"a"), None, Some(b"bc")],
            &[Some(b"ab"), Some(b""), Some(b"c")],
            &[Some(b"ab"), Some(b"c")],
            &[None, Some(b"ab"), Some(b"c")],
            &[Some(b"ab"), None, Some(b"c"), None],
            &[],
        ];
        for other in others {
            assert!(!key().follows(&link(4), other, &made), "{other:?}");
        }
    }

    #[test]
    fn an_anchor_is_vouched_for_by_the_key_and_is_no_entry() {
        let proof = key().anchor(&link(4));
        assert!(key().is_anchor(&link(4), &proof));
        assert!(!key().is_anchor(&link(5), &proof));
        assert!(!key().is_anchor(&Link::START, &proof));
        assert!(!ChainKey::generate(&SystemRng).is_anchor(&link(4), &proof));
        assert_ne!(key().next(&link(3), &[]).mac, key().anchor(&link(4)));
    }

    #[test]
    fn a_digest_depends_on_its_salt_and_its_parts() {
        let digest = salted_digest(&[1; 16], &[Some(b"192.0.2.1"), None]);
        assert_eq!(digest, salted_digest(&[1; 16], &[Some(b"192.0.2.1"), None]));
        assert_ne!(digest, salted_digest(&[2; 16], &[Some(b"192.0.2.1"), None]));
        assert_ne!(digest, salted_digest(&[1; 16], &[None, Some(b"192.0.2.1")]));
        assert_ne!(digest, salted_digest(&[1; 16], &[Some(b"192.0.2.1"), Some(b"")]));
    }
}
