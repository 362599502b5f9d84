//! Where people can look at the archive's commits in a browser.

use url::Url;

use super::Archive;

impl Archive {
    /// The web address of the repository that `origin` names, if it is on a host that has one. What
    /// stands before the host (a user, a token) is left out.
    pub fn web_address(&self) -> Option<String> {
        let origin = self.git.find_remote("origin").ok()?;
        of_remote(origin.url().ok()?)
    }
}

/// Where anybody who may read a remote could ask it, as git does over http(s); none for a remote that is
/// not on such a host. What stands before the host (a user, a token) is left out.
pub fn in_public(remote: &str) -> Option<Url> {
    let address = match Url::parse(remote) {
        Ok(mut url) if matches!(url.scheme(), "http" | "https") => {
            url.set_username("").and_then(|()| url.set_password(None)).ok()?;
            url
        }
        _ => Url::parse(&(of_remote(remote)? + ".git")).ok()?,
    };
    let path = format!("{}/info/refs", address.path().trim_end_matches('/'));
    let mut ask = address;
    ask.set_path(&path);
    ask.set_query(Some("service=git-upload-pack"));
    Some(ask)
}

/// The address of a remote without what stands before the host: a user, a token.
pub fn without_user(remote: &str) -> String {
    match remote.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit('@').next().unwrap_or(host);
            format!("{scheme}://{host}/{path}")
        }
        None => remote.to_owned(),
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

    #[test]
    fn a_remote_is_asked_where_anybody_could_and_without_its_secret() {
        for (remote, address) in [
            ("git@git.example.com:ada/life.git", Some("https://git.example.com/ada/life.git/info/refs")),
            ("https://ada:hunter2@git.example.com:8443/life", Some("https://git.example.com:8443/life/info/refs")),
            ("http://127.0.0.1:8080/life.git/", Some("http://127.0.0.1:8080/life.git/info/refs")),
            ("/srv/git/life.git", None),
            ("backup:life.git", None),
        ] {
            let address = address.map(|address| format!("{address}?service=git-upload-pack"));
            assert_eq!(in_public(remote).map(String::from), address, "{remote}");
        }
        assert_eq!(without_user("https://ada:hunter2@git.example.com/life"), "https://git.example.com/life");
        assert_eq!(without_user("git@git.example.com:life.git"), "git@git.example.com:life.git");
    }
}
