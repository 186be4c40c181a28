//! The one integration-test binary, foldered as the addresses are.

mod accidents;
mod gateway;
mod guards;
mod keys;
mod limits;
mod pages;
mod process;
mod upkeep;
mod v1;
mod verify;
