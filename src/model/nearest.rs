//! The word that was meant.

/// The known word nearest to `word`, if one is near at all.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (candidate, strsim::jaro_winkler(&word, &candidate.to_lowercase())))
        .filter(|(_, likeness)| *likeness > 0.7)
        .max_by(|(_, one), (_, other)| one.total_cmp(other))
        .map(|(candidate, _)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_word_that_is_near_is_meant() {
        let known = ["heart", "steps", "sleep"];
        assert_eq!(nearest("hart", known), Some("heart"));
        assert_eq!(nearest("Slep", known), Some("sleep"));
        assert_eq!(nearest("water", known), None);
    }
}
