use crate::config::Config;
use crate::error::Result;
use super::Message;
pub struct Rendered { pub subject: String, pub text: String, pub html: String }
pub fn render(_: &Config, _: &str, _: &Message) -> Result<Rendered> { todo!() }
