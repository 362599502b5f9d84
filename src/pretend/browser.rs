//! The pretend person's browser: opens an address and follows where it is sent.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How many times it lets itself be sent on.
const REDIRECTS: usize = 5;

/// Opens an address on this machine (plain http), follows redirects, and tells the last page.
///
/// # Errors
/// When nobody listens there, or the answers lead nowhere or to a refusal.
pub fn visit(address: &str) -> io::Result<String> {
    let mut address = address.to_owned();
    for _ in 0..REDIRECTS {
        let answer = get(&address)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| unreadable(&address))?;
        let location = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
        });
        match location {
            Some(next) => address = next,
            None if head.split(' ').nth(1).is_some_and(|status| status.starts_with('2')) => return Ok(body.to_owned()),
            None => return Err(unreadable(&address)),
        }
    }
    Err(unreadable(&address))
}

fn get(address: &str) -> io::Result<String> {
    let rest = address.strip_prefix("http://").ok_or_else(|| unreadable(address))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn unreadable(address: &str) -> io::Error {
    let place = address.split('?').next().unwrap_or_default();
    io::Error::other(format!("{place} leads nowhere"))
}
