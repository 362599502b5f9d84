//! Fitbit.

use std::borrow::Cow;

use super::ExportError;
use super::page::{Page, scalar};
use super::service::Service;
use super::table::{Sheet, Table};
use crate::json::Value;

/// What can be made of Fitbit's days.
pub(super) const SERVICE: Service = Service {
    kind: "fitbit",
    tables: &[intraday("heart", "a row a heart rate, in beats a minute"), intraday("steps", "a row a minute: steps")],
    traces: &[],
};

const fn intraday(resource: &'static str, about: &'static str) -> Table {
    Table { name: resource, resource, about, columns: &["time", "value"], rows: samples }
}

/// `{"activities-heart-intraday": {"dataset": [{"time": "00:00:05", "value": 62}]}}`, the times by the
/// person's wall clock.
fn samples(page: &Page<'_>, resource: Value<'_>, sheet: &mut Sheet) -> Result<(), ExportError> {
    let series = resource.members().filter(|(name, _)| name.as_str().ends_with("-intraday"));
    for sample in series.filter_map(|(_, series)| series.get("dataset")).flat_map(Value::items) {
        let cell = |name: &str| sample.get(name).map(scalar).unwrap_or_default();
        let time: Cow<'_, str> = format!("{}T{}", page.day, cell("time")).into();
        sheet.row(&[time, cell("value")])?;
    }
    Ok(())
}
