//! Which side's answer a merged document takes, part by part.

use std::collections::{BTreeMap, BTreeSet};

use super::parts::{Named, Part, Parts};

/// What becomes of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// It is as this side has it, whenever that came.
    Settled(Part),
    /// Each side has brought an answer of its own: the newer is wanted.
    Newer {
        /// This side's.
        ours: Part,
        /// The other's.
        theirs: Part,
    },
}

/// Chooses for each part between two sides that grew out of a base; none where the base is not
/// known. What only one side altered is taken from it, what one altered and the other took out is kept.
pub(super) fn choose(base: Option<&Parts>, ours: &Parts, theirs: &Parts) -> BTreeMap<Named, Choice> {
    let mut chosen = BTreeMap::new();
    for name in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        let (one, other) = (ours.get(name), theirs.get(name));
        let before = base.map(|base| base.get(name));
        let taken = match (one, other) {
            (one, other) if one == other || Some(other) == before => one,
            (one, other) if Some(one) == before => other,
            (one, None) => one,
            (None, other) => other,
            (Some(Part::Answer(_)), Some(Part::Absent(_))) => one,
            (Some(Part::Absent(_)), Some(Part::Answer(_))) => other,
            (Some(one), Some(other)) => {
                chosen.insert(name.clone(), Choice::Newer { ours: one.clone(), theirs: other.clone() });
                continue;
            }
        };
        if let Some(part) = taken {
            chosen.insert(name.clone(), Choice::Settled(part.clone()));
        }
    }
    if chosen.is_empty() {
        // Each side took out what the other kept. A document of nothing would say that nothing was there.
        let both = ours.iter().chain(theirs);
        chosen = both.map(|(name, part)| (name.clone(), Choice::Settled(part.clone()))).collect();
    }
    chosen
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::JsonText;

    /// `heart=1 spo2:gone /note=2`: an answer, a reason why there is none, a member of another's.
    fn parts(text: &str) -> Parts {
        let named = |name: &str| match name.strip_prefix('/') {
            Some(name) => Named::Other(name.to_owned()),
            None => Named::Resource(name.to_owned()),
        };
        let part = |word: &str| match word.split_once('=') {
            Some((name, answer)) => (named(name), Part::Answer(JsonText::parse(answer.as_bytes()).unwrap())),
            None => {
                let (name, reason) = word.split_once(':').unwrap();
                (named(name), Part::Absent(reason.to_owned()))
            }
        };
        text.split_whitespace().map(part).collect()
    }

    fn told(base: Option<&str>, ours: &str, theirs: &str) -> String {
        let chosen = choose(base.map(parts).as_ref(), &parts(ours), &parts(theirs));
        let spell = |part: &Part| String::from_utf8(part.spelling().to_vec()).unwrap();
        let word = |name: &Named| match name {
            Named::Resource(name) => name.clone(),
            Named::Other(name) => format!("/{name}"),
        };
        let chosen = chosen.iter().map(|(name, choice)| (word(name), choice));
        let words = chosen.map(|(name, choice)| match choice {
            Choice::Settled(Part::Answer(answer)) => format!("{name}={}", spell(&Part::Answer(answer.clone()))),
            Choice::Settled(Part::Absent(reason)) => format!("{name}:{reason}"),
            Choice::Newer { ours, theirs } => format!("{name}={}|{}", spell(ours), spell(theirs)),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_one_side_altered_is_taken_from_it() {
        assert_eq!(told(Some("a=1 b=1"), "a=2 b=1", "a=1 b=3"), "a=2 b=3");
        assert_eq!(told(Some("a=1 b=1"), "a=1", "a=2 b=1"), "a=2");
        assert_eq!(told(Some("a=1"), "a=1 b=2", "a=1 c=3"), "a=1 b=2 c=3");
        assert_eq!(told(Some("a=1"), "a:gone", "a=1 b=1"), "a:gone b=1");
    }

    #[test]
    fn what_others_put_beside_the_resources_is_merged_like_them() {
        assert_eq!(told(Some("a=1 /b=1"), "a=2 /b=1", "a=1 /b=1 /a=3"), "a=2 /a=3 /b=1");
        assert_eq!(told(Some("a=1"), "a=1 /b=1", "a=2 /b=2"), "a=2 /b=1|2");
    }

    #[test]
    fn what_both_altered_is_a_matter_of_time() {
        assert_eq!(told(Some("a=1 b=1"), "a=2 b=1", "a=3 b=1"), "a=2|3 b=1");
        assert_eq!(told(None, "a=2 b=4", "a=3 b=4"), "a=2|3 b=4");
        assert_eq!(told(None, "a:x", "a:y"), "a=x|y");
    }

    #[test]
    fn what_one_side_has_is_kept_against_the_others_lack() {
        assert_eq!(told(Some("a=1 b=1"), "b=2", "a=2 b=1"), "a=2 b=2");
        assert_eq!(told(None, "a=1", "b=1"), "a=1 b=1");
        assert_eq!(told(None, "a=1 b:gone", "a:gone b=2"), "a=1 b=2");
        assert_eq!(told(Some("a=1 b=1"), "a=1", "b=1"), "a=1 b=1");
    }
}
