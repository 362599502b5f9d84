//! Finding the day at fault in a range of days.

use crate::http::FetchError;
use crate::model::DayRange;

use super::DayAnswer;

/// After so many spoilt answers to parts of a range its other parts are not divided further: it takes eleven
/// to find one day among a thousand, and where all are spoilt each day would cost two requests.
const MOST_SPOILT: usize = 24;

/// Asks for a range. Where something in the answer is wrong, its halves are asked for, down to the day at
/// fault: of a thousand days each alone would cost more than a day may.
///
/// # Errors
/// As `ask`, but for what is wrong with some of several days: those days carry it.
pub(super) async fn by_halves(
    range: DayRange,
    ask: impl AsyncFn(DayRange) -> Result<Vec<DayAnswer>, FetchError>,
) -> Result<Vec<DayAnswer>, FetchError> {
    let (mut open, mut days, mut spoilt) = (vec![range], Vec::new(), 0);
    while let Some(part) = open.pop() {
        match ask(part).await {
            Ok(answers) => days.extend(answers),
            Err(FetchError::Malformed { divisible: true, .. }) if part.len() > 1 && spoilt < MOST_SPOILT => {
                spoilt += 1;
                let middle = part.first.plus(part.len() / 2);
                open.push(DayRange { first: part.first, last: middle.plus(-1) });
                open.push(DayRange { first: middle, last: part.last });
            }
            Err(FetchError::Malformed { divisible: true, reason, .. }) if range.len() > 1 => {
                days.extend(failed(part, &reason));
            }
            // Of a refusal each day would get the same.
            Err(FetchError::Refused { reason }) => days.extend(failed(part, &reason)),
            Err(error) => return Err(error),
        }
    }
    Ok(days)
}

/// The same problem for all days.
fn failed(range: DayRange, reason: &str) -> impl Iterator<Item = DayAnswer> {
    range.days().map(move |day| DayAnswer { day, outcome: Err(reason.to_owned()) })
}
