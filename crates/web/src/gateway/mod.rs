//! For gateways (nginx, Caddy, Traefik) that ask, before they pass a request on, whether they may and who is asking.

pub mod forward_auth;
pub mod renew;

mod gates;
mod identity;
mod original;
