//! What an answer says of the limits that its request was counted by: the fields of draft-ietf-httpapi-ratelimit-headers
//! (as of -10). Each class is two policies, of the caller's network and of the account. What is left is told of the network
//! alone, which is the caller's own; of the account, only that it refuses.

use std::fmt::Write as _;
use std::time::Duration;

use doorward_core::rate_limit::{Limit, Standing};
use http::{HeaderMap, HeaderName, HeaderValue};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// Sets the fields, where there is something to say.
pub fn tell(headers: &mut HeaderMap, standings: &[Standing]) {
    let (mut policy, mut state) = (String::new(), String::new());
    for standing in standings {
        let name = standing.class.name();
        if let Some(left) = standing.network {
            add_policy(&mut policy, name, "", standing.class.per_network());
            add_state(&mut state, name, "", left.attempts, left.more_in);
        }
        add_policy(&mut policy, name, "-account", standing.class.per_account());
        if let Some(wait) = standing.account_wait {
            add_state(&mut state, name, "-account", 0, wait);
        }
    }
    for (name, text) in [(POLICY, policy), (STATE, state)] {
        if let (false, Ok(value)) = (text.is_empty(), HeaderValue::from_str(&text)) {
            headers.insert(name, value);
        }
    }
}

fn add_policy(text: &mut String, name: &str, of: &str, limit: Limit) {
    let window = seconds(limit.window());
    let _ = write!(text, "{}\"{name}{of}\";q={};w={window}", separator(text), limit.burst);
}

fn add_state(text: &mut String, name: &str, of: &str, left: u32, more_in: Duration) {
    let _ = write!(text, "{}\"{name}{of}\";r={left};t={}", separator(text), seconds(more_in));
}

fn separator(text: &str) -> &'static str {
    if text.is_empty() { "" } else { ", " }
}

/// Rounded up: who waits that long does not come too early.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use doorward_core::rate_limit::{Class, Left, Standing};
    use http::HeaderMap;

    use super::tell;

    fn told(standings: &[Standing]) -> [String; 2] {
        let mut headers = HeaderMap::new();
        tell(&mut headers, standings);
        ["ratelimit-policy", "ratelimit"]
            .map(|name| headers.get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned()))
    }

    #[test]
    fn policies_and_what_is_left_are_lists_of_named_items() {
        let passed = Standing {
            class: Class::SignIn,
            network: Some(Left { attempts: 59, more_in: Duration::from_millis(400) }),
            account_wait: None,
            wait: None,
        };
        let policy = r#""sign-in";q=60;w=60, "sign-in-account";q=10;w=60"#;
        assert_eq!(told(&[passed]), [policy, r#""sign-in";r=59;t=1"#]);

        let wait = Some(Duration::from_millis(5001));
        let refused = Standing { account_wait: wait, wait, ..passed };
        assert_eq!(told(&[refused]), [policy, r#""sign-in";r=59;t=1, "sign-in-account";r=0;t=6"#]);

        let other = Standing { class: Class::Username, network: None, ..passed };
        let both = told(&[passed, other]);
        assert_eq!(both, [&format!(r#"{policy}, "username-account";q=20;w=60"#), r#""sign-in";r=59;t=1"#]);
        assert_eq!(told(&[]), ["", ""]);
    }
}
