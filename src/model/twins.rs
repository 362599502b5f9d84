//! Two resources that tell of the same records in words of their own: an API's and an export's.

use crate::json::RecordRules;

/// What two resources of a provider have in common.
#[derive(Debug)]
pub struct Twins {
    /// The one resource, a list of records.
    pub one: &'static str,
    /// The other.
    pub other: &'static str,
    /// What both tell; the members that `rules` tell records apart by among them.
    pub members: &'static [Twin],
    /// How the records are told apart, in a list called like `one`.
    pub rules: RecordRules,
}

/// A member that both tell.
#[derive(Debug)]
pub struct Twin {
    /// What it is called here.
    pub name: &'static str,
    /// The paths of the one's member, the first that is there.
    pub one: &'static [&'static str],
    /// The same of the other's.
    pub other: &'static [&'static str],
    /// How both are read.
    pub reading: Reading,
}

/// How a member is read, so that two spellings of one thing are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As it stands.
    Text,
    /// A word: capitals and what is no letter say nothing.
    Word,
    /// A number, as far as the coarser of two tells.
    Number,
    /// A number of metres; where another unit stands beside it (`_unit`), of that.
    Length,
    /// A number of seconds, or hours, minutes and seconds with colons between.
    Duration,
    /// A local date and time, `2011-01-01 00:00:00` or `Sat, 1 Jan 2011 00:00:00`.
    Start,
    /// Yes or no, as a word or a number.
    Truth,
}
