//! Doorward, the product: one folder per feature, each with its types, its use cases and its own private SQL. No HTTP.
//!
//! A feature uses only what stands above it in this list.

// Level 0: what everything stands on.
pub mod error;
pub mod config;
pub mod rate_limit;
pub mod user_agent;
pub mod breach;
pub mod place;
pub mod refusals;
pub mod context;
pub mod audit;
pub mod changes;
pub mod seals;
pub mod outbox;
pub mod mail;
pub mod sms;
pub mod secret;

// Level 1
pub mod signing_key;
pub mod audit_log;
pub mod user;
pub mod alarm;
pub mod challenge;
pub mod lockout;
pub mod totp;
pub mod backup_code;
pub mod service_key;

// Level 2
pub mod access;
pub mod device;
pub mod session;
pub mod phone;
pub mod passkey;
pub mod second_factor;
pub mod recovery;

// Level 3
pub mod sign_in;
pub mod sign_up;
pub mod password;
pub mod reauthentication;
pub mod email_change;
pub mod not_me;
pub mod account;
pub mod operator;

pub mod clean_up;
pub mod master_key;
pub mod migrations;
