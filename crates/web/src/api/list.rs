//! Lists: `?limit=&cursor=`, answered with `items` and the cursor of the next page.

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
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let is_last = read.len() <= limit;
        read.truncate(limit);
        let next_cursor = if is_last { None } else { read.last().map(|last| id(last).to_string()) };
        List { items: read.into_iter().map(view).collect(), next_cursor }
    }
}

impl<K: IdKind, S: Send + Sync> FromRequestParts<S> for Page<K> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::from_request_parts(parts, state).await?;
        let mut errors = Vec::new();
        if let Some(name) = query.unknown(&["limit", "cursor"]) {
            errors.push(FieldError::new(name.to_owned(), "unknown", "Leave this out: it is not known here."));
        }
        let limit = match query.some("limit").map(str::parse::<i64>) {
            None => DEFAULT,
            Some(Ok(limit @ 1..=MOST)) => limit,
            Some(_) => {
                errors.push(FieldError::new("limit", "invalid", "Ask for 1 to 200 items."));
                DEFAULT
            }
        };
        let after = query.some("cursor").and_then(Id::parse);
        if query.some("cursor").is_some() && after.is_none() {
            let detail = "Use the next_cursor of the page before, as it is.";
            errors.push(FieldError::new("cursor", "invalid", detail));
        }
        if errors.is_empty() { Ok(Self { limit, after }) } else { Err(Error::invalid(errors).into()) }
    }
}
