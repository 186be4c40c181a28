//! What the feed has told: which sessions ended, and which accounts' tokens are good no more. Kept for as long as an access
//! token may live, so that memory is bounded.

use std::collections::HashMap;

use serde_json::Value;

use crate::claims::Claims;

/// More endings at once are not kept: the feed can't vouch for anything until they have gone.
pub(crate) const MAX_ENDINGS: usize = 200_000;

#[derive(Default)]
pub(crate) struct Endings {
    /// Each with the moment (milliseconds of the monotonic clock) until when it matters.
    sessions: HashMap<Box<str>, u64>,
    /// Tokens of the account that were made before this second.
    accounts: HashMap<Box<str>, (i64, u64)>,
    swept_at: u64,
    /// Until when something may be missing.
    incomplete_until: u64,
}

/// An item that is neither `{"sid"}` nor `{"sub", "before"}`.
#[derive(Debug)]
pub(crate) struct NotUnderstood;

impl Endings {
    pub(crate) fn concern(&self, claims: &Claims) -> bool {
        self.sessions.contains_key(&*claims.sid)
            || self.accounts.get(&*claims.sub).is_some_and(|(before, _)| claims.iat < *before)
    }

    pub(crate) fn are_complete(&self, now: u64) -> bool {
        now >= self.incomplete_until
    }

    /// Takes an item of the feed, that matters until `until`.
    pub(crate) fn add(&mut self, item: &Value, now: u64, until: u64) -> Result<(), NotUnderstood> {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let before = item.get("before").and_then(Value::as_i64);
        if self.len() >= MAX_ENDINGS && now >= self.swept_at + 1000 {
            self.sweep(now);
        }
        if self.len() >= MAX_ENDINGS {
            self.incomplete_until = until;
            return Ok(());
        }
        match (text("sid"), text("sub"), before) {
            (Some(sid), _, _) => {
                self.sessions.insert(sid.into(), until);
            }
            (None, Some(sub), Some(before)) => {
                let entry = self.accounts.entry(sub.into()).or_insert((before, until));
                *entry = (entry.0.max(before), until);
            }
            _ => return Err(NotUnderstood),
        }
        Ok(())
    }

    /// Forgets what does not matter any more, where the last time was so long ago.
    pub(crate) fn sweep_sometimes(&mut self, now: u64, every: u64) {
        if now >= self.swept_at.saturating_add(every) {
            self.sweep(now);
        }
    }

    fn sweep(&mut self, now: u64) {
        self.swept_at = now;
        self.sessions.retain(|_, until| *until > now);
        self.accounts.retain(|_, (_, until)| *until > now);
    }

    pub(crate) fn len(&self) -> usize {
        self.sessions.len() + self.accounts.len()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(sub: &str, sid: &str, iat: i64) -> Claims {
        let claims = json!({"iss": "i", "aud": "a", "sub": sub, "sid": sid, "client_id": "c", "jti": "j",
            "iat": iat, "exp": iat + 600});
        Claims::read(claims.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_session_and_all_tokens_of_an_account_until_a_second() {
        let mut endings = Endings::default();
        endings.add(&json!({"sid": "s1"}), 0, 100).unwrap();
        endings.add(&json!({"sub": "u1", "before": 50}), 0, 100).unwrap();
        endings.add(&json!({"sub": "u1", "before": 40}), 0, 100).unwrap();
        assert!(endings.concern(&claims("u2", "s1", 60)));
        assert!(!endings.concern(&claims("u2", "s2", 40)));
        assert!(endings.concern(&claims("u1", "s3", 49)));
        assert!(!endings.concern(&claims("u1", "s3", 50)));
        for odd in
            [json!({}), json!(7), json!({"sid": 7}), json!({"sub": "u"}), json!({"sub": "u", "before": "1"})]
        {
            assert!(endings.add(&odd, 0, 100).is_err(), "{odd}");
        }
    }

    #[test]
    fn memory_is_bounded_and_beyond_it_nothing_is_vouched_for() {
        let mut endings = Endings::default();
        for number in 0..MAX_ENDINGS {
            endings.add(&json!({"sid": number.to_string()}), 10, 1000).unwrap();
        }
        assert!(endings.are_complete(10));
        endings.add(&json!({"sid": "more"}), 20, 1010).unwrap();
        assert_eq!(endings.len(), MAX_ENDINGS);
        assert!(!endings.are_complete(1009) && endings.are_complete(1010));
        endings.sweep_sometimes(1500, 100);
        assert_eq!(endings.len(), 0);
    }
}
