use askama::Template;

use super::layout::Layout;
use super::moment::Moment;

/// The mails that development mode catches.
#[derive(Template)]
#[template(path = "dev/mailbox.html")]
pub struct MailboxPage {
    pub layout: Layout,
    /// Newest first.
    pub mails: Vec<MailRow>,
    pub selected: Option<MailShown>,
    /// The address that the list is narrowed to by `?to=`.
    pub to: Option<String>,
}

pub struct MailRow {
    pub id: String,
    pub to: String,
    pub subject: String,
    pub at: Moment,
}

/// The mail that is open. Its page is `/dev/mailbox/{id}`, its HTML `/dev/mailbox/{id}/html`.
pub struct MailShown {
    pub id: String,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub at: Moment,
    pub text: String,
}

impl MailboxPage {
    fn is_selected(&self, mail: &MailRow) -> bool {
        self.selected.as_ref().is_some_and(|selected| selected.id == mail.id)
    }
}

impl MailShown {
    /// The text in parts, each with whether it is a link.
    fn parts(&self) -> Vec<(bool, &str)> {
        self.text
            .split_inclusive(char::is_whitespace)
            .flat_map(|word| {
                let bare = word.trim_end();
                [(is_link(bare), bare), (false, &word[bare.len()..])]
            })
            .filter(|(_, part)| !part.is_empty())
            .collect()
    }
}

fn is_link(word: &str) -> bool {
    word.starts_with("http://") || word.starts_with("https://")
}
