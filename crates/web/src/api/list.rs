//! Lists: `?limit=&cursor=` and filters, answered with `items` and the cursor of the next page. All that is wrong is told at
//! once, each with its name.

use axum::extract::FromRequestParts;
use doorward_core::context::{Id, IdKind};
use doorward_core::error::{Error, FieldError};
use http::request::Parts;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::form::Query;
use crate::http::problem::ApiError;

const DEFAULT: i64 = 50;
const MOST: i64 = 200;

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub struct List<T> {
    items: Vec<T>,
    /// Asks for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// Which page is asked for, for the API's description.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes what `Page` reads")]
pub struct PageQuery {
    /// How many items at most: 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page whose cursor is the id of the last item before it.
pub struct Page<K: IdKind> {
    pub limit: i64,
    pub after: Option<Id<K>>,
}

impl<K: IdKind> Page<K> {
    /// How many to read: one more than is shown tells whether there is a next page.
    pub fn probe(&self) -> i64 {
        self.limit + 1
    }

    /// The page of what was read by [`Page::probe`].
    pub fn of<I, T>(&self, mut read: Vec<I>, id: impl Fn(&I) -> Id<K>, view: impl Fn(I) -> T) -> List<T> {
        let next_cursor = cut(&mut read, self.limit, |last| id(last).to_string());
        List { items: read.into_iter().map(view).collect(), next_cursor }
    }

    /// The page of a list that is short enough to be read whole.
    pub fn of_all<I, T>(&self, mut all: Vec<I>, id: impl Fn(&I) -> Id<K>, view: impl Fn(I) -> T) -> List<T> {
        let before = self.after.and_then(|after| all.iter().position(|one| id(one) == after));
        all.drain(..before.map_or(0, |before| before + 1));
        self.of(all, id, view)
    }
}

impl<K: IdKind, S: Send + Sync> FromRequestParts<S> for Page<K> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::from_request_parts(parts, state).await?;
        let mut list = ListQuery::new(&query, &[]);
        let (limit, after) = (list.limit(), list.cursor());
        list.finish()?;
        Ok(Self { limit, after })
    }
}

/// A list's query while it is read.
pub struct ListQuery<'q> {
    query: &'q Query,
    wrong: Vec<FieldError>,
}

impl<'q> ListQuery<'q> {
    /// Beside `limit` and `cursor` the list takes these filters.
    pub fn new(query: &'q Query, filters: &[&str]) -> Self {
        let known = |name: &str| matches!(name, "limit" | "cursor") || filters.contains(&name);
        let unknown = query.names().filter(|name| !known(name));
        let wrong = unknown
            .map(|name| {
                FieldError::new(name.to_owned(), "unknown", "This list does not take it. Leave it out.")
            })
            .collect();
        Self { query, wrong }
    }

    pub fn limit(&mut self) -> i64 {
        let within = |text: &str| text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
        self.parsed("limit", "Use a whole number from 1 to 200.", within).unwrap_or(DEFAULT)
    }

    pub fn cursor<K: IdKind>(&mut self) -> Option<Id<K>> {
        self.parsed("cursor", "Use the next_cursor of an earlier answer, as it is.", Id::parse)
    }

    /// A filter by `parse`; `None` where it was not given, or is wrong, which is noted.
    pub fn parsed<T>(
        &mut self,
        name: &'static str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let parsed = parse(self.query.given(name)?);
        if parsed.is_none() {
            self.wrong.push(FieldError::new(name, "invalid", expected));
        }
        parsed
    }

    /// # Errors
    /// `validation_failed`, where anything was wrong.
    pub fn finish(self) -> Result<(), Error> {
        if self.wrong.is_empty() { Ok(()) } else { Err(Error::invalid(self.wrong)) }
    }
}

/// Takes the one item too many off, which says that there is more, and answers the cursor that leads there.
pub fn cut<T>(items: &mut Vec<T>, limit: i64, id: impl FnOnce(&T) -> String) -> Option<String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if items.len() <= limit {
        return None;
    }
    items.truncate(limit);
    items.last().map(id)
}
