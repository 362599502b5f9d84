//! Codes and tokens of a pretend service.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};

use sha2::{Digest, Sha256};

use crate::model::ContentHash;

/// How long a code may be exchanged.
const CODE_LIFE: TimeDelta = TimeDelta::minutes(5);

/// The codes and tokens that are good.
pub(super) struct Tokens {
    seed: u64,
    life: TimeDelta,
    codes: BTreeMap<String, Code>,
    access: BTreeMap<String, DateTime<Utc>>,
    refresh: BTreeSet<String>,
    made: u64,
}

struct Code {
    redirect: String,
    challenge: Option<String>,
    until: DateTime<Utc>,
}

/// New tokens.
#[derive(Clone)]
pub(super) struct Pair {
    pub access: String,
    pub refresh: String,
}

impl Tokens {
    /// None yet; access tokens will live so long.
    pub fn new(seed: u64, life: TimeDelta) -> Tokens {
        let (codes, access, refresh) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Tokens { seed, life, codes, access, refresh, made: 0 }
    }

    pub fn new_code(&mut self, redirect: String, now: DateTime<Utc>) -> String {
        self.new_bound_code(redirect, None, now)
    }

    /// A code that only the one can exchange who knows what the challenge was made from (PKCE, S256).
    pub fn new_bound_code(&mut self, redirect: String, challenge: Option<String>, now: DateTime<Utc>) -> String {
        let code = self.secret("code");
        self.codes.insert(code.clone(), Code { redirect, challenge, until: now + CODE_LIFE });
        code
    }

    /// Takes a code back, which counts once, from the one who asked for it.
    pub fn take_code(&mut self, code: &str, redirect: &str, now: DateTime<Utc>) -> bool {
        self.take_bound_code(code, redirect, "", now)
    }

    /// Takes a code back as `take_code` does, one with a challenge against its verifier.
    pub fn take_bound_code(&mut self, code: &str, redirect: &str, verifier: &str, now: DateTime<Utc>) -> bool {
        let fits = |challenge: &str| {
            (43..=128).contains(&verifier.len())
                && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == challenge
        };
        self.codes.remove(code).is_some_and(|code| {
            code.redirect == redirect && now < code.until && code.challenge.as_deref().is_none_or(fits)
        })
    }

    /// Takes a refresh token back; with it die all tokens of the sign-in.
    pub fn take_refresh(&mut self, token: &str) -> bool {
        let known = self.refresh.remove(token);
        if known {
            self.revoke();
        }
        known
    }

    pub fn new_pair(&mut self, now: DateTime<Utc>) -> Pair {
        let pair = Pair { access: self.new_access(now), refresh: self.secret("refresh") };
        self.refresh.insert(pair.refresh.clone());
        pair
    }

    /// An access token beside a refresh token that stays as it is.
    pub fn new_access(&mut self, now: DateTime<Utc>) -> String {
        let access = self.secret("access");
        self.access.insert(access.clone(), now + self.life);
        access
    }

    pub fn opens(&self, access: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
        self.access.get(access).map(|until| *until - now).filter(|left| *left > TimeDelta::zero())
    }

    pub fn knows_refresh(&self, token: &str) -> bool {
        self.refresh.contains(token)
    }

    pub fn expire(&mut self) {
        self.access.clear();
    }

    pub fn revoke(&mut self) {
        self.access.clear();
        self.refresh.clear();
    }

    /// A secret that looks like one and is the same in every run.
    fn secret(&mut self, kind: &str) -> String {
        self.made += 1;
        let hash = ContentHash::of(format!("{} {kind} {}", self.seed, self.made).as_bytes()).to_string();
        format!("pretend-{kind}-{}", &hash[..32])
    }
}
