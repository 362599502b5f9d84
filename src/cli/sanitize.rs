//! Text from a provider or a file, made safe for a terminal.

use std::borrow::Cow;

/// Shows what could steer a terminal or hide text as an escape: control characters, bidirectional
/// overrides, zero-width characters but for the joiners that emoji and many scripts are written with. A line feed
/// is one of them: a name must not forge lines.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if harmful(c) { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    Cow::Owned(safe)
}

fn harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_instead() {
        assert_eq!(sanitize("Home 🏠 é 👨\u{200d}👩\u{200d}👧"), "Home 🏠 é 👨\u{200d}👩\u{200d}👧");
        assert_eq!(sanitize("a\x1b[2Jb\nc\u{202e}d\u{9b}"), "a\\u{1b}[2Jb\\nc\\u{202e}d\\u{9b}");
    }
}
