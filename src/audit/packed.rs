//! A finding as bytes, and back: a list of thousands is read again that way in no time.

use std::collections::BTreeMap;

use super::Finding;
use super::lines::Lines;
use crate::model::RevisionKind;

/// The bytes of a finding; what the lines differ in is not among them.
pub(super) fn pack(finding: &Finding) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128 + finding.words.as_str().len() + finding.edits.len());
    let kind = finding.kind.and_then(|kind| RevisionKind::ALL.iter().position(|one| *one == kind));
    bytes.push(kind.map_or(u8::MAX, |at| at as u8));
    number(&mut bytes, finding.resources.len());
    for (name, counts) in &finding.resources {
        text(&mut bytes, name);
        counts.iter().for_each(|count| number(&mut bytes, *count));
    }
    text(&mut bytes, finding.words.as_str());
    text(&mut bytes, &finding.edits);
    number(&mut bytes, finding.members.len());
    for (name, members) in &finding.members {
        text(&mut bytes, name);
        number(&mut bytes, members.len());
        for (member, count) in members {
            text(&mut bytes, member);
            number(&mut bytes, *count);
        }
    }
    bytes
}

fn number(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    number(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

/// The finding of these bytes; none where they are not those of one.
pub(super) fn unpack(bytes: &[u8]) -> Option<Finding> {
    let mut rest = Rest(bytes);
    let kind = RevisionKind::ALL.get(usize::from(rest.take(1)?[0])).copied();
    let mut resources = BTreeMap::new();
    for _ in 0..rest.number()? {
        resources.insert(rest.text()?.to_owned(), [rest.number()?, rest.number()?, rest.number()?]);
    }
    let words = Lines::from_text(rest.text()?.to_owned());
    let edits = rest.text()?.to_owned();
    let mut all_members = BTreeMap::new();
    for _ in 0..rest.number()? {
        let name = rest.text()?.to_owned();
        let mut members = BTreeMap::new();
        for _ in 0..rest.number()? {
            members.insert(rest.text()?.to_owned(), rest.number()?);
        }
        all_members.insert(name, members);
    }
    let finding = Finding { kind, resources, words, edits, members: all_members, ..Finding::default() };
    rest.0.is_empty().then_some(finding)
}

struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }

    fn text(&mut self) -> Option<&'b str> {
        let length = self.number()?;
        std::str::from_utf8(self.take(length)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::Tone;
    use super::*;

    #[test]
    fn findings_come_back_as_they_were() {
        let mut words = Lines::default();
        words.push(&vec![(Tone::Old, "22:59:32 é".into())]);
        let finding = Finding {
            kind: Some(RevisionKind::Shrunk),
            resources: [("heart".into(), [1, 0, 3]), (String::new(), [0, 1, 0])].into(),
            words,
            edits: "{\"path\": \"/a\"}".into(),
            members: [("heart".into(), [("*/bpm".into(), 7)].into())].into(),
            ..Finding::default()
        };
        let bytes = pack(&finding);
        assert_eq!(unpack(&bytes), Some(finding));
        assert_eq!(unpack(&pack(&Finding::default())), Some(Finding::default()));
        for length in 0..bytes.len() {
            assert_eq!(unpack(&bytes[..length]), None);
        }
    }
}
