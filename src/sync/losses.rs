//! The guard against mass loss: a provider that forgets much at once is not believed at once.

/// Up to so many documents may lose records in one run without a question.
const FEW: usize = 3;

/// Whether so many of the documents asked again would shrink or go that a person should look first:
/// more than three, and over a third.
pub(super) fn too_many(lost: usize, asked_again: usize) -> bool {
    lost > FEW && lost * 3 > asked_again
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_three_and_over_a_third_is_too_many() {
        assert!(too_many(4, 7) && too_many(4, 11));
        assert!(!too_many(3, 3) && !too_many(4, 12) && !too_many(0, 0));
    }
}
