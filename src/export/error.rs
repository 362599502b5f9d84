//! What can stand in the way of an export.

use crate::archive::ArchiveError;
use crate::model::Day;

/// An export cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The archive cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// No day of the range is held.
    #[error("no day of {who} is held{}", span(*since, *until))]
    NoDays {
        /// The providers asked for.
        who: String,
        /// The first day wanted.
        since: Option<Day>,
        /// The last day wanted.
        until: Option<Day>,
        /// The first and the last day held, if any is.
        held: Option<(Day, Day)>,
    },
    /// The days have none of what is wanted.
    #[error("none of the days has {}", needed.join(" or "))]
    NothingHeld {
        /// The resources without which there is nothing to make.
        needed: Vec<String>,
        /// The resources that they have.
        seen: Vec<String>,
    },
    /// Neither a resource of these days nor a table.
    #[error("there is no resource \"{name}\"")]
    NoSuchResource {
        /// The name asked for.
        name: String,
        /// The known name that is nearest to it.
        nearest: Option<String>,
        /// What there is.
        known: Vec<String>,
    },
    /// There are no positions in what was asked for.
    #[error("{what} has no tracks")]
    NoTracks {
        /// What was asked for.
        what: String,
        /// The services that have tracks, where this one has none.
        known: Vec<&'static str>,
        /// The resources that have tracks, where another was asked for.
        resources: Vec<String>,
    },
    /// No table of the service's own, and none named.
    #[error("a table is made of one resource, and none is named")]
    NoTable,
    /// A row and its columns do not fit.
    #[error("a row has {cells} cells for {columns} columns")]
    Width {
        /// Cells in the row.
        cells: usize,
        /// Columns of the table.
        columns: usize,
    },
    /// CSV cannot be written.
    #[error("cannot write the table")]
    Csv(#[from] csv::Error),
    /// XML cannot be written.
    #[error("cannot write the tracks")]
    Xml(#[from] std::io::Error),
}

/// ` from 2015-07-01 to 2015-07-10`, as far as it is bounded.
fn span(since: Option<Day>, until: Option<Day>) -> String {
    let from = since.map(|day| format!(" from {day}")).unwrap_or_default();
    let to = until.map(|day| format!(" to {day}")).unwrap_or_default();
    from + &to
}
