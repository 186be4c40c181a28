//! The JSON API.

pub mod account;
pub mod audit;
pub mod challenge;
pub mod delivery;
pub mod email_sign_in;
pub mod enrolment;
pub mod export;
pub mod factors;
pub mod list;
pub mod me;
pub mod not_me;
pub mod openapi;
pub mod passkeys;
pub mod password;
pub mod phone;
pub mod reauthentication;
pub mod recovery;
pub mod revocations;
pub mod second_factor;
pub mod session;
pub mod sessions;
pub mod sign_up;
pub mod views;
