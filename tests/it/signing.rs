//! Commits are the person's own: signed where git signs, by whom git says, past their hooks.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::archive::{ARCHIVE, demand_clean, demand_whole, export, import, later_files, make};
use crate::env::{ArchiveEnv, Ran};
use crate::pack::moves_files;

/// An archive and an export to import into it.
fn scene() -> (ArchiveEnv, String) {
    let env = ArchiveEnv::new();
    make(&env);
    let export = export(&env, "first.zip", &moves_files());
    (env, export)
}

fn configure(env: &ArchiveEnv, settings: &[(&str, &str)]) {
    for (key, value) in settings {
        env.git(ARCHIVE, &["config", key, value]);
    }
}

/// Whether a program is here; tells where it is not.
fn has(env: &ArchiveEnv, program: &str) -> bool {
    let there = env.command("sh").args(["-c", &format!("command -v {program}")]).output().unwrap().status.success();
    if !there {
        eprintln!("skipped: {program} is missing here");
    }
    there
}

/// A program of the person's.
fn script(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Demands that git takes HEAD for well signed.
#[track_caller]
fn demand_signed(env: &ArchiveEnv, words: &str) {
    env.git(ARCHIVE, &["verify-commit", "HEAD"]);
    let shown = env.git(ARCHIVE, &["log", "-1", "--show-signature"]);
    assert!(shown.contains(words), "{shown}");
    assert_eq!(env.git(ARCHIVE, &["log", "-1", "--format=%G?"]), "G\n");
    demand_whole(env, ARCHIVE);
    demand_clean(env, ARCHIVE);
    env.run(&["-C", ARCHIVE, "verify", "--history"]).code(0);
}

/// Demands that an import stops with this in its message, and that nothing moved.
#[track_caller]
fn stopped(env: &ArchiveEnv, export: &str, words: &[&str]) -> Ran {
    let head = env.git(ARCHIVE, &["rev-parse", "HEAD"]);
    let ran = import(env, export).code(6);
    for word in words {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert_eq!(ran.stderr.matches("error: ").count(), 1, "{}", ran.stderr);
    assert_eq!(env.git(ARCHIVE, &["rev-parse", "HEAD"]), head);
    assert!(!env.path(ARCHIVE).join("data").exists());
    assert_eq!(env.git(ARCHIVE, &["status", "--porcelain"]), "");
    ran
}

#[test]
fn commits_are_signed_with_openpgp() {
    let (env, export) = scene();
    if !has(&env, "gpg") {
        return;
    }
    // The agent's socket has a short name only in a short folder.
    let keys = tempfile::Builder::new().prefix("gpg").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(keys.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    env.set("GNUPGHOME", keys.path().to_str().unwrap());
    let who = "Ada Archivist <ada@example.com>";
    let make = ["--batch", "--passphrase", "", "--quick-gen-key", who, "ed25519", "sign", "never"];
    env.run_program("gpg", &make).code(0);
    configure(&env, &[("commit.gpgsign", "true")]);
    import(&env, &export).code(0);
    demand_signed(&env, "Good signature from \"Ada Archivist <ada@example.com>\"");
    // A key of another name is that of nobody, and another program is asked where git would ask it.
    configure(&env, &[("user.signingkey", "nobody@example.com")]);
    let later = crate::archive::export(&env, "later.zip", &later_files());
    let head = env.git(ARCHIVE, &["rev-parse", "HEAD"]);
    let ran = import(&env, &later).code(6);
    assert!(ran.stderr.contains("gpg said: ") && ran.stderr.contains("nobody@example.com"), "{}", ran.stderr);
    assert_eq!(env.git(ARCHIVE, &["rev-parse", "HEAD"]), head);
    script(
        &env.path("mygpg"),
        "case \"$*\" in *--verify*) exec gpg \"$@\";; esac; echo \"$@\" > $HOME/asked; exec gpg --status-fd=2 -bsau ada@example.com",
    );
    configure(&env, &[("gpg.program", env.path("mygpg").to_str().unwrap())]);
    import(&env, &later).code(0);
    demand_signed(&env, "Good signature");
    assert_eq!(std::fs::read_to_string(env.home().join("asked")).unwrap(), "--status-fd=2 -bsau nobody@example.com\n");
    let _ = env.command("gpgconf").args(["--kill", "all"]).output();
}

#[test]
fn commits_are_signed_with_ssh_keys() {
    let (env, export) = scene();
    if !has(&env, "ssh-keygen") {
        return;
    }
    let key = env.home().join("id_ed25519");
    env.run_program("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", key.to_str().unwrap()]).code(0);
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    std::fs::write(env.home().join("signers"), format!("ada@example.com {public}")).unwrap();
    let signers = env.home().join("signers");
    configure(
        &env,
        &[
            ("commit.gpgsign", "yes"),
            ("gpg.format", "ssh"),
            ("gpg.ssh.allowedSignersFile", signers.to_str().unwrap()),
            ("user.signingkey", "~/id_ed25519"),
        ],
    );
    import(&env, &export).code(0);
    demand_signed(&env, "Good \"git\" signature for ada@example.com");
    // The key itself is looked for in the agent.
    if has(&env, "ssh-agent") && has(&env, "ssh-add") {
        let agent = env.home().join("agent");
        let mut running = env.command("ssh-agent");
        running.args(["-D", "-a"]).arg(&agent).stdout(std::process::Stdio::null());
        let mut running = running.spawn().unwrap();
        crate::machine::wait_until("the agent listens", || agent.exists());
        env.set("SSH_AUTH_SOCK", agent.to_str().unwrap());
        env.run_program("ssh-add", &["-q", key.to_str().unwrap()]).code(0);
        std::fs::remove_file(&key).unwrap();
        for (at, settings) in [
            [("user.signingkey", public.trim()), ("gpg.ssh.program", "ssh-keygen")],
            [("user.signingkey", ""), ("gpg.ssh.defaultKeyCommand", "ssh-add -L")],
        ]
        .iter()
        .enumerate()
        {
            configure(&env, settings);
            let files = if at == 0 { later_files() } else { moves_files() };
            import(&env, &crate::archive::export(&env, "next.zip", &files)).code(0);
            demand_signed(&env, "Good \"git\" signature");
        }
        running.kill().unwrap();
        running.wait().unwrap();
    }
}

#[test]
fn commits_are_signed_with_certificates() {
    let (env, export) = scene();
    let program = env.path("mygpgsm");
    let settings = [("commit.gpgsign", "true"), ("gpg.format", "x509"), ("user.signingkey", "0x5EA1")];
    configure(&env, &settings);
    configure(&env, &[("gpg.x509.program", program.to_str().unwrap()), ("gpg.program", "no-such-gpg")]);
    // It is called, and answers, as gpgsm is by git.
    script(
        &program,
        r#"echo "$@" > "$HOME/asked"; cat > "$HOME/commit"
        printf -- '-----BEGIN SIGNED MESSAGE-----\r\nMIAGCSqG\r\nAQIDBA==\r\n-----END SIGNED MESSAGE-----\r\n'
        echo 'gpgsm: signature created' >&2; printf '\n[GNUPG:] SIG_CREATED D 1 8 00 20150711T060000 5EA1\n' >&2"#,
    );
    import(&env, &export).code(0);
    let said = |name: &str| std::fs::read_to_string(env.home().join(name)).unwrap();
    assert_eq!(said("asked"), "--status-fd=2 -bsau 0x5EA1\n");
    let signature = "-----BEGIN SIGNED MESSAGE-----\n MIAGCSqG\n AQIDBA==\n -----END SIGNED MESSAGE-----\n";
    let commit = env.git(ARCHIVE, &["cat-file", "commit", "HEAD"]);
    assert_eq!(commit.replace(&format!("gpgsig {signature}"), ""), said("commit"), "{commit}");
    assert!(commit.contains(&format!("\ngpgsig {signature}\nmoves: ")), "{commit}");
    demand_whole(&env, ARCHIVE);
    demand_clean(&env, ARCHIVE);
    // Nothing is committed that it did not sign, whatever it wrote.
    let later = crate::archive::export(&env, "later.zip", &later_files());
    let before = env.git(ARCHIVE, &["rev-parse", "HEAD", "HEAD:data"]);
    for (text, words) in [
        ("echo 'gpgsm: no key' >&2; exit 2", "mygpgsm said: gpgsm: no key"),
        ("cat > /dev/null; echo SIGNED; echo 'gpgsm: card removed' >&2", "mygpgsm said: gpgsm: card removed"),
        ("echo '[GNUPG:] SIG_CREATED D' >&2; echo SIGNED; exit 1", "mygpgsm said: nothing, and it gave no signature;"),
    ] {
        script(&program, text);
        let ran = import(&env, &later).code(6);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
        assert_eq!(env.git(ARCHIVE, &["rev-parse", "HEAD", "HEAD:data"]), before);
        demand_clean(&env, ARCHIVE);
    }
}

#[test]
fn what_cannot_be_signed_is_not_committed() {
    let (env, export) = scene();
    configure(&env, &[("commit.gpgsign", "true"), ("gpg.format", "wax")]);
    stopped(&env, &export, &["gpg.format is \"wax\"", "git config commit.gpgsign false"]);
    configure(&env, &[("gpg.format", "ssh")]);
    stopped(&env, &export, &["neither user.signingkey nor gpg.ssh.defaultKeyCommand is set"]);
    configure(&env, &[("user.signingkey", "~/nowhere.pub")]);
    stopped(&env, &export, &["nowhere.pub", "where no file is"]);
    configure(&env, &[("gpg.format", "openpgp"), ("gpg.program", "no-such-gpg")]);
    stopped(&env, &export, &["there is no program no-such-gpg"]);
    // What the program says is told, but for its words to programs.
    script(&env.path("badgpg"), "echo 'no pinentry' >&2; echo '[GNUPG:] FAILURE sign 1' >&2; exit 2");
    configure(&env, &[("gpg.program", env.path("badgpg").to_str().unwrap())]);
    let said = stopped(&env, &export, &["badgpg said: no pinentry"]).stderr;
    assert!(!said.contains("GNUPG"), "{said}");
    script(&env.path("badgpg"), "cat > /dev/null; echo '[GNUPG:] SIG_CREATED D' >&2");
    stopped(&env, &export, &["it gave no signature"]);
    configure(&env, &[("commit.gpgsign", "false")]);
    import(&env, &export).code(0);
    assert_eq!(env.git(ARCHIVE, &["log", "-1", "--format=%G?"]), "N\n");
}

#[test]
fn hooks_of_the_persons_own_may_refuse_a_commit_and_word_it() {
    let (env, export) = scene();
    let hook = |name: &str, text: &str| script(&env.path(ARCHIVE).join(".git/hooks").join(name), text);
    hook("pre-commit", "git diff --cached --name-only > ../seen\necho 'not on Sundays' >&2\nexit 1");
    stopped(&env, &export, &["hooks/pre-commit refused the commit", "not on Sundays", "Fitsnap-Action"]);
    let seen = std::fs::read_to_string(env.path("seen")).unwrap();
    assert!(seen.contains("data/moves/2016/01/01.json\n") && seen.contains("SHA256SUMS"), "{seen}");
    hook("pre-commit", "exit 0");
    hook("commit-msg", "grep -q '^Ticket: ' \"$1\" || { echo 'no ticket'; exit 1; }");
    stopped(&env, &export, &["hooks/commit-msg refused the commit", "no ticket"]);
    hook("commit-msg", "echo > \"$1\"");
    stopped(&env, &export, &["it left no message"]);
    // A folder of hooks for all repositories counts as it does for git.
    script(&env.home().join("hooks/commit-msg"), "echo 'Ticket: 7' >> \"$1\"; env > \"$HOME/environment\"");
    configure(&env, &[("core.hooksPath", env.home().join("hooks").to_str().unwrap())]);
    env.set("FITSNAP_MOVES_CLIENT_SECRET", "hush-9d2f7c55e1aa0b34");
    env.set("STRAVA_ACCESS_TOKEN", "hush-9d2f7c55e1aa0b34");
    import(&env, &export).code(0);
    let message = env.git(ARCHIVE, &["log", "-1", "--format=%B"]);
    assert!(message.trim_end().ends_with("Fitsnap-Format: 1\nTicket: 7"), "{message}");
    // No secret reaches what fitsnap starts.
    let environment = std::fs::read_to_string(env.home().join("environment")).unwrap();
    assert!(environment.contains("GIT_INDEX_FILE=") && !environment.contains("hush-"), "{environment}");
    demand_whole(&env, ARCHIVE);
    demand_clean(&env, ARCHIVE);
}

#[test]
fn a_repository_of_another_account_is_refused_until_git_is_told_to_trust_it() {
    let (env, export) = scene();
    let mine = env.command("id").arg("-u").output().unwrap().stdout;
    if String::from_utf8(mine).unwrap().trim() != "0" {
        eprintln!("skipped: only root may give a folder away");
        return;
    }
    env.run_program("chown", &["-R", "4711", env.path(ARCHIVE).to_str().unwrap()]).code(0);
    assert_ne!(env.try_git(ARCHIVE, &["status"]).status, 0);
    for args in [&["status"][..], &["import", "moves", &export], &["init"], &["verify"]] {
        let ran = env.run(&[&["-C", ARCHIVE], args].concat()).code(2);
        let told =
            ran.stderr.contains("another account") && ran.stderr.contains("git config --global --add safe.directory");
        assert!(told, "{args:?}: {}", ran.stderr);
    }
    env.git("", &["config", "--global", "--add", "safe.directory", env.path(ARCHIVE).to_str().unwrap()]);
    import(&env, &export).code(0);
    env.git(ARCHIVE, &["fsck", "--strict"]);
    env.run(&["-C", ARCHIVE, "verify"]).code(0);
}
