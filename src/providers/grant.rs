//! What the person allowed.

use crate::auth::Session;

/// What is known of what a sign-in opens.
pub(super) struct Grant(Option<String>);

impl Grant {
    /// What the sign-in told.
    pub fn of(session: &Session) -> Grant {
        Grant::told(session.grant())
    }

    fn told(grant: String) -> Grant {
        // A pasted token says nothing of its scopes.
        Grant(Some(grant).filter(|grant| !grant.starts_with("sign-in:")))
    }

    /// Whether it told that this scope is allowed.
    pub fn tells(&self, scope: &str) -> bool {
        self.0.as_ref().is_some_and(|grant| has(grant, scope))
    }

    /// Whether it told that this scope is not allowed.
    pub fn denies(&self, scope: &str) -> bool {
        self.0.as_ref().is_some_and(|grant| !has(grant, scope))
    }
}

/// The scope without its last part reads as well.
fn has(grant: &str, scope: &str) -> bool {
    let whole = scope.strip_suffix(".readonly");
    grant.split([' ', ',']).any(|one| one == scope || Some(one) == whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_told_is_neither_allowed_nor_denied() {
        let (sleep, ecg) = (
            "https://www.googleapis.com/auth/googlehealth.sleep.readonly",
            "https://www.googleapis.com/auth/googlehealth.ecg.readonly",
        );
        let grant = Grant::told(format!("openid {sleep} https://www.googleapis.com/auth/googlehealth.ecg"));
        assert!(grant.tells(sleep) && grant.tells(ecg) && !grant.denies(ecg));
        let grant = Grant::told(sleep.to_owned());
        assert!(grant.denies(ecg) && !grant.tells(ecg));
        let grant = Grant::told("sign-in:0badcafe".to_owned());
        assert!(!grant.tells(sleep) && !grant.denies(sleep));
    }
}
