//! Lists in pages, to their end: a lost `nextPageToken` would cut a day short.

use std::collections::BTreeSet;

use super::TITLE;
use super::refusal::{self, No};
use crate::auth::Session;
use crate::http::{Answer, FetchError};
use crate::json::{Json, Kind, Value};

/// More pages without an end than any list has.
const PAGES_LIMIT: usize = 10_000;

/// A list that is asked for page by page.
pub(super) struct List<'a> {
    /// Its address.
    pub path: &'a str,
    /// What it holds, for messages.
    pub what: &'a str,
    /// The member of an answer that holds its items.
    pub items: &'a str,
    /// Whether it is known that the sign-in opens it.
    pub is_granted: bool,
    /// How it is asked.
    pub ask: How<'a>,
}

/// How a list is asked.
#[derive(Clone, Copy)]
pub(super) enum How<'a> {
    /// By these parameters.
    Get(&'a [(&'a str, &'a str)]),
    /// By a JSON object with these members.
    Post(&'a str),
}

/// Whether the list is read on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    Next,
    Enough,
}

impl List<'_> {
    /// Reads the pages, one after the other, and hands their items over.
    ///
    /// # Errors
    /// As [`Session::get`]; `Malformed` for what is no page, for a token that repeats, and for what `take` says
    /// cannot be right.
    pub async fn read(
        &self,
        session: &Session,
        mut take: impl FnMut(Vec<Value<'_>>) -> Result<On, String>,
    ) -> Result<Result<(), No>, FetchError> {
        let mut tokens = BTreeSet::new();
        let mut token: Option<String> = None;
        loop {
            let answer = self.page(session, token.as_deref()).await?;
            let json = match refusal::read(&answer, self.what, self.is_granted)? {
                Ok(json) => json,
                Err(no) => return Ok(Err(no)),
            };
            let wrong = |reason: String| FetchError::Malformed { reason, body: answer.body.clone(), divisible: true };
            let items = items(&json, self.items)
                .ok_or_else(|| wrong(format!("{TITLE}'s answer to {} holds no list of {}", self.what, self.items)))?;
            let on = take(items)
                .map_err(|problem| wrong(format!("{TITLE}'s answer to {} cannot be right: {problem}", self.what)))?;
            token = match json.root().get("nextPageToken") {
                None => None,
                Some(next) if next.is_null() => None,
                Some(next) => Some(next.as_str().ok_or_else(|| {
                    wrong(format!("{TITLE}'s answer to {} goes on at {}, which is no page", self.what, next.line()))
                })?)
                .map(|next| next.into_owned())
                .filter(|next| !next.is_empty()),
            };
            let Some(next) = token.as_ref().filter(|_| on == On::Next) else { return Ok(Ok(())) };
            if !tokens.insert(next.clone()) || tokens.len() > PAGES_LIMIT {
                return Err(wrong(format!(
                    "{TITLE}'s list of {} never ends: it comes to the same page again",
                    self.what
                )));
            }
        }
    }

    async fn page(&self, session: &Session, token: Option<&str>) -> Result<Answer, FetchError> {
        match self.ask {
            How::Get(query) => {
                let more = token.map(|token| ("pageToken", token));
                session.get(self.path, &query.iter().copied().chain(more).collect::<Vec<_>>()).await
            }
            How::Post(members) => {
                let more = token.map(|token| format!(",\"pageToken\":{}", crate::json::quote(token)));
                session.query(self.path, &format!("{{{members}{}}}", more.unwrap_or_default())).await
            }
        }
    }
}

/// The items of a page; an empty list may be left out.
pub(super) fn items<'j>(json: &'j Json, name: &str) -> Option<Vec<Value<'j>>> {
    match json.root().get(name) {
        None => Some(Vec::new()),
        Some(list) if list.kind() == Kind::Array => Some(list.items().collect()),
        Some(_) => None,
    }
}
