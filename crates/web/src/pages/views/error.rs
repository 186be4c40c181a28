use askama::Template;

use super::layout::Layout;

/// A page in place of the one that was asked for.
#[derive(Template)]
#[template(path = "error/error.html")]
pub struct ErrorPage {
    pub layout: Layout,
    pub status: u16,
    pub title: String,
    /// What happened and what to do now.
    pub detail: String,
    pub code: String,
    pub request_id: String,
}

/// A link of a mail that does nothing any more. Nothing went wrong that a code or a number would help with.
#[derive(Template)]
#[template(path = "error/dead_link.html")]
pub struct DeadLinkPage {
    pub layout: Layout,
    pub detail: String,
    /// Where to go on from here, as a path below the base and its words: the first is what most people want.
    pub ways: Vec<(&'static str, &'static str)>,
}

/// What an error's `type` leads to: `/docs/problems/{code}`.
#[derive(Template)]
#[template(path = "error/problem.html")]
pub struct ProblemPage {
    pub layout: Layout,
    pub title: String,
    pub detail: String,
    pub status: u16,
    pub code: String,
}
