//! What stops a `fitsnap sync` before it begins, two accounts in one archive, and where secrets come from.

use fitsnap::pretend::{Fault, Misbehaviour, Pretend};
use serde_json::{Value, json};

use crate::machine::{FIRST, Machine, asked, assert_silent, options, path};

#[track_caller]
fn assert_says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn the_persons_own_work_stops_a_sync_before_anything_is_asked() {
    let machine = Machine::synced();
    let git = |args: &[&str]| machine.env.git("", args);
    let edited = path("2015-07-05");
    let stops = |words: &[&str]| {
        let ran = machine.sync(&[]).code(6);
        assert_says(&ran.stderr, words);
        assert_eq!(machine.asked(), [""; 0]);
    };
    std::fs::write(machine.env.path(&edited), "mine\n").unwrap();
    stops(&[&edited, "git restore"]);
    git(&["add", &edited]);
    stops(&[&edited]);
    git(&["restore", "--staged", "--worktree", "data"]);
    std::fs::remove_file(machine.env.path(&edited)).unwrap();
    stops(&[&edited]);
    git(&["restore", "data"]);
    git(&["checkout", "-q", "--detach"]);
    stops(&["git switch"]);
    git(&["switch", "-q", "main"]);
    git(&["switch", "-qc", "side", "HEAD~1"]);
    git(&["commit", "-q", "--allow-empty", "-m", "side"]);
    machine.env.try_git("", &["merge", "-q", "--no-ff", "--no-commit", "main"]).code(0);
    stops(&["merge", "git merge --abort"]);
    git(&["merge", "--abort"]);
    git(&["switch", "-q", "main"]);
    machine.sync(&[]).code(0);
    machine.assert_accepted();
}

#[test]
fn an_untracked_file_where_a_day_is_to_stand_is_not_overwritten() {
    let machine = Machine::new();
    let mine = path("2015-07-05");
    crate::days::write(&machine.env, &mine, "mine\n");
    let ran = machine.sync(&[]).code(6);
    assert_says(&ran.stderr, &[&mine]);
    assert_eq!(std::fs::read_to_string(machine.env.path(&mine)).unwrap(), "mine\n");
    assert_eq!(machine.commits(), 2);
}

#[test]
fn one_fitsnap_at_a_time() {
    let machine = Machine::new();
    machine.moves.misbehave(Misbehaviour::of(Fault::Stall).at("profile"));
    let first = machine.start(&["sync"]);
    crate::machine::wait_until("the first asks", || !machine.asked().is_empty());
    let ran = machine.sync(&[]).code(7);
    assert_says(&ran.stderr, &["fitsnap sync", "process"]);
    // A preview writes nothing, and needs no lock.
    machine.moves.behave();
    machine.sync(&["--dry-run"]).code(0);
    first.signal("KILL");
    first.end();
    machine.sync(&[]).code(0);
    machine.assert_sound();
}

#[test]
fn without_a_sign_in_or_a_provider_the_way_to_one_is_told() {
    let machine = Machine::signed_out(options(FIRST));
    let ran = machine.sync(&[]).code(3);
    assert_says(&ran.stderr, &["not signed in to Moves", "fitsnap login moves"]);
    let told = machine.tally(&[], 3);
    assert_eq!((&told["requests"], &told["commits"]), (&json!(0), &json!([])));
    machine.sync(&["--dry-run"]).code(3);
    machine.configure("");
    let ran = machine.sync(&[]).code(2);
    assert_says(&ran.stderr, &["fitsnap.toml", "[providers.moves]"]);
    let text = "format = 1\n[providers.moves]\nbase-url = \"http://127.0.0.1:1\"\n";
    std::fs::write(machine.env.path("fitsnap.toml"), text).unwrap();
    assert_says(&machine.sync(&[]).code(2).stderr, &["base-url", "base_url"]);
    // The real Moves is gone: nobody is asked.
    machine.configure("[providers.moves]\n");
    assert_says(&machine.sync(&[]).code(3).stderr, &["2018-07-31", "fitsnap import moves"]);
    assert_eq!(machine.asked(), [""; 0]);
}

