//! The server: settings, command line, wiring and jobs around the product.

pub mod app;
pub mod jobs;
