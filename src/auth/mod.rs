//! Getting in: tokens, refresh, sign-in.

/// A signed-in conversation with one provider.
pub struct Session;
