//! What a person pastes at a sign-in, of any text.

use chrono::DateTime;

use super::pasted::{read_pasted, read_tokens};
use crate::fuzzing::fuzz_target;

fuzz_target!(pasted, |bytes| {
    let text = String::from_utf8_lossy(bytes);
    match read_pasted(&text, "s1") {
        Ok(allowed) => {
            assert!(!allowed.code.is_empty());
            // An address may be broken into lines.
            let line = text.replace(['\t', '\r', '\n'], "");
            assert!(!line.contains("://") || line.contains("state="), "an address without its state was taken");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    match read_tokens(&text, DateTime::UNIX_EPOCH) {
        Ok(tokens) => {
            let token = tokens.access_token.clone().unwrap_or_default();
            assert!(!token.is_empty() && !token.chars().any(|letter| letter.is_whitespace() || letter.is_control()));
            assert!(token.len() < 12 || !format!("{tokens:?}").contains(&token));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
