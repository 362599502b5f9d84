//! `fitsnap canon`

use crate::env::ArchiveEnv;

#[test]
fn canon_writes_the_canonical_form_of_a_file_and_of_standard_input() {
    let env = ArchiveEnv::new();
    std::fs::write(env.path("a.json"), "{\"b\":1.0,\"a\":[ ]}").unwrap();
    env.run(&["canon", "a.json"]).code(0).stdout("{\"a\": [], \"b\": 1}\n");
    env.run_with_input(&["canon"], "1E3").code(0).stdout("1000\n");
}

#[test]
fn canon_says_what_is_wrong_and_where() {
    let env = ArchiveEnv::new();
    let said = env.run_with_input(&["canon"], "{\"a\":1,\n\"a\":2}").code(1).stderr;
    assert!(said.contains("standard input") && said.contains("line 2") && said.contains("\"a\""), "{said}");
    let said = env.run(&["canon", "missing.json"]).code(1).stderr;
    assert!(said.contains("missing.json"), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_no_success() {
    let env = ArchiveEnv::new();
    std::fs::write(env.path("a.json"), "{}").unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = env
        .command(env!("CARGO_BIN_EXE_fitsnap"))
        .args(["canon", "a.json"])
        .stdout(full)
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to standard output"));
}
