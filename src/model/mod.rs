//! Pure values: days, names, hashes, the clock. No I/O, nothing of the network or of git.

mod clock;
mod day;
mod document;
#[cfg(test)]
mod fuzz;
mod hash;
mod kind;
mod list;
mod name;
mod nearest;
mod service;
mod tally;
mod twins;

pub use clock::{Clock, ClockError, timestamp};
pub use day::{Day, DayError, DayRange, Zone};
pub use document::{Account, DayDocument, DocumentError, JsonText, Resources};
pub use hash::ContentHash;
pub use kind::{Action, RevisionKind};
pub use list::JsonList;
pub use name::{NameError, ProviderName};
pub use nearest::nearest;
pub use tally::{DayChange, Origin, Tally, commit_message};
pub use twins::{Reading, Twin, Twins};

/// The archive format that this fitsnap writes, and the newest it reads.
pub const FORMAT: i64 = 1;
pub use service::{
    ApiAlone, AppProof, CountHeader, Description, Export, QuotaWindow, Refusal, Resource, Revocation, SignIn,
    no_more_than_its_status,
};
