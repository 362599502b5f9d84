//! Two machines keep one archive: real git merges and rebases what each of them brought.

use serde_json::Value;

use crate::archive::{demand_clean, demand_sums, demand_whole, later_files};
use crate::days::{list_hashes, write};
use crate::env::ArchiveEnv;
use crate::pack::{Files, moves_files, moves_zip};

const DAY: &str = "data/fitbit/2015/07/05.json";

/// A laptop and a server with one remote and one archive in which all three agree.
fn machines(first: impl FnOnce(&ArchiveEnv)) -> ArchiveEnv {
    let env = ArchiveEnv::new();
    env.git("", &["init", "-q", "--bare", "remote.git"]);
    env.run(&["init", "laptop"]).code(0);
    first(&env);
    env.git("laptop", &["remote", "add", "origin", "../remote.git"]);
    env.git("laptop", &["push", "-qu", "origin", "main"]);
    env.git("", &["clone", "-q", "remote.git", "server"]);
    env.run(&["init", "server"]).code(0);
    env
}

/// Imports an export of Moves on a machine at a time.
fn import(env: &ArchiveEnv, machine: &str, time: &str, files: &Files) {
    env.set_now(time);
    std::fs::write(env.path("export.zip"), moves_zip(files)).unwrap();
    env.run(&["-C", machine, "import", "moves", env.path("export.zip").to_str().unwrap()]).code(0);
}

/// A document of the day of these resources, in canonical form.
fn document(resources: &str) -> String {
    let text = format!("{{\"date\": \"2015-07-05\", \"provider\": \"fitbit\", \"resources\": {{{resources}}}}}");
    canonical(&text)
}

fn canonical(text: &str) -> String {
    String::from_utf8(fitsnap::json::canonical(text.as_bytes()).unwrap()).unwrap()
}

/// Commits files on a machine as a sync of a time does; an empty text takes the file away.
fn commit(env: &ArchiveEnv, machine: &str, time: &str, files: &[(&str, &str)]) {
    for (path, text) in files {
        let place = format!("{machine}/{path}");
        match text.is_empty() {
            true => std::fs::remove_file(env.path(&place)).unwrap(),
            false => write(env, &place, text),
        }
        let folder = place.rsplit_once('/').unwrap().0;
        let others = std::fs::read_dir(env.path(folder)).unwrap().filter(|entry| {
            let entry = entry.as_ref().unwrap();
            entry.file_type().unwrap().is_file() && entry.file_name() != "SHA256SUMS"
        });
        match others.count() {
            0 => std::fs::remove_file(env.path(folder).join("SHA256SUMS")).unwrap(),
            _ => list_hashes(env, folder),
        }
    }
    env.set("GIT_AUTHOR_DATE", time);
    env.set("GIT_COMMITTER_DATE", time);
    env.git(machine, &["add", "-A"]);
    env.git(machine, &["commit", "-qm", "fitbit: something\n\nFitsnap-Provider: fitbit\nFitsnap-Action: sync"]);
}

/// Pushes what the laptop has, and pulls it on the server.
fn pull(env: &ArchiveEnv, how: &str) -> crate::env::Ran {
    env.git("laptop", &["push", "-q"]);
    env.set("GIT_AUTHOR_DATE", "2015-08-01T00:00:00Z");
    env.set("GIT_COMMITTER_DATE", "2015-08-01T00:00:00Z");
    env.try_git("server", &["pull", "-q", how])
}

#[track_caller]
fn demand_sound(env: &ArchiveEnv, machine: &str) {
    env.run(&["-C", machine, "verify", "--history"]).code(0);
    demand_whole(env, machine);
    demand_sums(env, &env.path(machine));
    demand_clean(env, machine);
}

#[track_caller]
fn demand_file(env: &ArchiveEnv, path: &str, text: &str) {
    assert_eq!(env.git("server", &["show", &format!("HEAD:{path}")]), text);
    assert_eq!(std::fs::read_to_string(env.path("server").join(path)).unwrap(), text);
}

