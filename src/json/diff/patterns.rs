//! Paths with `*` and `**`, followed step by step while walking down a document.

use std::borrow::Cow;

use crate::json::Name;

/// A step down a document.
#[derive(Clone, Copy)]
pub(super) enum Down<'a> {
    Member(Name<'a>),
    /// A member whose name stands in no document.
    Named(&'a str),
    Item,
}

/// A segment of a pattern.
enum Segment {
    /// `**`
    Deep,
    /// `*`
    Any,
    Name(Cow<'static, str>),
}

/// A set of patterns, and how far each has come on the way down.
pub(super) struct Patterns {
    patterns: Vec<Vec<Segment>>,
    /// The states of all frames on the way, one frame after the other.
    states: Vec<State>,
}

/// `at` segments of a pattern are behind us.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    pattern: usize,
    at: usize,
}

/// The states at one place of the document.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    start: usize,
    end: usize,
}

impl Patterns {
    /// Gives the patterns and the frame of the place they start from.
    pub(super) fn new(patterns: impl Iterator<Item = &'static str>) -> (Patterns, Frame) {
        let patterns = patterns.map(|pattern| pattern.split('/').map(Segment::of).collect()).collect();
        let mut this = Patterns { patterns, states: Vec::new() };
        for pattern in 0..this.patterns.len() {
            this.add(0, State { pattern, at: 0 });
        }
        let end = this.states.len();
        (this, Frame { start: 0, end })
    }

    /// Goes a step down. Frames are left in the reverse order of entering them.
    pub(super) fn enter(&mut self, frame: Frame, down: Down<'_>) -> Frame {
        let start = self.states.len();
        let name = match down {
            Down::Member(name) => Some(name.bytes()),
            Down::Named(name) => Some(Cow::Borrowed(name.as_bytes())),
            Down::Item => None,
        };
        for index in frame.start..frame.end {
            let State { pattern, at } = self.states[index];
            let next = State { pattern, at: at + 1 };
            match self.patterns[pattern].get(at) {
                Some(Segment::Deep) => self.add(start, State { pattern, at }),
                Some(Segment::Any) => self.add(start, next),
                Some(Segment::Name(segment)) if name.as_deref() == Some(segment.as_bytes()) => self.add(start, next),
                _ => {}
            }
        }
        Frame { start, end: self.states.len() }
    }

    pub(super) fn leave(&mut self, frame: Frame) {
        self.states.truncate(frame.start);
    }

    /// Leaves all frames that were entered below this one.
    pub(super) fn back_to(&mut self, frame: Frame) {
        self.states.truncate(frame.end);
    }

    /// The first of the patterns that lead right to this place.
    pub(super) fn found(&self, frame: Frame) -> Option<usize> {
        let states = &self.states[frame.start..frame.end];
        states.iter().filter(|state| state.at == self.patterns[state.pattern].len()).map(|state| state.pattern).min()
    }

    /// Whether no pattern leads here or further down.
    pub(super) fn hopeless(frame: Frame) -> bool {
        frame.start == frame.end
    }

    fn add(&mut self, start: usize, state: State) {
        if self.states[start..].contains(&state) {
            return;
        }
        self.states.push(state);
        if let Some(Segment::Deep) = self.patterns[state.pattern].get(state.at) {
            self.add(start, State { at: state.at + 1, ..state });
        }
    }
}

impl Segment {
    fn of(text: &'static str) -> Segment {
        match text {
            "**" => Segment::Deep,
            "*" => Segment::Any,
            _ if text.contains('~') => Segment::Name(Cow::Owned(text.replace("~1", "/").replace("~0", "~"))),
            _ => Segment::Name(Cow::Borrowed(text)),
        }
    }
}
