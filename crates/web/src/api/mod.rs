//! The JSON API.

pub mod delivery;
pub mod list;
pub mod me;
pub mod not_me;
pub mod openapi;
pub mod password;
pub mod session;
pub mod sessions;
pub mod sign_up;
pub mod views;
