//! The server: settings, command line, wiring and jobs around the product.

pub mod app;
pub mod breach;
pub mod cli;
pub mod config;
pub mod geoip;
pub mod jobs;
pub mod logs;
pub mod mail;
pub mod redis;
pub mod sms;
