//! The one integration-test binary, foldered as the addresses are.

mod guards;
mod pages;
mod process;
mod v1;
