//! What the benchmarks share: git with an identity of its own, and what a run costs.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A git identity, and no settings but these.
pub fn identity() -> [(&'static str, &'static str); 6] {
    [
        ("GIT_AUTHOR_NAME", "Bench"),
        ("GIT_AUTHOR_EMAIL", "bench@example.com"),
        ("GIT_COMMITTER_NAME", "Bench"),
        ("GIT_COMMITTER_EMAIL", "bench@example.com"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
    ]
}

/// How long a run takes, the most memory it held in KiB, and how long its main thread was at work (the latter two
/// on Linux).
pub fn timed(mut child: Child) -> (Duration, u64, Duration) {
    let start = Instant::now();
    let status = format!("/proc/{}/status", child.id());
    let schedule = format!("/proc/{}/schedstat", child.id());
    let (mut peak, mut worked) = (0, Duration::ZERO);
    loop {
        let told = fs::read_to_string(&schedule).ok();
        let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse().ok());
        worked = nanoseconds.map_or(worked, Duration::from_nanos);
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let held = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok());
        peak = peak.max(held.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return (start.elapsed(), peak, worked);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs git, which must succeed.
pub fn git(folder: &Path, args: &[&str]) {
    let mut git = Command::new("git");
    assert!(git.arg("-C").arg(folder).args(args).envs(identity()).status().unwrap().success());
}
