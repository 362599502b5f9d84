//! The first month with anything, for profiles that do not tell since when they are.

use super::points;
use super::types::{How, data_type};
use crate::auth::Session;
use crate::http::FetchError;
use crate::model::{Day, Zone};
use crate::providers::grant::Grant;

/// Before this year nobody wore any of this.
const FIRST_YEAR: i32 = 2005;

/// What people have longest.
const TYPES: [&str; 4] = ["steps", "sleep", "weight", "exercise"];

/// The first day of the first month in which there are steps, nights, weights or workouts. It is found
/// by halves, with about a dozen requests for a single point each.
///
/// # Errors
/// As [`Session::get`]; what is refused is passed over. An answer that makes no sense is an error: taken
/// for "nothing before" it would leave out years.
pub(super) async fn first_month(session: &Session, zone: Zone) -> Result<Option<Day>, FetchError> {
    let grant = Grant::of(session);
    let months = months(zone.nearest_day(session.now()));
    // Nothing lies before the first of the months; the last is yet to come.
    let mut earliest = None;
    for kind in TYPES.into_iter().filter_map(data_type).filter(|kind| !grant.denies(kind.scope)) {
        let How::Points(time, ways) = kind.how else { continue };
        let any_before = async |month: usize| match points::any_before(session, kind, (time, ways), months[month]).await
        {
            Ok(told) => Ok(told.unwrap_or(false)),
            Err(FetchError::Refused { .. }) => Ok(false),
            Err(error) => Err(error),
        };
        let (mut without, mut with) = (0, earliest.unwrap_or(months.len() - 1));
        if with == 0 || !any_before(with).await? {
            continue;
        }
        while with - without > 1 {
            let middle = without.midpoint(with);
            if any_before(middle).await? {
                with = middle;
            } else {
                without = middle;
            }
        }
        earliest = Some(without);
    }
    Ok(earliest.map(|month| months[month]))
}

/// The first days of all months up to the one after today's.
fn months(today: Day) -> Vec<Day> {
    let years = FIRST_YEAR..;
    let all = years.flat_map(|year| (1..=12).filter_map(move |month| Day::new(year, month, 1)));
    let mut months: Vec<Day> = all.take_while(|month| *month <= today).collect();
    months.push(today.plus(1));
    months
}
