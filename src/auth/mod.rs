//! Getting in: tokens and where they are kept, the OAuth 2.0 code grant, the signed-in conversation.

mod exchange;
#[cfg(test)]
mod fuzz;
mod login;
mod loopback;
mod pasted;
mod session;
mod store;
mod tokens;

pub use login::{Begun, Login, LoginError};
pub use loopback::{Loopback, redirect};
pub use pasted::{read_pasted, read_tokens};
pub use session::{Session, SessionOptions};
pub use tokens::{SignInState, Tokens, forget, known_secrets, signed_in};