/// Pulls by merge and by rebase, each in machines of its own, and looks at what came of it.
fn both_ways(first: impl Fn(&ArchiveEnv), apart: impl Fn(&ArchiveEnv), look: impl Fn(&ArchiveEnv)) {
    for how in ["--no-rebase", "--rebase"] {
        eprintln!("{how}");
        let env = machines(&first);
        apart(&env);
        pull(&env, how).code(0);
        look(&env);
        demand_sound(&env, "server");
    }
}

#[test]
fn what_two_machines_imported_apart_comes_together_with_the_newer_answer() {
    let rewritten = |day: &str, from: &str, to: &str, mut files: Files| {
        let path = format!("json/daily/storyline/storyline_{day}.json");
        let text = String::from_utf8(files[&path].clone()).unwrap();
        assert!(text.contains(from), "{text}");
        files.insert(path, text.replace(from, to).into_bytes());
        files
    };
    for how in ["--no-rebase", "--rebase"] {
        eprintln!("{how}");
        let env = machines(|env| import(env, "laptop", "2016-02-01T06:00:00Z", &moves_files()));
        let laptop = rewritten("20160101", "Harbour Street", "Harbour Quay", later_files());
        import(&env, "server", "2016-02-02T06:00:00Z", &later_files());
        import(&env, "laptop", "2016-02-03T06:00:00Z", &laptop);
        let server = rewritten("20160105", "Harbour Lane", "Harbour Hill", later_files());
        import(&env, "server", "2016-02-04T06:00:00Z", &server);
        pull(&env, how).code(0);
        demand_sound(&env, "server");
        let show = |day: &str| env.git("server", &["show", &format!("HEAD:data/moves/2016/01/{day}.json")]);
        assert!(show("01").contains("Harbour Quay") && show("05").contains("Harbour Hill"), "{}", show("05"));
        // And the laptop takes it all over as it is.
        env.git("server", &["push", "-q"]);
        env.git("laptop", &["pull", "-q", "--ff-only"]);
        demand_sound(&env, "laptop");
    }
}

/// A document with a member of a person's own beside those of fitsnap's.
fn noted(document: &str) -> String {
    canonical(&document.replacen('{', "{\"note\": [4], ", 1))
}

#[test]
fn of_each_resource_the_newer_answer_is_taken_and_what_one_side_has_is_kept() {
    let first = |env: &ArchiveEnv| {
        let day = document("\"heart\": [1], \"sleep\": [1], \"steps\": [1]");
        commit(env, "laptop", "2015-07-06T06:00:00Z", &[(DAY, &day)]);
    };
    let apart = |env: &ArchiveEnv| {
        let day = document("\"heart\": [2], \"sleep\": [1], \"spo2\": [2], \"steps\": [2]");
        commit(env, "server", "2015-07-07T06:00:00Z", &[(DAY, &day)]);
        let day = document("\"food\": [3], \"heart\": [3], \"sleep\": [3], \"steps\": [1]");
        commit(env, "laptop", "2015-07-08T06:00:00Z", &[(DAY, &day)]);
        let day = noted(&document("\"heart\": [2], \"sleep\": [1], \"spo2\": [2], \"steps\": [4]"));
        commit(env, "server", "2015-07-09T06:00:00Z", &[(DAY, &day)]);
    };
    both_ways(first, apart, |env| {
        let day = document("\"food\": [3], \"heart\": [3], \"sleep\": [3], \"spo2\": [2], \"steps\": [4]");
        demand_file(env, DAY, &noted(&day));
    });
}

