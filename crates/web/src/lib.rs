//! Doorward over HTTP: the JSON API and the pages. A handler parses, authorises, calls a use case, and renders; no SQL and
//! no rules.

pub mod http;
pub mod serve;
pub mod state;
pub mod signed_in;
pub mod api;
pub mod gateway;
pub mod operations;
pub mod pages;
pub mod routes;
