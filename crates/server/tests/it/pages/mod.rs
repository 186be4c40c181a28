//! The pages, as a browser without scripts uses them.

mod two_factor;
mod account;
mod account_life;
mod activity;
mod bad_input;
mod dead_links;
mod email_sign_in;
mod factors;
mod mailbox;
mod on_the_way;
mod operations;
mod passkeys;
mod phone;
mod reauthentication;
mod renewal;
mod resend;
mod sessions;
mod sign_in;
mod sign_up;
