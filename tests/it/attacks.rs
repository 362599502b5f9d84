//! What a hostile service, or somebody on the way to it, may send: each costs no more than a failed run,
//! within bounds of memory and time, and no secret leaves.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::env::Ran;
use crate::machine::{Machine, assert_silent, options};

/// A service that answers as it likes: each connection is told what came first on it, up to the empty line.
struct Wire {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Wire {
    /// Errors of writing are the client's right to hang up.
    fn of(answer: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Wire {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heads, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let kept = Arc::clone(&heads);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let head = head(&mut stream);
                    kept.lock().unwrap().push(head);
                    let _ = answer(&mut stream);
                });
            }
        });
        Wire { port, heads }
    }

    /// These bytes, and then the end.
    fn saying(bytes: Vec<u8>) -> Wire {
        Wire::of(move |stream| stream.write_all(&bytes))
    }

    fn requests(&self) -> usize {
        self.heads.lock().unwrap().len()
    }
}

fn head(stream: &mut TcpStream) -> String {
    let mut head = String::new();
    let mut lines = BufReader::new(stream);
    while lines.read_line(&mut head).is_ok_and(|length| length > 2) {}
    head
}

/// An archive with a sign-in from outside and these settings for Moves.
fn machine(base_url: &str) -> Machine {
    let machine = Machine::signed_out(options("2015-07-08"));
    machine.configure(&format!("[providers.moves]\nbase_url = \"{base_url}\"\n"));
    machine.env.set("FITSNAP_MOVES_ACCESS_TOKEN", "pretend-access-outside");
    machine.env.set("FITSNAP_PATIENCE", "900");
    machine
}

/// As `machine`, where the machine may take its time.
fn patient(wire: &Wire) -> Machine {
    let machine = machine(&format!("http://127.0.0.1:{}", wire.port));
    machine.env.set("FITSNAP_PATIENCE", "60000");
    machine
}

/// Syncs with this much memory at most; demands the code for a service that is down, these words, and an archive as
/// it was.
#[track_caller]
fn demand_refusal(machine: &Machine, words: &[&str]) -> Ran {
    let before = (machine.head(), machine.env.git("", &["status", "--porcelain"]));
    let script = "ulimit -v 1500000; exec fitsnap sync";
    let ran = machine.env.run_program("sh", &["-c", script]).code(4);
    for word in words.iter().chain(&["moves"]) {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert_silent(&(ran.stdout.clone() + &ran.stderr));
    assert!(ran.stderr.len() < 4_000, "{}", ran.stderr);
    assert_eq!((machine.head(), machine.env.git("", &["status", "--porcelain"])), before);
    ran
}

#[track_caller]
fn refused(wire: &Wire, words: &[&str]) {
    demand_refusal(&machine(&format!("http://127.0.0.1:{}", wire.port)), words);
}

/// A GiB of spaces, packed: a thousand times the blocks of one MiB, which stand alone. No end is needed.
fn bomb() -> Vec<u8> {
    let mut packed = vec![0; 1 << 16];
    let status = Compress::new(Compression::best(), false)
        .compress(&vec![b' '; 1 << 20], &mut packed, FlushCompress::Full)
        .unwrap();
    assert!(matches!(status, Status::Ok) && packed.ends_with(&[0; 1_024]));
    let end = packed.len() - packed.iter().rev().take_while(|byte| **byte == 0).count();
    // What a full flush ends with: 00 00 ff ff.
    assert_eq!(packed[end - 2..end], [0xff, 0xff]);
    [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], packed[..end].repeat(1_024).as_slice()].concat()
}

#[test]
fn a_body_that_unpacks_without_end_is_given_up() {
    // The client below knows only `gzip`; in other letters it is fitsnap that unpacks.
    for coding in ["gzip", "GZip"] {
        let bomb = bomb();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: {coding}\r\ncontent-length: {}\r\n\r\n",
            bomb.len()
        );
        let wire = Wire::saying([head.as_bytes(), &bomb].concat());
        demand_refusal(&patient(&wire), &["larger than 64 MiB"]);
        assert_eq!(wire.requests(), 1, "nothing is gained by asking for it again");
    }
}

#[test]
fn a_body_without_end_is_given_up() {
    let chunk = [b"100000\r\n".as_slice(), &[b'['; 1 << 20], b"\r\n"].concat();
    let wire = Wire::of(move |stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")?;
        loop {
            stream.write_all(&chunk)?;
        }
    });
    demand_refusal(&patient(&wire), &["larger than 64 MiB"]);
    assert_eq!(wire.requests(), 1);
}

#[test]
fn a_length_that_lies_reserves_no_memory() {
    for length in ["18446744073709551615", "9223372036854775807", "1099511627776", "-1"] {
        let said = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{{}}");
        refused(&Wire::saying(said.into_bytes()), &["4 times"]);
    }
}

#[test]
fn headers_without_end_are_given_up() {
    refused(
        &Wire::of(|stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
            (0..).try_for_each(|number: u64| writeln!(stream, "x-{number}: {}\r", "a".repeat(1_000)))
        }),
        &["Moves", "4 times"],
    );
    refused(
        &Wire::of(|stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nx: ")?;
            loop {
                stream.write_all(&[b'a'; 1 << 16])?;
            }
        }),
        &["Moves", "4 times"],
    );
    // Provisional answers, one after the other.
    refused(
        &Wire::of(|stream| {
            loop {
                stream.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")?;
            }
        }),
        &["Moves", "4 times"],
    );
}

