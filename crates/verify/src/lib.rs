#![doc = include_str!("../README.md")]

mod clock;
mod error;
mod require;
mod flight;
mod http;
mod json;
mod claims;
mod jws;
mod key;
mod key_set;
mod seen;
mod sse;
mod endings;
mod feed;
mod ask;
mod background;
mod builder;
mod verifier;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "axum")]
mod extract;

pub use builder::{Builder, ConfigError, Unreachable};
pub use claims::{AccessToken, Claims};
pub use clock::{Clock, Moment, SystemClock};
pub use error::{Code, Refusal, VerifyError};
#[cfg(feature = "axum")]
pub use extract::{Fresh, VerifiedEmail};
pub use key::Algorithm;
#[cfg(feature = "tower")]
pub use layer::{VerifyLayer, VerifyService};
pub use require::Require;
pub use verifier::{Status, Verifier};
