//! Totals of civil days (`dailyRollUp`).

use std::collections::BTreeMap;

use super::civil;
use super::pages::{How, List, On};
use super::refusal::No;
use super::types::DataType;
use crate::auth::Session;
use crate::http::FetchError;
use crate::json::Value;
use crate::model::{Day, DayRange, JsonText};
use crate::providers::grant::Grant;
use crate::providers::{DayAnswer, Told};

/// Asks for the totals of a range.
///
/// The documentation takes the end of a range for the first day behind it; in August 2026 the service was
/// seen to take it for the last day. So rows go by the day they say themselves, and a range that is too
/// long by one day is asked for once more with its last day as its end.
///
/// # Errors
/// As [`List::read`].
pub(super) async fn ask(
    session: &Session,
    kind: &DataType,
    range: DayRange,
) -> Result<Result<Vec<DayAnswer>, No>, FetchError> {
    match rows(session, kind, range, range.last.plus(1)).await? {
        Err(No::Range(_)) => rows(session, kind, range, range.last).await,
        told => Ok(told),
    }
}

async fn rows(
    session: &Session,
    kind: &DataType,
    range: DayRange,
    end: Day,
) -> Result<Result<Vec<DayAnswer>, No>, FetchError> {
    let members = format!(
        "\"range\":{{\"start\":{},\"end\":{}}},\"windowSizeDays\":1,\"pageSize\":{}",
        civil_day(range.first),
        civil_day(end),
        kind.page
    );
    let list = List {
        path: &format!("/v4/users/me/dataTypes/{}/dataPoints:dailyRollUp", kind.id),
        what: &format!("the daily {} of {range}", kind.id),
        items: "rollupDataPoints",
        is_granted: Grant::of(session).tells(kind.scope),
        ask: How::Post(&members),
    };
    let mut days = Rows::default();
    let read = list.read(session, |rows| {
        rows.into_iter().try_for_each(|row| days.take(row, range))?;
        Ok(On::Next)
    });
    Ok(read.await?.map(|()| days.answers(range)))
}

/// Numbers without leading zeros: the service takes no others.
fn civil_day(day: Day) -> String {
    use chrono::Datelike;
    let date = day.date();
    format!("{{\"date\":{{\"year\":{},\"month\":{},\"day\":{}}}}}", date.year(), date.month(), date.day())
}

/// The rows of a range of days.
#[derive(Default)]
pub(super) struct Rows {
    days: BTreeMap<Day, Result<JsonText, String>>,
    strays: Vec<Day>,
}

impl Rows {
    pub fn take(&mut self, row: Value<'_>, range: DayRange) -> Result<(), String> {
        let start = row.get("civilStartTime").and_then(|start| start.get("date"));
        let day = start.and_then(civil::date).ok_or("a total does not say its day")?;
        if !range.contains(day) {
            // The day behind the range comes where its end is taken for its last day.
            self.strays.extend(Some(day).filter(|day| *day != range.last.plus(1)));
            return Ok(());
        }
        let text = JsonText::of(row);
        let told = match self.days.remove(&day) {
            Some(Ok(first)) if !same(&first, row) => {
                Err("the answer holds this day twice, with different content".to_owned())
            }
            Some(Err(problem)) => Err(problem),
            _ => Ok(text),
        };
        self.days.insert(day, told);
        Ok(())
    }

    pub fn answers(mut self, range: DayRange) -> Vec<DayAnswer> {
        let outcome = |told: Option<Result<JsonText, String>>| match told {
            Some(Ok(row)) => Ok(Told::Data(JsonText::array([&row]))),
            Some(Err(problem)) => Err(problem),
            None => match self.strays.first() {
                // Not worn, or not synced yet.
                None => Ok(Told::Data(JsonText::array([]))),
                Some(stray) => Err(format!("the answer holds {stray} instead")),
            },
        };
        range.days().map(|day| DayAnswer { day, outcome: outcome(self.days.remove(&day)) }).collect()
    }
}

fn same(text: &JsonText, row: Value<'_>) -> bool {
    crate::json::Json::parse(text.as_bytes()).is_ok_and(|json| json.root().same(row))
}