#[test]
fn days_accounts_and_companions_that_both_sides_made_come_together() {
    let account = |devices: &str, profile: &str| {
        let resources = format!("{{\"devices\": [{devices}], \"profile\": {{\"name\": \"{profile}\"}}}}");
        canonical(&format!("{{\"provider\": \"fitbit\", \"resources\": {resources}}}"))
    };
    let gpx = "data/fitbit/2015/07/05/run.gpx";
    let apart = |env: &ArchiveEnv| {
        let files: &[(&str, &str)] = &[
            (DAY, &document("\"heart\": [1], \"steps\": [1]")),
            ("data/fitbit/2015/07/06.json", &document("\"heart\": [6]").replace("07-05", "07-06")),
            ("data/fitbit/account.json", &account("1", "Ada")),
            (gpx, "<gpx>old</gpx>\n"),
            ("data/fitbit/2015/07/05/swim.gpx", "<gpx>swim</gpx>\n"),
        ];
        commit(env, "laptop", "2015-07-07T06:00:00Z", files);
        let absent = document("\"heart\": [2]").replacen('{', "{\"absent\": {\"steps\": \"not granted\"}, ", 1);
        let files: &[(&str, &str)] = &[
            (DAY, &canonical(&absent)),
            ("data/fitbit/2015/07/07.json", &document("\"heart\": [7]").replace("07-05", "07-07")),
            ("data/fitbit/account.json", &account("2", "Ada")),
            (gpx, "<gpx>new</gpx>\n"),
        ];
        commit(env, "server", "2015-07-08T06:00:00Z", files);
    };
    both_ways(
        |_| {},
        apart,
        |env| {
            demand_file(env, DAY, &document("\"heart\": [2], \"steps\": [1]"));
            demand_file(env, "data/fitbit/account.json", &account("2", "Ada"));
            demand_file(env, gpx, "<gpx>new</gpx>\n");
            let files = env.git("server", &["ls-files", "data"]);
            assert_eq!(files.lines().count(), 9, "{files}");
        },
    );
}

#[test]
fn a_document_that_one_side_took_out_goes_unless_the_other_changed_it() {
    let other = "data/fitbit/2015/07/06.json";
    let first = |env: &ArchiveEnv| {
        let (five, six) = (document("\"heart\": [1]"), document("\"heart\": [1]").replace("07-05", "07-06"));
        commit(env, "laptop", "2015-07-07T06:00:00Z", &[(DAY, &five), (other, &six)]);
    };
    // Git would take the new day for the old one under another name.
    let seven = document("\"heart\": [1]").replace("07-05", "07-07");
    both_ways(
        first,
        |env| {
            commit(env, "laptop", "2015-07-08T06:00:00Z", &[(other, ""), ("data/fitbit/2015/07/07.json", &seven)]);
            commit(env, "server", "2015-07-09T06:00:00Z", &[(DAY, &document("\"heart\": [2]"))]);
        },
        |env| {
            demand_file(env, DAY, &document("\"heart\": [2]"));
            assert!(!env.path("server").join(other).exists());
        },
    );
    for (how, goes_on) in
        [("--no-rebase", &["commit", "-q", "--no-edit"][..]), ("--rebase", &["rebase", "--continue"][..])]
    {
        eprintln!("{how}");
        let env = machines(first);
        commit(&env, "laptop", "2015-07-08T06:00:00Z", &[(DAY, "")]);
        commit(&env, "server", "2015-07-09T06:00:00Z", &[(DAY, &document("\"heart\": [2]"))]);
        // Git asks the person, and all that they must say is that the changed document stays.
        assert_ne!(pull(&env, how).status, 0);

        env.git("server", &["add", "data"]);
        env.set("GIT_EDITOR", "true");
        env.git("server", goes_on);
        demand_file(&env, DAY, &document("\"heart\": [2]"));
        demand_sound(&env, "server");
    }
}

/// The revisions that a machine's log tells, newest first: time of day, date, kind, action.
fn told(env: &ArchiveEnv, machine: &str) -> Vec<String> {
    let lines = env.run(&["-C", machine, "log", "--json"]).code(0).stdout;
    let word = |one: &Value, name: &str| one[name].as_str().unwrap_or("nobody").to_owned();
    let line = |line: &str| {
        let one: Value = serde_json::from_str(line).unwrap();
        format!("{} {} {} {}", &word(&one, "time")[5..13], word(&one, "date"), word(&one, "kind"), word(&one, "action"))
    };
    lines.lines().map(line).collect()
}

