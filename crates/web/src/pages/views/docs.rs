use askama::Template;

use super::layout::Layout;

/// The API reference, made from the OpenAPI document.
#[derive(Template)]
#[template(path = "docs/api.html")]
pub struct DocsPage {
    pub layout: Layout,
    pub version: String,
    /// What the API is, in a paragraph or two; blank lines part them.
    pub introduction: String,
    pub groups: Vec<OperationGroup>,
}

/// The operations of one tag.
pub struct OperationGroup {
    pub name: String,
    pub description: String,
    pub operations: Vec<Operation>,
}

pub struct Operation {
    /// In capitals.
    pub method: String,
    pub path: String,
    pub summary: String,
    pub description: String,
    /// Who may call it: `anyone`, `signed in`, or the permission's name.
    pub permission: String,
    pub request_fields: Vec<RequestField>,
    pub responses: Vec<Response>,
}

pub struct RequestField {
    pub name: String,
    pub kind: String,
    pub required: bool,
    pub description: String,
}

pub struct Response {
    pub status: String,
    pub description: String,
}

impl DocsPage {
    fn paragraphs(&self) -> impl Iterator<Item = &str> {
        paragraphs(&self.introduction)
    }
}

impl OperationGroup {
    fn paragraphs(&self) -> impl Iterator<Item = &str> {
        paragraphs(&self.description)
    }

    fn anchor(&self) -> String {
        slug(&self.name)
    }
}

impl Operation {
    fn paragraphs(&self) -> impl Iterator<Item = &str> {
        paragraphs(&self.description)
    }

    /// The same for the same method and path, so that a link to it holds.
    fn anchor(&self) -> String {
        slug(&format!("{} {}", self.method, self.path))
    }
}

fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty())
}

/// A piece of a description: its words, or what stands between backticks in it.
pub(super) struct Piece<'a> {
    is_code: bool,
    text: &'a str,
}

/// Descriptions are written in Markdown, of which they use backticks alone.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let parts = text.split('`').enumerate();
    parts
        .map(|(number, text)| Piece { is_code: number % 2 == 1, text })
        .filter(|piece| !piece.text.is_empty())
        .collect()
}

/// Lower-case letters, digits and dashes.
fn slug(text: &str) -> String {
    let words: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    words.split_whitespace().collect::<Vec<_>>().join("-")
}
