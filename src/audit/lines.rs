//! Lines of words, kept as one text: a list of thousands of revisions is read back quickly that way.

/// What a piece of a line is, so that a terminal can show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Words between the others.
    Plain,
    /// What the line is about.
    Name,
    /// A value that was.
    Old,
    /// A value that is.
    New,
    /// What holds less.
    Dim,
}

const TONES: [Tone; 5] = [Tone::Plain, Tone::Name, Tone::Old, Tone::New, Tone::Dim];

/// A character of Unicode's private use area begins each piece and tells its tone; the one after
/// them ends a line.
const FIRST: char = '\u{e000}';
const END: char = '\u{e005}';

/// A line in pieces.
pub(super) type Line = Vec<(Tone, String)>;

/// Lines in pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines(String);

impl Lines {
    /// The lines of which this is the text.
    pub(super) fn from_text(text: String) -> Lines {
        Lines(text)
    }

    /// The text that they are kept as.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Adds a line. Control characters in it, and those that part the pieces, are shown as escapes: a
    /// name must not make lines of its own.
    pub(super) fn push(&mut self, line: &Line) {
        for (tone, piece) in line {
            self.0.extend(char::from_u32(u32::from(FIRST) + *tone as u32));
            for c in piece.chars() {
                match c.is_control() || (FIRST..=END).contains(&c) {
                    true => self.0.extend(c.escape_unicode()),
                    false => self.0.push(c),
                }
            }
        }
        self.0.push(END);
    }

    /// The lines, each as its pieces.
    pub fn iter(&self) -> impl Iterator<Item = impl Iterator<Item = (Tone, &str)>> {
        let starts = |c: char| (FIRST..END).contains(&c);
        self.0.split_terminator(END).map(move |line| {
            line.match_indices(starts).map(move |(at, mark)| {
                let rest = &line[at + mark.len()..];
                let tone = mark.chars().next().map_or(0, |c| u32::from(c) - u32::from(FIRST));
                (
                    TONES.get(tone as usize).copied().unwrap_or(Tone::Plain),
                    &rest[..rest.find(starts).unwrap_or(rest.len())],
                )
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_as_they_went_in_and_names_make_none() {
        let mut lines = Lines::default();
        lines.push(&vec![(Tone::Name, "Café\n\u{1b}[2J\u{e005}".into()), (Tone::Plain, String::new())]);
        lines.push(&vec![(Tone::Dim, "and \"more\"".into())]);
        let back: Vec<Vec<(Tone, &str)>> = lines.iter().map(Iterator::collect).collect();
        assert_eq!(back[0], [(Tone::Name, "Café\\u{a}\\u{1b}[2J\\u{e005}"), (Tone::Plain, "")]);
        assert_eq!(back[1], [(Tone::Dim, "and \"more\"")]);
        assert_eq!(back.len(), 2);
    }
}
