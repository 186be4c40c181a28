//! HTTP itself: what holds for every request and knows nothing of the product.

pub mod caller;
pub mod client_address;
pub mod cookies;
pub mod cors;
pub mod csrf;
pub mod form;
pub mod json;
pub mod layer;
pub mod metrics;
pub mod problem;
pub mod redirect;