#[test]
fn the_log_of_a_merge_tells_each_revision_once() {
    let env = machines(|env| {
        let day = document("\"heart\": [1], \"steps\": [1]");
        commit(env, "laptop", "2015-07-06T06:00:00Z", &[(DAY, &day)]);
    });
    let six = document("\"heart\": [6]").replace("07-05", "07-06");
    let six = [("data/fitbit/2015/07/06.json", &*six)];
    commit(&env, "server", "2015-07-07T06:00:00Z", &six);
    commit(&env, "server", "2015-07-07T09:00:00Z", &[(DAY, &document("\"heart\": [1], \"steps\": [2]"))]);
    // The laptop sees the same new day, and another resource changed.
    commit(&env, "laptop", "2015-07-08T06:00:00Z", &six);
    commit(&env, "laptop", "2015-07-08T09:00:00Z", &[(DAY, &document("\"heart\": [2], \"steps\": [1]"))]);
    pull(&env, "--no-rebase").code(0);
    demand_file(&env, DAY, &document("\"heart\": [2], \"steps\": [2]"));
    let apart = [
        "07-08T09 2015-07-05 revised sync",
        "07-08T06 2015-07-06 new sync",
        "07-07T09 2015-07-05 revised sync",
        "07-07T06 2015-07-06 new sync",
        "07-06T06 2015-07-05 new sync",
    ];
    assert_eq!(told(&env, "server"), apart);
    // From what is kept of that walk, and in a clone that has nothing kept.
    assert_eq!(told(&env, "server"), apart);
    env.git("server", &["push", "-q"]);
    env.git("", &["clone", "-q", "remote.git", "third"]);
    assert_eq!(told(&env, "third"), apart);
    // What comes after is told against what was merged, and the first content is known again.
    commit(&env, "server", "2015-07-09T06:00:00Z", &[(DAY, &document("\"heart\": [1], \"steps\": [1]"))]);
    assert_eq!(told(&env, "server"), [&["07-09T06 2015-07-05 restored sync"], &apart[..]].concat());
    // A merge in which a hand changed something is a revision.
    env.git("server", &["switch", "-qc", "side", "HEAD~1"]);
    commit(&env, "server", "2015-07-10T06:00:00Z", &[(DAY, &document("\"heart\": [3], \"steps\": [2]"))]);
    env.git("server", &["switch", "-q", "main"]);
    env.git("server", &["merge", "-q", "--no-commit", "side"]);
    commit(&env, "server", "2015-07-11T06:00:00Z", &[(DAY, &document("\"heart\": [9], \"steps\": [1]"))]);
    assert_eq!(told(&env, "server")[0], "07-11T06 2015-07-05 revised sync");
    assert_eq!(told(&env, "server").len(), 8);
}

