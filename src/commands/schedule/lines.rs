//! The same task for cron and for launchd, to be put in place by the person.

use super::task::Task;
use super::when::When;

/// Some crons (Vixie's and its kin) take no longer command.
pub(super) const LONGEST: usize = 998;

/// The line of a crontab.
pub(super) fn crontab(task: &Task, when: When) -> String {
    // To cron a percent sign is a line break.
    let line = format!("{}  # {}", script(task), task.name).replace('%', "\\%");
    format!("{} {} * * *  {line}", when.minute, when.hour)
}

/// The property list of a launchd agent.
pub(super) fn launchd(task: &Task, when: When) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let When { hour, minute } = when;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n\
         \t<key>Label</key>\n\t<string>{}</string>\n\
         \t<key>ProgramArguments</key>\n\t<array>\n\t\t<string>/bin/sh</string>\n\t\t<string>-c</string>\n\
         \t\t<string>{}</string>\n\t</array>\n\
         \t<key>StartCalendarInterval</key>\n\t<dict>\n\
         \t\t<key>Hour</key>\n\t\t<integer>{hour}</integer>\n\t\t<key>Minute</key>\n\t\t<integer>{minute}</integer>\n\
         \t</dict>\n</dict>\n</plist>\n",
        escaped(&task.name),
        escaped(&script(task))
    )
}

/// The task in one line of a shell.
fn script(task: &Task) -> String {
    let variables: Vec<String> =
        task.variables.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    let commands: Vec<String> =
        task.commands.iter().map(|words| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")).collect();
    format!("export {}; {}", variables.join(" "), commands.join(" && "))
}

/// A word as a shell reads it back, whatever it holds.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-=:".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        let words = |line: &str| line.split('|').map(str::to_owned).collect();
        Task {
            name: "fitsnap-x-1".to_owned(),
            archive: "/a b%".to_owned(),
            commands: vec![words("/bin/fitsnap|-C|/a b%|sync"), words("/bin/git|-C|/a b%|push")],
            variables: vec![("PATH", "/it's/bin:/bin".to_owned())],
            credentials: String::new(),
            pushes: true,
        }
    }

    #[test]
    fn a_crontab_line_is_one_line_that_cron_hands_on_as_it_is() {
        let line = crontab(&task(), When { hour: 6, minute: 5 });
        assert_eq!(
            line,
            "5 6 * * *  export PATH='/it'\\''s/bin:/bin'; /bin/fitsnap -C '/a b\\%' sync && /bin/git -C '/a b\\%' push  \
             # fitsnap-x-1"
        );
    }

    #[test]
    fn a_property_list_is_xml() {
        let text = launchd(&task(), When { hour: 6, minute: 5 });
        assert!(text.contains("sync &amp;&amp; /bin/git -C '/a b%' push</string>"), "{text}");
        assert!(text.contains("<integer>5</integer>"), "{text}");
    }
}
