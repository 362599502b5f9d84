//! Which records of two arrays are the same record.

use std::collections::HashSet;

use similar::{Algorithm, DiffOp};

use crate::json::{Kind, Value};

use super::content;
use super::patterns::{Frame, Patterns};

/// Members that tell records apart where nothing is declared, the surest first.
const LIKELY_KEYS: [&str; 7] = ["id", "logId", "uri", "date", "dateTime", "time", "startTime"];
/// Of what two records hold besides their keys, this share in thousandths makes them one record whose key changed.
const TWINS: usize = 700;
/// The same between two records that stand between the same neighbours, in an array without keys.
const TWINS_IN_PLACE: usize = 500;
/// Looking for twins among more pairs than this would take too long: they count as removed and added.
const MOST_PAIRS: usize = 250_000;
/// The same for the leaves to be compared.
const MOST_LEAVES: usize = 50_000_000;

/// Which records of two arrays are the same record. Those that are the same in all they hold may be left out.
#[derive(Debug, Default)]
pub(super) struct Matching {
    /// Old and new index of records to be compared, in the order of the newer array.
    pub(super) pairs: Vec<(usize, usize)>,
    /// Old indices of records that are gone.
    pub(super) removed: Vec<usize>,
    /// New indices of records that came.
    pub(super) added: Vec<usize>,
    /// Whether the pairs stand in another order.
    pub(super) reordered: bool,
}

