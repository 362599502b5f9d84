//! Words on a terminal: how wide they are, and where they go on below.

use textwrap::{Options, WordSplitter, WrapAlgorithm};
use unicode_width::UnicodeWidthStr;

use super::sanitize;

/// Lines of words longer than this are hard to read, however wide the terminal.
const MOST: usize = 100;

/// In less than this nothing can be said.
const LEAST: usize = 24;

/// How many columns a text takes on a terminal: two for an East Asian letter or an emoji, none for a mark over
/// another letter.
pub fn columns(text: &str) -> usize {
    sanitize(text).width()
}

/// A text with as many spaces behind it as make it so many columns wide.
pub fn padded(text: &str, wide: usize) -> String {
    format!("{text}{}", " ".repeat(wide.saturating_sub(columns(text))))
}

/// A line broken between words where it is wider than the terminal; what comes below begins `hang` columns
/// in. A word too long for a line stays whole: the terminal breaks it, and it is copied as one.
pub fn folded(line: &str, columns: usize, hang: usize) -> String {
    let columns = columns.clamp(LEAST, MOST);
    let hang = " ".repeat(hang.min(columns / 2));
    let options = Options::new(columns)
        .subsequent_indent(&hang)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    textwrap::fill(line, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_is_that_on_a_terminal() {
        for (text, wide) in [("Home", 4), ("\u{6771}\u{4eac}\u{99c5}", 6), ("e\u{301}", 1), ("\u{1f3e0}", 2)] {
            assert_eq!(columns(text), wide, "{text}");
        }
        assert_eq!(padded("\u{6771}\u{4eac}", 6), "\u{6771}\u{4eac}  ");
        assert_eq!(padded("Home", 2), "Home");
    }

    #[test]
    fn lines_go_on_below_and_long_words_stay_whole() {
        assert_eq!(folded("  do: one two three four five", 24, 6), "  do: one two three four\n      five");
        let address = "https://example.org/a/very/long/way/to/go";
        assert_eq!(folded(&format!("see {address} now"), 24, 2), format!("see\n  {address}\n  now"));
        // Colours take no room, and East Asian letters take two columns.
        assert_eq!(folded("\x1b[31mfailed\x1b[0m one two three", 24, 2), "\x1b[31mfailed\x1b[0m one two three");
        let city = "\u{6771}\u{4eac}\u{99c5}";
        assert_eq!(folded(&[city; 5].join(" "), 24, 2), format!("{}\n  {}", [city; 3].join(" "), [city; 2].join(" ")));
    }
}