#[test]
fn two_accounts_of_one_service_do_not_hinder_each_other() {
    let mut second = options("2015-07-08");
    second.seed = 2;
    second.user_id = 777;
    let second = Pretend::start(second).unwrap();
    let machine = Machine::new();
    machine.configure(&format!(
        "[providers.moves]\nbase_url = \"{}\"\n\n[providers.moves-2]\nkind = \"moves\"\nbase_url = \"{}\"\n",
        machine.moves.base_url(),
        second.base_url()
    ));
    let told = |code: i32| -> Value { serde_json::from_str(&machine.sync(&["--json"]).code(code).stdout).unwrap() };
    // The second is not signed in yet; the first is synced all the same.
    let both = told(3);
    assert_eq!((&both["providers"]["moves"]["new"], &both["providers"]["moves-2"]["new"]), (&json!(21), &json!(0)));
    assert_eq!(asked(&second), [""; 0]);
    machine.sign_in(&second, "moves-2");
    machine.moves.misbehave(Misbehaviour::of(Fault::Status(503)));
    let both = told(4);
    assert_eq!(both["providers"]["moves-2"]["new"], 4);
    assert_eq!(machine.env.git("", &["log", "-1", "--format=%s"]), "moves-2: 4 new\n");
    let document = machine.env.git("", &["show", "HEAD:data/moves-2/2015/07/10.json"]);
    assert!(document.contains("\"provider\": \"moves-2\""), "{document}");
    let account = machine.env.git("", &["show", "HEAD:data/moves-2/account.json"]);
    assert!(account.contains("777") && !account.contains("23138311640030064"), "{account}");
    // One has a bad day (1), the other is down (4): the lowest is the answer.
    second.misbehave(Misbehaviour::of(Fault::WrongDay).on("2015-07-09".parse().unwrap()));
    told(1);
    machine.moves.behave();
    second.revoke();
    let both = told(3);
    assert_eq!(both["providers"]["moves"]["unchanged"], 7);
    machine.asked();
    machine.sync(&["moves"]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150705-20150711"]);
    machine.assert_sound();
}

#[test]
fn an_access_token_from_outside_is_enough() {
    let machine = Machine::signed_out(options("2015-07-08"));
    machine.env.set("FITSNAP_MOVES_ACCESS_TOKEN", &machine.moves.issue_tokens().0);
    machine.sync(&[]).code(0);
    assert!(!machine.env.home().join("state/tokens").exists());
    machine.moves.expire_tokens();
    let ran = machine.sync(&[]).code(3);
    assert_says(&ran.stderr, &["moves", "none to renew it", "fitsnap login moves", "FITSNAP_MOVES_ACCESS_TOKEN"]);
    machine.assert_sound();
}

#[test]
fn successors_of_a_refresh_token_from_outside_are_kept_and_used() {
    let machine = Machine::signed_out(options("2015-07-08"));
    let (_, refresh) = machine.moves.issue_tokens();
    machine.env.set("FITSNAP_MOVES_REFRESH_TOKEN", &refresh);
    machine.sync(&[]).code(0);
    assert_eq!(machine.asked(), ["token", "profile", "20150708-20150711"]);
    let (_, kept) = machine.tokens();
    assert!(!kept.contains(&refresh) && kept.contains("pretend-refresh-"), "the new pair counts");
    machine.sync(&[]).code(0);
    assert_eq!(machine.asked(), ["profile", "20150708-20150711"]);
    machine.moves.expire_tokens();
    machine.sync(&[]).code(0);
    assert_eq!(machine.asked(), ["profile", "token", "profile", "20150708-20150711"]);
    // Another one given from outside begins anew.
    let (_, refresh) = machine.moves.issue_tokens();
    machine.env.set("FITSNAP_MOVES_REFRESH_TOKEN", &refresh);
    machine.sync(&[]).code(0);
    assert_eq!(machine.asked()[0], "token");
}

#[test]
fn a_file_of_credentials_will_do_and_never_shows_what_it_holds() {
    let machine = Machine::signed_out(options("2015-07-08"));
    let (access, refresh) = machine.moves.issue_tokens();
    for name in ["CLIENT_ID", "CLIENT_SECRET"] {
        machine.env.set(&format!("FITSNAP_MOVES_{name}"), "");
    }
    let file = machine.env.home().join("config/credentials.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let good = format!(
        "[moves]\nclient_id = \"pretend-app\"\nclient_secret = \"pretend-app-secret\"\n\
         access_token = \"{access}\"\nrefresh_token = \"{refresh}\"\n"
    );
    std::fs::write(&file, &good).unwrap();
    machine.sync(&[]).code(0);
    machine.moves.expire_tokens();
    machine.sync(&[]).code(0);
    for bad in [
        good.replace("client_secret = ", "client_secret "),
        good.replace("\"\nrefresh", "\nrefresh"),
        good.replace("access_token", "acess_token"),
        format!("moves = \"{access}\"\n"),
    ] {
        std::fs::write(&file, bad).unwrap();
        let ran = machine.sync(&[]).code(2);
        assert_says(&ran.stderr, &["credentials.toml"]);
        assert_silent(&machine.run(&["login", "moves", "--no-browser"]).code(2).stderr);
        machine.run(&["status"]);
    }
}