/// Brings the records of two arrays together.
///
/// `keys` are the members declared to make the key; `frame` is the place of the items among the volatile paths.
pub(super) fn matching(
    old: &[Value<'_>],
    new: &[Value<'_>],
    keys: Option<&[&str]>,
    volatile: &mut Patterns,
    frame: Frame,
) -> Matching {
    let ahead = old.iter().zip(new).take_while(|(a, b)| a.same(**b)).count();
    let rest = old[ahead..].iter().rev().zip(new[ahead..].iter().rev());
    let behind = rest.take_while(|(a, b)| a.same(**b)).count();
    let (old_rest, new_rest) = (&old[ahead..old.len() - behind], &new[ahead..new.len() - behind]);
    if old_rest.is_empty() || new_rest.is_empty() {
        return Matching {
            removed: (ahead..ahead + old_rest.len()).collect(),
            added: (ahead..ahead + new_rest.len()).collect(),
            ..Matching::default()
        };
    }
    let has_key = |records: &[Value<'_>], keys| records.iter().any(|record| content::key(*record, keys).is_some());
    let declared = keys.filter(|keys| has_key(old_rest, keys) && has_key(new_rest, keys));
    let likely = LIKELY_KEYS.each_ref().map(std::slice::from_ref);
    let keys = declared.or_else(|| likely.into_iter().find(|key| tells_apart(old, key) && tells_apart(new, key)));

    let mut sides = Sides { old: Side::new(old_rest), new: Side::new(new_rest), pairs: Vec::new() };
    match keys {
        Some(keys) => sides.pair_by_key(keys, volatile, frame),
        None => sides.pair_by_content(volatile, frame),
    }
    sides.pair_twins(keys.unwrap_or_default(), volatile, frame);

    sides.pairs.sort_unstable_by_key(|&(_, new)| new);
    let reordered = !sides.pairs.is_sorted_by_key(|&(old, _)| old);
    Matching {
        removed: sides.old.left().map(|index| index + ahead).collect(),
        added: sides.new.left().map(|index| index + ahead).collect(),
        pairs: sides.pairs.iter().map(|&(old, new)| (old + ahead, new + ahead)).collect(),
        reordered,
    }
}

/// Whether each record has this scalar member, and each another one.
fn tells_apart(records: &[Value<'_>], key: &[&str]) -> bool {
    let mut seen = HashSet::with_capacity(records.len());
    records.iter().all(|record| {
        let member = key.first().and_then(|name| record.get(name));
        let scalar = member.is_some_and(|member| matches!(member.kind(), Kind::Number | Kind::String));
        scalar && content::key(*record, key).is_some_and(|key| seen.insert(key))
    })
}

/// The records of one array while they are being paired.
struct Side<'s, 'v> {
    records: &'s [Value<'v>],
    paired: Vec<bool>,
    /// For each record the stretch between two neighbours that did not change, and its place in there.
    gaps: Vec<(usize, usize)>,
}

impl<'s, 'v> Side<'s, 'v> {
    fn new(records: &'s [Value<'v>]) -> Side<'s, 'v> {
        let gaps = (0..records.len()).map(|index| (0, index)).collect();
        Side { records, paired: vec![false; records.len()], gaps }
    }

    fn left(&self) -> impl Iterator<Item = usize> {
        self.paired.iter().enumerate().filter(|(_, paired)| !**paired).map(|(index, _)| index)
    }

    fn numbers(&self, number: impl FnMut(Value<'v>) -> u64) -> Vec<u64> {
        self.records.iter().copied().map(number).collect()
    }

    /// The records left by their numbers, in the order of the array where those are equal.
    fn sorted(&self, numbers: &[u64]) -> Vec<(u64, usize)> {
        let mut sorted: Vec<_> = self.left().map(|index| (numbers[index], index)).collect();
        sorted.sort_unstable();
        sorted
    }
}

struct Sides<'s, 'v> {
    old: Side<'s, 'v>,
    new: Side<'s, 'v>,
    pairs: Vec<(usize, usize)>,
}

impl Sides<'_, '_> {
    fn pair(&mut self, old: usize, new: usize) {
        self.old.paired[old] = true;
        self.new.paired[new] = true;
        self.pairs.push((old, new));
    }

    /// Pairs the records left that have the same number, in their order.
    fn pair_equal(&mut self, old: &[u64], new: &[u64]) {
        let mut new = self.new.sorted(new).into_iter().peekable();
        for (number, index) in self.old.sorted(old) {
            while new.next_if(|&(other, _)| other < number).is_some() {}
            if let Some((_, other)) = new.next_if(|&(other, _)| other == number) {
                self.pair(index, other);
            }
        }
    }

    fn pair_by_key(&mut self, keys: &[&str], volatile: &mut Patterns, frame: Frame) {
        // A record without a key is told apart by its content.
        let mut key = |record| content::key(record, keys).unwrap_or_else(|| content::hash(record, volatile, frame));
        let (old, new) = (self.old.numbers(&mut key), self.new.numbers(key));
        let repeated = |sorted: Vec<(u64, usize)>| sorted.windows(2).any(|pair| pair[0].0 == pair[1].0);
        if repeated(self.old.sorted(&old)) || repeated(self.new.sorted(&new)) {
            // Of several records with one key, those that did not change belong together first.
            let mut content = |record| content::hash(record, volatile, frame);
            let old_content = self.old.numbers(&mut content);
            let new_content = self.new.numbers(content);
            let both = |keys: &[u64], contents: &[u64]| -> Vec<u64> {
                keys.iter().zip(contents).map(|(key, content)| key.rotate_left(17) ^ content).collect()
            };
            self.pair_equal(&both(&old, &old_content), &both(&new, &new_content));
        }
        self.pair_equal(&old, &new);
    }

    fn pair_by_content(&mut self, volatile: &mut Patterns, frame: Frame) {
        let mut content = |record| content::hash(record, volatile, frame);
        let (old, new) = (self.old.numbers(&mut content), self.new.numbers(content));
        let ops = similar::capture_diff_slices(Algorithm::Myers, &old, &new);
        let (mut gap, mut old_begin, mut new_begin) = (0, 0, 0);
        for op in ops {
            if let DiffOp::Equal { old_index, new_index, len } = op {
                for place in 0..len {
                    self.pair(old_index + place, new_index + place);
                }
                gap += 1;
                (old_begin, new_begin) = (old_index + len, new_index + len);
            } else {
                for index in op.old_range() {
                    self.old.gaps[index] = (gap, index - old_begin);
                }
                for index in op.new_range() {
                    self.new.gaps[index] = (gap, index - new_begin);
                }
            }
        }
        // What moved is in another gap.
        self.pair_equal(&old, &new);
    }

    /// Pairs what is left and nearly the same, the likest first.
    fn pair_twins(&mut self, keys: &[&str], volatile: &mut Patterns, frame: Frame) {
        let (old, new): (Vec<usize>, Vec<usize>) = (self.old.left().collect(), self.new.left().collect());
        if old.is_empty() || new.is_empty() || old.len().saturating_mul(new.len()) > MOST_PAIRS {
            return;
        }
        let mut leaves = |side: &Side<'_, '_>, left: &[usize]| -> Vec<Vec<u64>> {
            left.iter().map(|&index| content::leaves(side.records[index], keys, volatile, frame)).collect()
        };
        let (old_leaves, new_leaves) = (leaves(&self.old, &old), leaves(&self.new, &new));
        let total = |leaves: &[Vec<u64>]| leaves.iter().map(Vec::len).sum::<usize>();
        let work =
            (total(&old_leaves).saturating_mul(new.len())).saturating_add(total(&new_leaves).saturating_mul(old.len()));
        if work > MOST_LEAVES {
            return;
        }
        let mut twins = Vec::new();
        for (&i, mine) in old.iter().zip(&old_leaves) {
            for (&j, theirs) in new.iter().zip(&new_leaves) {
                let ((gap, place), (other_gap, other_place)) = (self.old.gaps[i], self.new.gaps[j]);
                let needed = if keys.is_empty() && gap == other_gap { TWINS_IN_PLACE } else { TWINS };
                let (less, most) = (mine.len().min(theirs.len()), mine.len().max(theirs.len()));
                if most < 2 || less * 1000 < needed * most {
                    continue;
                }
                let alike = content::common(mine, theirs) * 1000 / most;
                if alike >= needed {
                    twins.push((std::cmp::Reverse(alike), gap.abs_diff(other_gap), place.abs_diff(other_place), i, j));
                }
            }
        }
        twins.sort_unstable();
        for (_, _, _, i, j) in twins {
            if !self.old.paired[i] && !self.new.paired[j] {
                self.pair(i, j);
            }
        }
    }
}
