//! How mails leave: by a mail server, or into a folder.

mod folder;
mod smtp;
#[cfg(test)]
mod tests;

pub use folder::FolderTransport;
pub use smtp::{MailServer, SmtpTransport};

use doorward_core::mail::OutgoingMail;
use doorward_core::outbox::SendError;
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

/// The mail as it goes over the wire (RFC 5322): text and HTML, marked as sent by a program.
fn message(mail: &OutgoingMail) -> Result<Message, SendError> {
    let permanent =
        |what: &str, error: &dyn std::fmt::Display| SendError::Permanent(format!("{what}: {error}"));
    let from: Mailbox = mail.from.parse().map_err(|error| permanent("sender", &error))?;
    let to: Mailbox = mail.to.parse().map_err(|error| permanent("receiver", &error))?;
    // The same for a mail that is sent twice, so that a receiver can tell.
    let id = format!("<{}@{}>", mail.id, from.email.domain());
    let mut message = Message::builder()
        .from(from)
        .to(to)
        .subject(&mail.subject)
        .message_id(Some(id))
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(|error| permanent("mail", &error))?;
    // RFC 3834, section 5: nobody's holiday answer comes back.
    message.headers_mut().insert_raw(HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        "auto-generated".to_owned(),
    ));
    Ok(message)
}
