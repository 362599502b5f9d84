//! `fitsnap login` and `fitsnap logout`, against the pretend Moves.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Stdio};

use fitsnap::pretend::{Pretend, PretendOptions};

use crate::env::ArchiveEnv;

pub fn pretend() -> Pretend {
    let now = "2015-07-11T06:00:00Z".parse().unwrap();
    Pretend::start(PretendOptions::new("2015-04-10".parse().unwrap(), now)).unwrap()
}

/// A machine with an archive that asks this pretend Moves, and the app's id and secret.
pub fn machine(pretend: &Pretend) -> ArchiveEnv {
    let env = ArchiveEnv::new();
    env.git(".", &["init", "-q"]);
    let settings = format!("format = 1\n[providers.moves]\nbase_url = \"{}\"\n", pretend.base_url());
    std::fs::write(env.path("fitsnap.toml"), settings).unwrap();
    env.set("FITSNAP_MOVES_CLIENT_ID", "pretend-app");
    env.set("FITSNAP_MOVES_CLIENT_SECRET", "pretend-app-secret");
    env.set("FITSNAP_PATIENCE", "6000");
    env.set("BROWSER", "true");
    env
}

/// The kept tokens: path and text, if there are any.
fn kept(env: &ArchiveEnv) -> Option<(PathBuf, String)> {
    let entries = std::fs::read_dir(env.home().join("state/tokens")).ok()?;
    let mut files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().unwrap() == "json");
    let file = files.next()?;
    assert_eq!(files.next(), None);
    Some((file.clone(), std::fs::read_to_string(file).unwrap()))
}

/// `GET`s an address; tells the status and the address it points to or the body.
pub fn get(address: &str) -> (u16, String) {
    let (host, path) = address.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let location = answer.lines().find_map(|line| line.strip_prefix("location: "));
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (status, location.unwrap_or(body).to_owned())
}

/// A sign-in that waits for the person.
pub struct Waiting {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
    pub address: String,
}

impl Waiting {
    pub fn begin(env: &ArchiveEnv, args: &[&str]) -> Waiting {
        let mut command = env.command(env!("CARGO_BIN_EXE_fitsnap"));
        command.arg("login").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "no address: {said}");
            said.push_str(&line);
            if let Some(address) = line.trim().strip_prefix("http://") {
                break format!("http://{address}");
            }
        };
        Waiting { child, stderr, said, address }
    }

    fn paste(&mut self, text: &str) {
        writeln!(self.child.stdin.take().unwrap(), "{text}").unwrap();
    }

    /// The exit code and all that was printed.
    pub fn end(mut self) -> (i32, String) {
        self.stderr.read_to_string(&mut self.said).unwrap();
        self.child.stdout.take().unwrap().read_to_string(&mut self.said).unwrap();
        (self.child.wait().unwrap().code().unwrap(), self.said)
    }
}

pub fn assert_signed_in(env: &ArchiveEnv, (code, said): (i32, String)) {
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("signed in to Moves as 23138311640030064"), "{said}");
    let (file, text) = kept(env).unwrap();
    assert!(text.contains("pretend-access-") && text.contains("pretend-refresh-"), "{text}");
    assert!(
        !said.contains("pretend-access-") && !said.contains("pretend-refresh-") && !said.contains("secret"),
        "{said}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let tracked = env.git(".", &["status", "--porcelain"]);
    assert_eq!(tracked, "?? fitsnap.toml\n", "tokens belong nowhere in the archive");
}

#[test]
fn the_browser_brings_the_code_back_and_strays_do_no_harm() {
    let pretend = pretend();
    let env = machine(&pretend);
    let waiting = Waiting::begin(&env, &["moves"]);
    assert!(waiting.address.contains("scope=activity%20location"), "{}", waiting.address);
    let (status, back) = get(&waiting.address);
    assert_eq!(status, 302);
    assert!(back.starts_with("http://127.0.0.1:"), "{back}");
    let (base, _) = back.split_once('?').unwrap();
    assert_eq!(get(&format!("{base}favicon.ico")).0, 400);
    assert_eq!(get(&format!("{base}?code=stolen&state=guessed")).0, 400);
    let (status, page) = get(&back);
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("You can close this page"), "{page}");
    assert_signed_in(&env, waiting.end());
}

