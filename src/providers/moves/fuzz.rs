//! Any bytes as an answer of Moves.

use super::{answer, profile};
use crate::fuzzing::fuzz_target;
use crate::model::Day;
use crate::providers::fuzz::{answer as sent, assert_days, range};

fuzz_target!(moves_answer, |bytes| {
    let sent = sent(bytes);
    match answer::read(&sent, range()) {
        Ok(days) => assert_days(&days, range(), |item| {
            let date = item.get("date")?.as_str()?;
            date.parse().or_else(|_| Day::from_compact(&date)).ok()
        }),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    match profile::read(&sent, None) {
        Ok(opening) => assert_eq!(opening.person, profile::person(&opening.account)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
