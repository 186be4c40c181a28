//! The standards as pure code: shapes and rules, with no I/O, no clock and no randomness.

pub mod jwk;