#[test]
fn a_refusal_in_the_browser_ends_the_sign_in() {
    let pretend = pretend();
    let env = machine(&pretend);
    pretend.deny();
    let waiting = Waiting::begin(&env, &["moves"]);
    get(&get(&waiting.address).1);
    let (code, said) = waiting.end();
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("access_denied"), "{said}");
    assert_eq!(kept(&env), None);
}

#[test]
fn without_a_browser_the_pasted_address_or_the_bare_code_will_do() {
    let pretend = pretend();
    for whole in [true, false] {
        let env = machine(&pretend);
        let mut waiting = Waiting::begin(&env, &["moves", "--no-browser", "--port", "8912"]);
        let (_, back) = get(&waiting.address);
        assert!(back.starts_with("http://127.0.0.1:8912/?"), "{back}");
        let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap();
        waiting.paste(if whole { &back } else { code });
        let ended = waiting.end();
        assert!(!ended.1.contains(code), "{}", ended.1);
        assert_signed_in(&env, ended);
    }
}

#[test]
fn an_address_of_another_sign_in_is_refused() {
    let pretend = pretend();
    let env = machine(&pretend);
    let mut waiting = Waiting::begin(&env, &["moves", "--no-browser"]);
    let (_, back) = get(&waiting.address);
    let state = back.split("state=").nth(1).unwrap();
    waiting.paste(&back.replace(state, "another"));
    let (code, said) = waiting.end();
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("belongs to another sign-in"), "{said}");
    assert_eq!(kept(&env), None);
}

#[test]
fn a_code_that_is_none_is_refused_by_the_provider() {
    let pretend = pretend();
    let env = machine(&pretend);
    let said = env.run_with_input(&["login", "moves", "--no-browser"], "12345678\n").code(3).stderr;
    assert!(said.contains("Moves no longer accepts the code"), "{said}");
    let said = env.run_with_input(&["login", "moves", "--no-browser"], "\n").code(2).stderr;
    assert!(said.contains("holds no code"), "{said}");
}

#[test]
fn tokens_come_from_standard_input_and_only_from_there() {
    let pretend = pretend();
    let env = machine(&pretend);
    let (access, refresh) = pretend.issue_tokens();
    env.run(&["login", "moves", "--token", &access]).code(2);
    let ran = env.run_with_input(&["login", "moves", "--token", "-"], &format!("{access}\n{refresh}\n"));
    assert_signed_in(&env, (ran.status, ran.stdout + &ran.stderr));
    // A token that opens nothing leaves the good ones in place.
    let before = kept(&env);
    let said = env.run_with_input(&["login", "moves", "--token", "-"], "stale-token\n").code(3).stderr;
    assert!(!said.contains("stale-token"), "{said}");
    assert_eq!(kept(&env), before);
    env.run_with_input(&["login", "moves", "--token", "-"], "").code(2);
}

#[test]
fn logout_forgets_and_may_be_said_twice() {
    let pretend = pretend();
    let env = machine(&pretend);
    let (access, _) = pretend.issue_tokens();
    env.run_with_input(&["login", "moves", "--token", "-"], &access).code(0);
    assert!(kept(&env).is_some());
    let said = env.run(&["logout", "moves"]).code(0).stderr;
    assert!(said.contains("forgotten") && said.contains("no way to take a token back"), "{said}");
    assert_eq!(kept(&env), None);
    let said = env.run(&["logout", "moves"]).code(0).stderr;
    assert!(said.contains("no tokens"), "{said}");
}

#[test]
fn what_is_missing_is_named_with_the_way_to_give_it() {
    let env = ArchiveEnv::new();
    env.git(".", &["init", "-q"]);
    std::fs::write(env.path("fitsnap.toml"), "format = 1\n").unwrap();
    let said = env.run(&["login", "moves"]).code(2).stderr;
    for words in ["FITSNAP_MOVES_CLIENT_ID", "credentials.toml", "2018-07-31", "fitsnap import moves"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // With an id the real Moves would be asked, were it still there.
    env.set("FITSNAP_MOVES_CLIENT_ID", "an-app");
    let said = env.run(&["login", "moves"]).code(3).stderr;
    assert!(said.contains("2018-07-31"), "{said}");
    let said = env.run(&["login", "garmin"]).code(2).stderr;
    assert!(said.contains("fitsnap knows moves"), "{said}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_waiting() {
    let pretend = pretend();
    let env = machine(&pretend);
    let waiting = Waiting::begin(&env, &["moves"]);
    // The listener is there before the address is shown, the signal handler before the listener.
    let killed = env.command("kill").args(["-INT", &waiting.child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(waiting.end().0, 130);
}
