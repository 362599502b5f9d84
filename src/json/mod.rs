//! JSON as fitsnap reads and writes it: canonical form 1, and what differs between two documents.
//!
//! The parser is our own because `serde_json` keeps the last of two equal member names silently and refuses an
//! unpaired surrogate, and because numbers must keep every digit.

mod diff;
mod error;
mod lines;
mod number;
mod parse;
mod string;
mod value;
mod write;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;

pub use diff::{Change, ChangeKind, Comparison, Counts, Edit, Identity, PathStep, RecordRules, Substance, compare};
pub use error::{JsonError, Problem};
pub use lines::unified;
pub use string::quote;
pub use value::{Items, Json, Kind, Members, Name, Value};

/// Gives the canonical form 1 of a text, with the line feed at its end.
///
/// # Errors
///
/// As [`Json::parse`].
pub fn canonical(text: &[u8]) -> Result<Vec<u8>, JsonError> {
    let nodes = parse::parse(text)?;
    Ok(write::canonical(value::Doc { text, nodes: &nodes }, 0))
}
