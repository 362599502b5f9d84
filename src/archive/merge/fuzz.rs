//! Merging any two sides.
#![allow(clippy::unwrap_used)]

use super::choice::{Choice, choose};
use super::parts::Part;
use super::{compose, parts_of};
use crate::archive::Place;
use crate::archive::verify::document_fault;
use crate::fuzzing::{fuzz_target, parts};

fuzz_target!(merged_documents, |bytes| {
    let place = Place::of("data/moves/2015/07/05.json");
    let read = |(name, text): (String, &[u8])| Some((name, parts_of(&place, text).ok()?));
    let sides: Vec<_> = parts(bytes).into_iter().filter_map(read).collect();
    let side = |wanted: &str| sides.iter().find(|(name, _)| name == wanted).map(|(_, parts)| parts);
    let (Some(ours), Some(theirs)) = (side("ours"), side("theirs")) else { return };
    let chosen = choose(side("base"), ours, theirs);
    for (name, choice) in &chosen {
        let of = |part: &Part| [ours.get(name), theirs.get(name)].contains(&Some(part));
        match choice {
            Choice::Settled(part) => assert!(of(part), "{name:?} is of neither side"),
            Choice::Newer { ours: one, theirs: other } => {
                assert_eq!((ours.get(name), theirs.get(name)), (Some(one), Some(other)));
            }
        }
    }
    // Nothing goes that both have, and the two machines come to the same.
    assert!(ours.keys().filter(|name| theirs.contains_key(*name)).all(|name| chosen.contains_key(name)));
    let back = choose(side("base"), theirs, ours);
    for (name, choice) in &chosen {
        match (choice, &back[name]) {
            (Choice::Settled(one), Choice::Settled(other)) if ours.get(name) != theirs.get(name) => {
                let both = ours.contains_key(name) && theirs.contains_key(name);
                assert!(!both || one == other, "{name:?}");
            }
            (Choice::Newer { ours: one, .. }, Choice::Newer { theirs: other, .. }) => assert_eq!(one, other),
            (one, other) => assert_eq!(one, other),
        }
    }
    let newer = chosen.into_iter().map(|(name, choice)| match choice {
        Choice::Settled(part) | Choice::Newer { ours: part, .. } => (name, part),
    });
    let written = compose(&place, newer.collect()).unwrap();
    assert_eq!(document_fault(&place, &written), None);
});
