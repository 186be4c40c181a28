//! The JSON API.

pub mod delivery;
pub mod me;
pub mod openapi;
pub mod password;
pub mod session;
pub mod sign_up;
pub mod views;
