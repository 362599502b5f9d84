//! What can be made of each service's days.

use super::page::Page;
use super::table::Table;
use super::track::Traces;
use super::{fitbit, googlehealth, moves, runkeeper, strava};
use crate::json::Value;

/// What fitsnap knows to make of the days of one service.
pub struct Service {
    /// The word for it in settings.
    pub kind: &'static str,
    /// Its tables; the first is meant where none is named.
    pub tables: &'static [Table],
    /// Where the person was, by resource; the first that tells anything of a day counts, as others tell
    /// the same again.
    pub traces: &'static [Trace],
}

/// How tracks are read from a resource.
pub struct Trace {
    /// The resource.
    pub resource: &'static str,
    /// Adds the tracks and stays of a day.
    pub read: fn(&Page<'_>, Value<'_>, &mut Traces),
}

/// Every service that has tables or tracks of its own.
pub const SERVICES: &[Service] =
    &[moves::SERVICE, strava::SERVICE, runkeeper::SERVICE, fitbit::SERVICE, googlehealth::SERVICE];

/// What is known of the service of a kind (`moves`).
pub fn service(kind: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.kind == kind)
}

impl Service {
    /// The table of a name.
    pub fn table(&self, name: &str) -> Option<&'static Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// Where the person was on a day, as the first resource tells that does, or the one named.
    pub fn traces(&self, page: &Page<'_>, resource: Option<&str>) -> Traces {
        let mut traces = Traces::default();
        for trace in self.traces.iter().filter(|trace| resource.is_none_or(|name| name == trace.resource)) {
            if let Some(value) = page.resource(trace.resource) {
                (trace.read)(page, value, &mut traces);
            }
            if !traces.tracks.is_empty() || !traces.stays.is_empty() {
                break;
            }
        }
        traces
    }
}
