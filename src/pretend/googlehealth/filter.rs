//! The filters that Google takes: `FIELD >= "FROM" AND FIELD < "TO"`, one of the two or both.

use chrono::{DateTime, NaiveDate, Utc};

use super::kinds::Kind;

/// What a filter lets through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// Civil days from this one on, and before that one.
    pub days: (Option<NaiveDate>, Option<NaiveDate>),
    /// Points from this moment on.
    pub since: Option<DateTime<Utc>>,
}

/// Reads a filter for a data type.
///
/// # Errors
/// The reason that Google gives.
pub(super) fn read(text: Option<&str>, kind: &Kind) -> Result<Filter, &'static str> {
    let mut filter = Filter::default();
    for part in text.into_iter().flat_map(|text| text.split(" AND ")) {
        let mut words = part.splitn(3, ' ');
        let (Some(field), Some(operator), Some(value)) = (words.next(), words.next(), words.next()) else {
            return Err("INVALID_DATA_POINT_FILTER");
        };
        if !kind.fields().iter().any(|known| known == field) {
            return Err("INVALID_DATA_POINT_FILTER_DATA_TYPE_MEMBER");
        }
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let value = value.ok_or("INVALID_DATA_POINT_FILTER")?;
        let date = || value.parse::<NaiveDate>().map_err(|_| "INVALID_DATA_POINT_FILTER_VALUE");
        match operator {
            ">=" if kind.id == "electrocardiogram" => {
                let moment = DateTime::parse_from_rfc3339(value).map_err(|_| "INVALID_DATA_POINT_FILTER_VALUE")?;
                filter.since = Some(moment.to_utc());
            }
            ">=" => filter.days.0 = Some(date()?),
            "<" if kind.id != "electrocardiogram" => filter.days.1 = Some(date()?),
            _ => return Err("INVALID_DATA_POINT_FILTER_RESTRICTION"),
        }
    }
    Ok(filter)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_the_fields_and_operators_of_the_type_are_taken() {
        let read = |text, id: &str| read(Some(text), Kind::find(id).unwrap());
        let day = |text: &str| text.parse().ok();
        let of = "heart_rate.sample_time.civil_time >= \"2026-11-20\" AND heart_rate.sample_time.civil_time < \"2026-11-21\"";
        assert_eq!(read(of, "heart-rate").unwrap().days, (day("2026-11-20"), day("2026-11-21")));
        assert!(read(of, "steps").is_err());
        assert!(read("steps.interval.civil_end_time >= \"2026-11-20\"", "steps").is_err());
        assert!(read("sleep.interval.civil_start_time >= \"2026-11-20\"", "sleep").is_err());
        assert!(read("heart-rate.sample_time.civil_time >= \"2026-11-20\"", "heart-rate").is_err());
        assert!(read("steps.interval.civil_start_time >= 2026-11-20", "steps").is_err());
        assert!(read("steps.interval.civil_start_time > \"2026-11-20\"", "steps").is_err());
        assert!(read("electrocardiogram.interval.start_time < \"2026-11-20T00:00:00Z\"", "electrocardiogram").is_err());
        assert!(read("electrocardiogram.interval.start_time >= \"2026-11-20T00:00:00Z\"", "electrocardiogram").is_ok());
    }
}
