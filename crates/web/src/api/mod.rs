//! The JSON API.

pub mod account;
pub mod audit;
pub mod challenge;
pub mod delivery;
pub mod email_sign_in;
pub mod export;
pub mod list;
pub mod me;
pub mod not_me;
pub mod openapi;
pub mod password;
pub mod phone;
pub mod reauthentication;
pub mod revocations;
pub mod session;
pub mod sessions;
pub mod sign_up;
pub mod views;
