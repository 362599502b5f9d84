//! Where people can look at the archive's commits in a browser.

use super::Archive;

impl Archive {
    /// The web address of the repository that `origin` names, if it is on a host that has one. What
    /// stands before the host (a user, a token) is left out.
    pub fn web_address(&self) -> Option<String> {
        let origin = self.git.find_remote("origin").ok()?;
        of_remote(origin.url().ok()?)
    }
}

fn of_remote(url: &str) -> Option<String> {
    let rest = match url.split_once("://") {
        Some(("https" | "http" | "ssh", rest)) => rest.to_owned(),
        Some(_) => return None,
        // `git@host:path`, as scp writes it.
        None => {
            let (host, path) = url.split_once(':')?;
            format!("{host}/{}", path.trim_start_matches('/'))
        }
    };
    let (host, path) = rest.split_once('/')?;
    let host = host.rsplit('@').next()?.split(':').next()?;
    let path = path.trim_end_matches('/').trim_end_matches(".git");
    let safe =
        |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b'~'));
    let fits = host.contains('.') && host.contains(|c: char| c.is_ascii_alphabetic()) && !path.is_empty();
    (fits && safe(host) && safe(path)).then(|| format!("https://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_with_pages_are_linked_and_no_secret_is() {
        for (remote, address) in [
            ("git@git.example.com:ada/life.git", Some("https://git.example.com/ada/life")),
            ("https://ada:hunter2@git.example.com/ada/life.git", Some("https://git.example.com/ada/life")),
            ("ssh://git@git.example.com:2222/ada/life", Some("https://git.example.com/ada/life")),
            ("/srv/git/life.git", None),
            ("file:///srv/git/life.git", None),
            ("backup:life.git", None),
            ("C:\\life", None),
            ("https://git.example.com/a\"><script>", None),
            ("https://127.0.0.1/life", None),
        ] {
            assert_eq!(of_remote(remote).as_deref(), address, "{remote}");
        }
    }
}
