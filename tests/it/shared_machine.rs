//! Other people's processes and eyes on the same machine: the loopback port, files, arguments, environments.
#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::login::{Waiting, assert_signed_in, get, machine, pretend};
use crate::machine::{Machine, assert_silent, options, wait_until};

/// Sends this to the address's host and tells how the answer begins.
fn send(address: &str, text: &str) -> String {
    let host = address.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    // The listener may hang up before it has heard all.
    let _ = stream.write_all(text.as_bytes());
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_flood_at_the_port_of_a_sign_in_keeps_nobody_out_and_brings_nothing_in() {
    let pretend = pretend();
    let env = machine(&pretend);
    let waiting = Waiting::begin(&env, &["moves"]);
    let (_, back) = get(&waiting.address);
    let host = back.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    let idle: Vec<_> = (0..200).map(|_| TcpStream::connect(&host).unwrap()).collect();
    let query = back.split_once('?').unwrap().1;
    let state = query.split('&').find(|pair| pair.starts_with("state=")).unwrap();
    for (request, answer) in [
        (format!("POST /?{query} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"), " 400 "),
        (format!("GET /other?{query} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"), " 400 "),
        ("GET /?code=guessed&state= HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_owned(), " 400 "),
        (format!("GET /?{state} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"), " 400 "),
        (format!("GET /?code=guessed&state=guessed&{state} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"), " 400 "),
        (format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(1 << 20)), ""),
        ("\0\0\0 no http\r\n\r\n".to_owned(), ""),
    ] {
        let said = send(&back, &request);
        assert!(said.contains(answer) && !said.contains(" 200 "), "{request:.80}: {said}");
    }
    assert_eq!(get(&back).0, 200);
    // The same code again, while fitsnap exchanges it or after: nobody listens, or nobody is believed.
    if let Ok(mut stream) = TcpStream::connect(&host) {
        let _ = write!(stream, "GET /?{query} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    drop(idle);
    assert_signed_in(&env, waiting.end());
    let exchanges = pretend.take_log().iter().filter(|one| one.path.ends_with("access_token")).count();
    assert_eq!(exchanges, 1);
}

#[test]
fn the_port_of_a_sign_in_is_open_to_this_machine_only() {
    let pretend = pretend();
    let env = machine(&pretend);
    let waiting = Waiting::begin(&env, &["moves"]);
    let (_, back) = get(&waiting.address);
    let port = back.rsplit(':').next().unwrap().split('/').next().unwrap().parse::<u16>().unwrap();
    // Any other address of this machine, even one of loopback, finds nobody.
    assert!(TcpStream::connect(("127.0.0.2", port)).is_err());
    assert_eq!(get(&back).0, 200);
    assert_signed_in(&env, waiting.end());
}

/// A program in place of the browser that notes its arguments and its environment.
fn spy(home: &Path) -> String {
    let path = home.join("spy");
    fs::write(
        &path,
        "#!/bin/sh\n{ printf '%s\\n' \"$@\"; env; } > \"$HOME/seen.new\"; mv \"$HOME/seen.new\" \"$HOME/seen\"\n",
    )
    .unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_browser_gets_the_address_and_no_secret_of_the_environment() {
    let pretend = pretend();
    let env = machine(&pretend);
    env.set("BROWSER", &spy(env.home()));
    env.set("FITSNAP_STRAVA_REFRESH_TOKEN", "pretend-refresh-strava");
    env.set("STRAVA_CLIENT_SECRET", "pretend-app-secret");
    let waiting = Waiting::begin(&env, &["moves"]);
    let seen = env.home().join("seen");
    wait_until("the browser", || seen.exists());
    let text = fs::read_to_string(seen).unwrap();
    assert!(text.starts_with(&waiting.address), "{text}");
    assert!(text.contains("HOME="), "{text}");
    assert_silent(&text);
    assert_eq!(get(&get(&waiting.address).1).0, 200);
    assert_signed_in(&env, waiting.end());
}

/// The files and folders below one that others can read or write, whatever the person's umask.
fn open_to_others(folder: &Path) -> Vec<String> {
    let mut open = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.permissions().mode() & 0o077 != 0 {
            open.push(format!("{} {:o}", path.display(), meta.permissions().mode()));
        }
        if meta.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    open
}

#[test]
fn tokens_are_the_persons_alone_under_any_umask() {
    let machine = Machine::signed_out(options("2015-07-08"));
    let (access, refresh) = machine.moves.issue_tokens();
    let script = format!("umask 000; printf '%s\\n%s\\n' {access} {refresh} | fitsnap login moves --token -");
    machine.env.run_program("sh", &["-c", &script]).code(0);
    assert_eq!(open_to_others(&machine.env.home().join("state")), [""; 0]);
    // Tokens that the service has put others in place of lie as their forerunners did.
    machine.moves.expire_tokens();
    machine.env.run_program("sh", &["-c", "umask 000; fitsnap sync"]).code(0);
    assert!(!machine.tokens().1.contains(&access));
    assert_eq!(open_to_others(&machine.env.home().join("state")), [""; 0]);
}

#[test]
fn no_secret_is_in_the_arguments_of_any_process_nor_in_a_temporary_file() {
    if !Path::new("/proc/self/cmdline").exists() {
        return;
    }
    // The hooks and the signing program run while the secrets are known: each notes what it sees of its family.
    let machine = Machine::signed_out(options("2015-07-08"));
    let look = "#!/bin/sh\nenv >> \"$HOME/seen\"\npid=$$\nwhile [ \"$pid\" -gt 1 ]; do\n\
        tr '\\0' ' ' < /proc/$pid/cmdline >> \"$HOME/seen\"\necho >> \"$HOME/seen\"\n\
        pid=$(awk '{print $4}' /proc/$pid/stat)\ncase $(cat /proc/$pid/comm) in fitsnap) ;; *) break;; esac\ndone\n\
        ls -R \"$TMPDIR\" >> \"$HOME/names\"\n";
    let hook = machine.env.path(".git/hooks/commit-msg");
    fs::write(&hook, look).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    machine.sign_in(&machine.moves, "moves");
    machine.env.set("FITSNAP_STRAVA_ACCESS_TOKEN", "pretend-access-strava");
    machine.sync(&[]).code(0);
    let seen = fs::read_to_string(machine.env.home().join("seen")).unwrap();
    assert!(seen.contains("sync") && seen.contains("PATH="), "{seen}");
    assert_silent(&seen);
    // Of all that lies on the machine afterwards only the file of tokens holds them.
    let (tokens, _) = machine.tokens();
    let ran = machine.env.run_program("grep", &["-rl", "pretend-access-", machine.env.home().to_str().unwrap()]);
    assert_eq!(ran.stdout.trim(), tokens.to_str().unwrap());
}

#[test]
fn a_file_of_credentials_that_others_can_read_is_warned_of() {
    let machine = Machine::new();
    let folder = machine.env.home().join("config");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("credentials.toml");
    fs::write(&path, "[moves]\nclient_id = \"pretend-app\"\nclient_secret = \"pretend-app-secret\"\n").unwrap();
    for (mode, warned) in [(0o640, true), (0o604, true), (0o600, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let ran = machine.sync(&[]).code(0);
        assert_eq!(
            ran.stderr.contains("credentials.toml") && ran.stderr.contains("chmod 600"),
            warned,
            "{}",
            ran.stderr
        );
    }
}
