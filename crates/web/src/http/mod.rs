//! HTTP itself: what holds for every request and knows nothing of the product.

pub mod caller;
pub mod client_address;
pub mod cookies;
pub mod cors;
pub mod csrf;
pub mod form;
pub mod headers;
pub mod json;
pub mod layer;
pub mod load;
pub mod metrics;
pub mod problem;
pub mod rate_limit;
pub mod redirect;

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use doorward_core::config::{
        Account, Audit, Brand, Challenge, Config, Http, Keys, Lockout, Mail, Mfa, Mode, Password, RateLimit,
        Reauthentication, Recovery, Session, SignIn, SignUp, Token, VerifyEmail, Webauthn,
    };

    /// The settings of a server that is reached at this address.
    pub fn config(public_url: &str) -> Config {
        let public_url: url::Url = public_url.parse().unwrap();
        Config {
            mode: Mode::Development,
            development_said: false,
            pages_base_url: public_url.clone(),
            brand: Brand { product_name: "Doorward".to_owned(), accent: None },
            sign_up: SignUp { verify_email: VerifyEmail::First },
            sign_in: SignIn { email: true },
            session: Session {
                access_token_ttl: Duration::from_mins(10),
                refresh_grace: Duration::from_secs(10),
                refresh_retry: Duration::from_mins(10),
                idle_timeout: Duration::from_hours(7 * 24),
                remember_idle_timeout: Duration::from_hours(30 * 24),
                absolute_timeout: Duration::from_hours(90 * 24),
                cookie_domain: None,
            },
            keys: Keys { rotate_every: None },
            token: Token { audience: public_url.to_string(), signing_alg: "ES256".parse().unwrap() },
            password: Password { min_length: 8 },
            account: Account { deletion_grace: Duration::from_secs(14 * 24 * 60 * 60) },
            lockout: Lockout { enabled: true },
            challenge: Challenge { enabled: true, sign_ups_above: 60 },
            reauthentication: Reauthentication { email_code: true },
            mfa: Mfa { required_for: Vec::new(), trusted_device: Duration::from_secs(30 * 24 * 60 * 60) },
            recovery: Recovery { wait: Duration::from_secs(24 * 60 * 60) },
            webauthn: Webauthn { rp_id: "localhost".to_owned(), origins: Vec::new() },
            rate_limit: RateLimit { enabled: true },
            http: Http::default(),
            mail: Mail { from: "noreply@example.com".to_owned(), caught: true },
            sms: None,
            audit: Audit { retention: Duration::from_hours(400 * 24), refreshes: false },
            metrics_token: None,
            public_url,
        }
    }
}