#[test]
fn an_answer_in_drops_takes_no_longer_than_any_other() {
    let wire = Wire::of(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n")?;
        (0..1_000).try_for_each(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            stream.write_all(b" ")
        })
    });
    refused(&wire, &["no answer within 900 ms, 4 times"]);
}

#[test]
fn what_is_no_http_is_no_answer() {
    for said in [
        "SSH-2.0-OpenSSH_9.9\r\n",
        "\0\0\0\0\0\0\0\0",
        "HTTP/1.1 099 Odd\r\n\r\n",
        "HTTP/1.1 200\r\n: nameless\r\n\r\n",
    ] {
        refused(&Wire::saying(said.as_bytes().to_vec()), &["Moves", "4 times"]);
    }
}

#[test]
fn words_of_the_service_cannot_steer_the_terminal() {
    let body = "{\"error\": \"\\u001b]0;owned\\u0007\\u001b[2J\\u202eevil\", \"error_description\": \"a\\nfitsnap: all is well\"}";
    let said =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let ran = demand_refusal(&machine(&format!("http://127.0.0.1:{}", Wire::saying(said.into_bytes()).port)), &[]);
    assert!(!ran.stderr.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}'), "{:?}", ran.stderr);
    assert!(!ran.stderr.contains("\nfitsnap: all is well"), "{:?}", ran.stderr);
}

/// Ends a secure connection and hands what comes to a service that speaks plainly.
mod tls {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ServerConfig, ServerConnection, StreamOwned};

    /// Somebody who signs certificates.
    pub struct Authority {
        issuer: Issuer<'static, KeyPair>,
        pub certificate: String,
    }

    impl Authority {
        pub fn new(name: &str) -> Authority {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let certificate = params.self_signed(&key).unwrap().pem();
            Authority { issuer: Issuer::new(params, key), certificate }
        }

        /// A service that shows a certificate for this name, good until this year, and hands on to `port`.
        pub fn serve(&self, name: &str, until: i32, port: u16) -> Wire {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.not_after = date_time_ymd(until, 1, 1);
            let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
            let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![certificate], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
                .unwrap();
            let config = Arc::new(config);
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let wire = Wire { port: listener.local_addr().unwrap().port(), heads: Arc::default() };
            let heads = Arc::clone(&wire.heads);
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
                    let mut asked = String::new();
                    let mut lines = BufReader::new(&mut stream);
                    while lines.read_line(&mut asked).is_ok_and(|length| length > 2) {}
                    if asked.is_empty() {
                        continue;
                    }
                    heads.lock().unwrap().push(asked.clone());
                    let mut beyond = TcpStream::connect(("127.0.0.1", port)).unwrap();
                    let asked = asked.replacen("\r\n", "\r\nconnection: close\r\n", 1);
                    beyond.write_all(asked.as_bytes()).unwrap();
                    let mut answer = Vec::new();
                    beyond.read_to_end(&mut answer).unwrap();
                    let _ = stream.write_all(&answer);
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            });
            wire
        }
    }
}

/// A machine that trusts this authority, and asks this service on `localhost`.
fn trusting(authority: &tls::Authority, scheme: &str, port: u16) -> Machine {
    let machine = machine(&format!("{scheme}://localhost:{port}"));
    let path = machine.env.home().join("authorities.pem");
    std::fs::write(&path, &authority.certificate).unwrap();
    machine.env.set("SSL_CERT_FILE", path.to_str().unwrap());
    machine
}

#[test]
fn only_a_certificate_that_the_machine_trusts_for_that_name_and_today_gets_the_token() {
    let authority = tls::Authority::new("ours");
    let moves = fitsnap::pretend::Pretend::start(options("2015-07-08")).unwrap();
    let beyond = moves.base_url().rsplit(':').next().unwrap().parse().unwrap();
    let good = authority.serve("localhost", 2100, beyond);
    let machine = trusting(&authority, "https", good.port);
    machine.env.set("FITSNAP_MOVES_ACCESS_TOKEN", &moves.issue_tokens().0);
    machine.sync(&[]).code(0);
    assert_eq!(machine.days().len(), 4);
    assert!(good.requests() >= 2);

    for (wire, words) in [
        (tls::Authority::new("another").serve("localhost", 2100, beyond), "UnknownIssuer"),
        (authority.serve("moves.example.org", 2100, beyond), "not valid for name"),
        (authority.serve("localhost", 2001, beyond), "expired"),
    ] {
        demand_refusal(
            &trusting(&authority, "https", wire.port),
            &["certificate that this machine does not trust", words],
        );
        assert_eq!(wire.requests(), 0, "{words}");
    }
}

#[test]
fn plain_http_where_https_is_configured_gets_nothing_and_never_the_other_way_round() {
    let authority = tls::Authority::new("ours");
    let wire = Wire::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec());
    demand_refusal(&trusting(&authority, "https", wire.port), &["secure connection"]);
    assert!(wire.heads.lock().unwrap().iter().all(|head| !head.contains("GET") && !head.contains("Bearer")));
    let machine = Machine::signed_out(options("2015-07-08"));
    let settings = "format = 1\n[providers.moves]\nbase_url = \"http://192.0.2.1:8080\"\n";
    std::fs::write(machine.env.path("fitsnap.toml"), settings).unwrap();
    let ran = machine.sync(&[]).code(2);
    assert!(ran.stderr.contains("base_url") && ran.stderr.contains("https"), "{}", ran.stderr);
}
