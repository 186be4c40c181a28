//! Tokens that were verified before, so that the next request with one costs no signature.
//!
//! Whole tokens are compared. They are found by a keyed hash of their last characters, which are the signature's: whoever
//! could probe for what is in there by time would have to guess those first, all at once.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use crate::claims::AccessToken;
use crate::key::Key;

const SHARDS: usize = 16;
/// How much of a token's end is hashed: 192 bits of its signature.
const TAIL: usize = 32;

pub(crate) struct Seen {
    hashes: RandomState,
    shards: Box<[Mutex<Shard>]>,
    /// Of each shard's younger half.
    capacity: usize,
}

/// Two halves: what is used moves into the younger, and when that is full the elder is forgotten.
#[derive(Default)]
struct Shard {
    young: HashMap<u64, Entry>,
    old: HashMap<u64, Entry>,
}

struct Entry {
    token: Box<str>,
    access: AccessToken,
    key: Arc<Key>,
}

impl Seen {
    /// For at least this many tokens in use, and at most twice as many.
    pub(crate) fn new(capacity: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { hashes: RandomState::new(), shards, capacity: capacity.div_ceil(SHARDS) }
    }

    /// A token that was verified before by a key that is still published. Whether it has run out is not looked at.
    pub(crate) fn get(&self, token: &str) -> Option<AccessToken> {
        let (hash, shard) = self.place(token)?;
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = shard.young.get(&hash) {
            return entry.access_for(token);
        }
        let entry = shard.old.remove(&hash)?;
        let access = entry.access_for(token);
        shard.put(hash, entry, self.capacity);
        access
    }

    pub(crate) fn put(&self, token: &str, access: &AccessToken, key: Arc<Key>) {
        if let Some((hash, shard)) = self.place(token).filter(|_| self.capacity > 0) {
            let entry = Entry { token: token.into(), access: access.clone(), key };
            shard.lock().unwrap_or_else(PoisonError::into_inner).put(hash, entry, self.capacity);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        let count = |shard: &Mutex<Shard>| {
            let shard = shard.lock().unwrap();
            shard.young.len() + shard.old.len()
        };
        self.shards.iter().map(count).sum()
    }

    fn place(&self, token: &str) -> Option<(u64, &Mutex<Shard>)> {
        let tail = token.as_bytes().last_chunk::<TAIL>()?;
        let hash = self.hashes.hash_one(tail);
        let shard = usize::try_from(hash % SHARDS as u64).ok()?;
        Some((hash, self.shards.get(shard)?))
    }
}

impl Shard {
    fn put(&mut self, hash: u64, entry: Entry, capacity: usize) {
        if self.young.len() >= capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, entry);
    }
}

impl Entry {
    fn access_for(&self, token: &str) -> Option<AccessToken> {
        (*self.token == *token && self.key.is_published()).then(|| self.access.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::claims::Claims;
    use crate::key::Algorithm;

    fn key() -> Arc<Key> {
        // RFC 8037, appendix A.2.
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "1"});
        Arc::new(Key::from_jwk(&jwk, &[Algorithm::EdDsa]).unwrap())
    }

    fn access() -> AccessToken {
        let claims = json!({"iss": "i", "aud": "a", "sub": "u", "sid": "s", "client_id": "c", "jti": "j",
            "iat": 1, "exp": 2});
        AccessToken::new(Claims::read(claims.to_string().as_bytes()).unwrap())
    }

    fn token(number: usize) -> String {
        format!("{number}.{number:060}")
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let (seen, key, access) = (Seen::new(160), key(), access());
        seen.put(&token(0), &access, Arc::clone(&key));
        for number in 1..10_000 {
            seen.put(&token(number), &access, Arc::clone(&key));
            assert!(seen.get(&token(0)).is_some(), "{number}");
        }
        assert!(seen.len() <= 2 * 160, "{}", seen.len());
        assert!(seen.get(&token(1)).is_none());
        let none = Seen::new(0);
        none.put(&token(1), &access, key);
        assert_eq!(none.len(), 0);
    }

    #[test]
    fn the_whole_token_counts_and_its_key() {
        let (seen, key, access) = (Seen::new(10), key(), access());
        seen.put(&token(1), &access, Arc::clone(&key));
        assert!(seen.get(&token(1)).is_some());
        // The same signature under other claims.
        assert!(seen.get(&format!("2.{:060}", 1)).is_none());
        for cut in [0, 1, 31, 32, 61] {
            assert!(seen.get(&token(1)[..cut]).is_none() && seen.get(&token(1)[cut.max(1)..]).is_none());
        }
        key.withdraw();
        assert!(seen.get(&token(1)).is_none());
    }
}
