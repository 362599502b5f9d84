//! The difference of two texts by lines, as `diff -u` writes it.

use similar::TextDiff;

/// The unified difference with three lines around each change; empty where both are the same.
///
/// Only the hunks are written: what the texts are called is for the caller to say.
pub fn unified(old: &[u8], new: &[u8]) -> String {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    TextDiff::from_lines(old.as_ref(), new.as_ref()).unified_diff().context_radius(3).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_shown_with_three_lines_around() {
        let old: String = (1..=12).map(|line| format!("{line}\n")).collect();
        let new = old.replace("6\n", "six\n");
        assert_eq!(unified(old.as_bytes(), new.as_bytes()), "@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+six\n 7\n 8\n 9\n");
        assert_eq!(unified(b"a\n", b"a\n"), "");
        assert_eq!(unified(b"", b"a\n"), "@@ -0,0 +1 @@\n+a\n");
    }
}