#[test]
fn a_clone_that_merges_by_lines_is_told_of_until_init_is_run_in_it() {
    let env = machines(|env| import(env, "laptop", "2016-02-01T06:00:00Z", &moves_files()));
    env.git("", &["clone", "-q", "remote.git", "third"]);
    let warned = |machine: &str| {
        let ran = env.run(&["-C", machine, "status"]).code(0);
        ran.stderr.contains("does not call fitsnap") && ran.stderr.contains("fitsnap init")
    };
    assert!(warned("third") && !warned("server") && !warned("laptop"));
    let head = env.git("third", &["rev-parse", "HEAD"]);
    let said = env.run(&["init", "third"]).code(0).stderr;
    assert!(said.contains("installed the merge driver") && !said.contains("nothing to do"), "{said}");
    assert!(!warned("third"));
    assert_eq!(env.git("third", &["rev-parse", "HEAD"]), head);
    assert!(env.run(&["init", "third"]).code(0).stderr.contains("nothing to do"));
    // An archive of an older fitsnap lacks the attribute as well.
    write(&env, "third/.gitattributes", "data/** -text\n");
    env.git("third", &["commit", "-qam", "older"]);
    assert!(warned("third"));
    let said = env.run(&["init", "third"]).code(0).stderr;
    assert!(said.contains("attributes"), "{said}");
    assert!(!warned("third"));
    assert_eq!(env.git("third", &["show", "--format=%s", "--name-only"]), "fitsnap: attributes\n\n.gitattributes\n");
    env.set("FITSNAP_MOVES_ACCESS_TOKEN", "hush-9d2f7c55e1aa0b34");
    write(&env, "third/fitsnap.toml", "format = 1\n[providers.moves]\nbase_url = \"http://127.0.0.1:9\"\n");
    env.git("third", &["config", "--unset", "merge.fitsnap.driver"]);
    assert!(env.run(&["-C", "third", "sync"]).stderr.contains("does not call fitsnap"));
}

#[test]
fn what_cannot_be_put_together_is_left_to_the_person_with_both_versions() {
    let notes = "data/fitbit/notes.txt";
    let env = machines(|env| {
        commit(env, "laptop", "2015-07-06T06:00:00Z", &[(DAY, &document("\"heart\": [1]"))]);
    });
    let by_hand = |machine: &str, path: &str, text: &str| {
        write(&env, &format!("{machine}/{path}"), text);
        env.git(machine, &["add", "data"]);
        env.git(machine, &["commit", "-qnm", "by hand"]);
    };
    commit(&env, "server", "2015-07-07T06:00:00Z", &[(DAY, &document("\"heart\": [2]"))]);
    by_hand("laptop", DAY, "{\"date\": \"2015-07-05\", \"prov");
    by_hand("laptop", notes, "one\n");
    by_hand("server", notes, "two\n");
    let before = env.git("server", &["rev-parse", "HEAD"]);
    let push = env.try_git("laptop", &["push", "-q", "--no-verify"]);
    push.code(0);
    let ran = env.try_git("server", &["pull", "-q", "--no-rebase"]);
    assert_ne!(ran.status, 0);
    for words in ["05.json is left to you", "damaged", "notes.txt is left to you", "never puts such a file", "--abort"]
    {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    for (path, ours, theirs) in [(DAY, "[2]", "\"prov"), (notes, "two", "one")] {
        assert!(std::fs::read_to_string(env.path("server").join(path)).unwrap().contains(ours));
        assert!(env.git("server", &["show", &format!(":2:{path}")]).contains(ours));
        assert!(env.git("server", &["show", &format!(":3:{path}")]).contains(theirs));
    }
    env.git("server", &["merge", "--abort"]);
    assert_eq!(env.git("server", &["rev-parse", "HEAD"]), before);
    assert_eq!(env.git("server", &["status", "--porcelain"]), "");
}

#[test]
fn two_answers_of_the_same_second_are_chosen_alike_on_both_machines() {
    let chosen = |first: &str, second: &str| {
        let env = machines(|_| {});
        commit(&env, "laptop", "2015-07-07T06:00:00Z", &[(DAY, &document(first))]);
        commit(&env, "server", "2015-07-07T06:00:00Z", &[(DAY, &document(second))]);
        pull(&env, "--no-rebase").code(0);
        demand_sound(&env, "server");
        env.git("server", &["show", &format!("HEAD:{DAY}")])
    };
    let (one, other) = ("\"heart\": [1], \"steps\": [4, 5]", "\"heart\": [2], \"steps\": [3]");
    assert_eq!(chosen(one, other), document("\"heart\": [2], \"steps\": [4, 5]"));
    assert_eq!(chosen(other, one), document("\"heart\": [2], \"steps\": [4, 5]"));
}
