//! The hooks, as git runs them.

use crate::days::{archive, day, list_hashes, write};
use crate::env::{ArchiveEnv, Ran};

const FIVE: &str = "data/moves/2015/07/05.json";
const SECRET: &str = "hush-9d2f7c55e1aa0b34";

fn commit(env: &ArchiveEnv) -> Ran {
    env.git("", &["add", "-A"]);
    env.try_git("", &["commit", "-qm", "mine"])
}

#[track_caller]
fn refused(ran: Ran, words: &[&str]) {
    assert_ne!(ran.status, 0, "not refused: {}", ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "lacks {word}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains(SECRET), "{}", ran.stderr);
}

#[test]
fn the_pre_commit_hook_refuses_a_damaged_day_document() {
    let env = ArchiveEnv::new();
    archive(&env);
    write(&env, FIVE, "{\"date\": \"2015-07-05\"");
    refused(commit(&env), &[FIVE, "not readable JSON", "git restore --staged"]);
    write(&env, FIVE, &day("2015-07-05", 7));
    refused(commit(&env), &[FIVE, "differ from its hash"]);
    write(&env, FIVE, &day("2015-07-06", 7));
    list_hashes(&env, "data/moves/2015/07");
    refused(commit(&env), &[FIVE, "moves 2015-07-06"]);
    write(&env, FIVE, &day("2015-07-05", 7));
    list_hashes(&env, "data/moves/2015/07");
    commit(&env).code(0);
    write(&env, "data/stray.txt", "");
    refused(commit(&env), &["data/stray.txt", "never puts"]);
}

#[test]
fn the_pre_commit_hook_looks_at_what_is_staged_and_at_nothing_else() {
    let env = ArchiveEnv::new();
    archive(&env);
    write(&env, "notes.txt", "hello\n");
    env.git("", &["add", "notes.txt"]);
    write(&env, FIVE, "damaged, but not staged");
    env.git("", &["commit", "-qm", "notes"]);
    write(&env, "more.txt", "hello\n");
    env.git("", &["add", "more.txt"]);
    // A commit of named files has an index of its own.
    refused(env.try_git("", &["commit", "-qm", "damage", "--", FIVE]), &[FIVE]);
}

#[test]
fn the_pre_commit_hook_refuses_unusable_settings_and_known_secrets() {
    let env = ArchiveEnv::new();
    archive(&env);
    write(&env, "fitsnap.toml", "format = 1\n[providers.moves]\nwindos = 3\n");
    refused(commit(&env), &["fitsnap.toml", "windos"]);
    env.set("FITSNAP_MOVES_CLIENT_SECRET", SECRET);
    write(&env, "fitsnap.toml", "format = 1\n[providers.moves]\n");
    write(&env, "notes.txt", &format!("one\nmy secret is {SECRET}\n"));
    refused(commit(&env), &["notes.txt", "line 2", "the client secret of moves"]);
    write(&env, "notes.txt", "one\n");
    commit(&env).code(0);
}

#[test]
fn the_pre_push_hook_lets_a_whole_archive_pass_and_refuses_a_damaged_one() {
    let env = ArchiveEnv::new();
    env.git("", &["init", "-q", "--bare", "../remote.git"]);
    archive(&env);
    env.git("", &["remote", "add", "origin", "../remote.git"]);
    env.git("", &["push", "-qu", "origin", "main"]);
    // The tip counts, not the work tree.
    write(&env, FIVE, "{}");
    env.git("", &["push", "-q", "origin", "main:refs/heads/again"]);
    env.git("", &["commit", "-qnam", "damage"]);
    let ran = env.try_git("", &["push", "-q"]);
    refused(ran, &[FIVE, "nothing was pushed"]);
    env.git("", &["push", "-q", "origin", ":again"]);
    assert_eq!(env.git("../remote.git", &["for-each-ref", "--format=%(refname)"]), "refs/heads/main\n");
}

#[test]
fn the_pre_push_hook_refuses_secrets_in_any_commit_that_is_new() {
    let env = ArchiveEnv::new();
    env.git("", &["init", "-q", "--bare", "../remote.git"]);
    archive(&env);
    env.git("", &["remote", "add", "origin", "../remote.git"]);
    env.git("", &["push", "-qu", "origin", "main"]);
    write(&env, "notes.txt", &format!("x\n\"refresh_token\": \"{SECRET}\"\n"));
    commit(&env).code(0);
    let culprit = env.git("", &["rev-parse", "--short=10", "HEAD"]);
    write(&env, "notes.txt", "x\n");
    commit(&env).code(0);
    refused(env.try_git("", &["push", "-q"]), &[culprit.trim(), "notes.txt", "line 2", "refresh_token"]);
    // What the remote has already is not asked about again.
    env.git("", &["push", "-q", "--no-verify"]);
    write(&env, "notes.txt", "y\n");
    commit(&env).code(0);
    env.git("", &["push", "-q"]);
    // A message can hold one too, and the exact value is found without its name.
    env.set("FITSNAP_MOVES_ACCESS_TOKEN", SECRET);
    env.git("", &["commit", "-q", "--allow-empty", "-m", &format!("uses {SECRET}")]);
    refused(env.try_git("", &["push", "-q"]), &["the message", "the access token of moves"]);
}

#[test]
fn the_pre_push_hook_finds_a_secret_in_a_folder_that_is_again_as_it_was() {
    let env = ArchiveEnv::new();
    env.git("", &["init", "-q", "--bare", "../remote.git"]);
    archive(&env);
    env.git("", &["remote", "add", "origin", "../remote.git"]);
    env.git("", &["push", "-qu", "origin", "main"]);
    write(&env, "notes/one.txt", &format!("refresh_token = {SECRET}\n"));
    commit(&env).code(0);
    write(&env, "notes/two.txt", "two\n");
    commit(&env).code(0);
    env.git("", &["rm", "-q", "notes/two.txt"]);
    commit(&env).code(0);
    refused(env.try_git("", &["push", "-q"]), &["notes/one.txt", "line 1", "refresh_token"]);
}

#[test]
fn without_fitsnap_on_the_path_the_hooks_say_so() {
    let env = ArchiveEnv::new();
    archive(&env);
    for hook in ["pre-commit", "pre-push"] {
        let script = env.path(&format!(".git/hooks/{hook}"));
        let output = env.command("/bin/sh").arg(script).env("PATH", "/nowhere").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(hook) && said.contains("fitsnap is not on the PATH"), "{said}");
    }
}
