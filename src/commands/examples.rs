//! The examples in the help are true, and every command has some.

use clap::{Command, CommandFactory};

use super::Arguments;

/// As much as a page of the manual shows on a line.
const WIDTH: usize = 73;

fn help(command: &Command) -> String {
    // The long help has this in place of the other, where it has it.
    let texts = command.get_after_long_help().or(command.get_after_help());
    texts.map(ToString::to_string).unwrap_or_default()
}

/// The command of an example without what explains it and what the shell does with it: `fitsnap sync && git
/// push    as cron does it` is `fitsnap sync`.
fn words(example: &str) -> Option<Vec<String>> {
    let plain = example.split("  ").next().unwrap_or_default();
    let words = shlex::split(plain)?;
    Some(words.into_iter().take_while(|word| !["&&", "|", ">", "<"].contains(&word.as_str())).collect())
}

fn check(command: &Command, path: &[&str], wrong: &mut Vec<String>) {
    let help = help(command);
    let examples: Vec<&str> = help.lines().filter(|line| line.trim_start().starts_with("fitsnap ")).collect();
    if !help.contains("Examples:") || examples.is_empty() {
        wrong.push(format!("fitsnap {} --help has no example", path.join(" ")));
    }
    wrong.extend(help.lines().filter(|line| line.chars().count() > WIDTH).map(|line| format!("too long: {line}")));
    for example in examples {
        let words = words(example.trim()).unwrap_or_default();
        if !words.iter().skip(1).map(String::as_str).collect::<Vec<_>>().starts_with(path) {
            wrong.push(format!("fitsnap {} --help has the example of another command: {example}", path.join(" ")));
        }
        if let Err(error) = Arguments::command().try_get_matches_from(&words) {
            wrong.push(format!("{example}: {error}"));
        }
    }
    for one in command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help") {
        check(one, &[path, &[one.get_name()]].concat(), wrong);
    }
}

#[test]
fn every_command_has_examples_that_it_takes() {
    let mut wrong = Vec::new();
    check(&Arguments::command(), &[], &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
