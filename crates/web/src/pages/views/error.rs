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
