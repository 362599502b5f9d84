//! `fitsnap init`

use crate::env::ArchiveEnv;

#[test]
fn init_makes_an_archive_that_git_finds_whole_and_clean() {
    let env = ArchiveEnv::new();
    env.run(&["init", "a"]).code(0).stdout("");
    assert_eq!(env.git("a", &["status", "--porcelain"]), "");
    assert_eq!(env.git("a", &["fsck", "--strict"]), "");
    assert_eq!(env.git("a", &["ls-files"]), ".gitattributes\nfitsnap.toml\n");
    assert_eq!(env.git("a", &["branch", "--show-current"]), "main\n");
    assert_eq!(
        env.git("a", &["log", "--format=%an <%ae> %aI"]),
        "Ada Archivist <ada@example.com> 2015-07-11T06:00:00Z\n"
    );
    let body = env.git("a", &["log", "--format=%B"]);
    assert_eq!(body.trim_end(), "fitsnap: new archive\n\nFitsnap-Action: init\nFitsnap-Format: 1");
    assert!(std::fs::read_to_string(env.path("a/fitsnap.toml")).unwrap().starts_with("format = 1\n"));
    assert_eq!(
        std::fs::read_to_string(env.path("a/.gitattributes")).unwrap(),
        "data/** -text\ndata/** merge=fitsnap\n"
    );
    env.run(&["-C", "a", "verify"]).code(0).stdout("well: 0 files in 1 commit\n");
}

#[test]
fn init_on_an_archive_changes_nothing_but_puts_missing_hooks_back() {
    let env = ArchiveEnv::new();
    env.run(&["init"]).code(0);
    let before = env.git("", &["rev-parse", "HEAD"]);
    std::fs::remove_file(env.path(".git/hooks/pre-push")).unwrap();
    let said = env.run(&["init"]).code(0).stderr;
    assert!(said.contains("an archive already") && said.contains("pre-push") && !said.contains("pre-commit"), "{said}");
    assert_eq!(env.git("", &["rev-parse", "HEAD"]), before);
    assert!(env.path(".git/hooks/pre-push").exists());
}

#[test]
fn init_honours_the_default_branch_and_the_identity_of_the_environment() {
    let env = ArchiveEnv::new();
    std::fs::write(env.home().join("mine"), "[init]\n\tdefaultBranch = trunk\n[user]\n\tname = X\n\temail = x@y.z\n")
        .unwrap();
    env.set("GIT_CONFIG_GLOBAL", env.home().join("mine").to_str().unwrap());
    env.set("GIT_AUTHOR_NAME", "Grace");
    env.run(&["-C", "b", "init"]).code(0);
    assert_eq!(env.git("b", &["branch", "--show-current"]), "trunk\n");
    assert_eq!(env.git("b", &["log", "--format=%an|%ae|%cn"]), "Grace|x@y.z|X\n");
}

#[test]
fn without_an_identity_nothing_is_made_and_the_two_commands_are_shown() {
    let env = ArchiveEnv::new();
    std::fs::write(env.home().join(".gitconfig"), "").unwrap();
    let said = env.run(&["init", "a"]).code(2).stderr;
    assert!(
        said.contains("git config --global user.name") && said.contains("git config --global user.email"),
        "{said}"
    );
    assert!(!env.path("a").exists());
    env.git("", &["init", "-q", "b"]);
    env.run(&["init", "b"]).code(2);
    assert_eq!(env.git("b", &["status", "--porcelain"]), "");
    assert!(!env.path("b/.git/fitsnap").exists());
    // The repository's own settings are enough.
    env.git("b", &["config", "user.name", "Local"]);
    env.git("b", &["config", "user.email", "l@example.com"]);
    env.run(&["init", "b"]).code(0);
    assert_eq!(env.git("b", &["log", "--format=%an"]), "Local\n");
}

#[test]
fn init_adopts_the_repository_around_and_leaves_the_persons_work_alone() {
    let env = ArchiveEnv::new();
    env.git("", &["init", "-q"]);
    std::fs::create_dir(env.path("notes")).unwrap();
    std::fs::write(env.path("notes/a.txt"), "one\n").unwrap();
    std::fs::write(env.path(".gitattributes"), "*.gpx text").unwrap();
    env.git("", &["add", "."]);
    env.git("", &["commit", "-qm", "mine"]);
    std::fs::write(env.path("notes/a.txt"), "edited\n").unwrap();
    std::fs::write(env.path("notes/b.txt"), "staged\n").unwrap();
    env.git("", &["add", "notes/b.txt"]);
    env.run(&["init", "notes"]).code(0);
    assert_eq!(env.git("", &["status", "--porcelain"]), " M notes/a.txt\nA  notes/b.txt\n");
    assert_eq!(env.git("", &["show", "--format=", "--name-only"]), ".gitattributes\nfitsnap.toml\n");
    assert_eq!(env.git("", &["show", "HEAD:.gitattributes"]), "*.gpx text\ndata/** -text\ndata/** merge=fitsnap\n");
    assert_eq!(env.git("", &["fsck", "--strict"]), "");
}

#[test]
fn init_takes_files_that_are_in_no_commit_as_they_are() {
    let env = ArchiveEnv::new();
    env.git("", &["init", "-q"]);
    std::fs::write(env.path(".gitattributes"), "*.gpx text\n").unwrap();
    std::fs::write(env.path("fitsnap.toml"), "format = 1\n# mine\n").unwrap();
    env.run(&["init"]).code(0);
    assert_eq!(env.git("", &["status", "--porcelain"]), "");
    assert_eq!(env.git("", &["show", "HEAD:fitsnap.toml"]), "format = 1\n# mine\n");
    assert_eq!(env.git("", &["show", "HEAD:.gitattributes"]), "*.gpx text\ndata/** -text\ndata/** merge=fitsnap\n");
}

#[test]
fn init_stops_where_the_persons_own_work_is_in_the_way() {
    let env = ArchiveEnv::new();
    env.git("", &["init", "-q"]);
    std::fs::write(env.path(".gitattributes"), "*.gpx text\n").unwrap();
    env.git("", &["add", "."]);
    env.git("", &["commit", "-qm", "mine"]);
    std::fs::write(env.path(".gitattributes"), "*.gpx text\n*.tcx text\n").unwrap();
    let said = env.run(&["init"]).code(6).stderr;
    assert!(said.contains(".gitattributes") && said.contains("git stash"), "{said}");
    env.git("", &["checkout", "-q", "."]);
    env.git("", &["checkout", "-q", "--detach"]);
    let said = env.run(&["init"]).code(6).stderr;
    assert!(said.contains("detached"), "{said}");
    assert!(!env.path("fitsnap.toml").exists());
}

#[test]
fn init_refuses_what_cannot_be_an_archive() {
    let env = ArchiveEnv::new();
    env.git("", &["init", "-q", "--bare", "bare.git"]);
    let said = env.run(&["init", "bare.git"]).code(2).stderr;
    assert!(said.contains("bare repository"), "{said}");
    std::fs::write(env.path("file"), "").unwrap();
    let said = env.run(&["init", "file"]).code(2).stderr;
    assert!(said.contains("file is not a folder"), "{said}");
    std::fs::create_dir(env.path("new")).unwrap();
    std::fs::write(env.path("new/fitsnap.toml"), "format = 99\n").unwrap();
    let said = env.run(&["init", "new"]).code(2).stderr;
    assert!(said.contains("format 99") && said.contains("newest fitsnap"), "{said}");
    assert!(!env.path("new/.git").exists());
}

#[test]
fn hooks_of_the_persons_own_are_kept_and_told_of() {
    let env = ArchiveEnv::new();
    env.git("", &["init", "-q"]);
    std::fs::create_dir_all(env.path(".git/hooks")).unwrap();
    std::fs::write(env.path(".git/hooks/pre-push"), "#!/bin/sh\necho mine\n").unwrap();
    let said = env.run(&["init"]).code(0).stderr;
    assert!(
        said.contains("fitsnap hook pre-push \"$@\" || exit 1") && said.contains("installed the hook pre-commit"),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(env.path(".git/hooks/pre-push")).unwrap(), "#!/bin/sh\necho mine\n");
    env.git("", &["config", "core.hooksPath", "my-hooks"]);
    let said = env.run(&["init"]).code(0).stderr;
    assert!(said.contains("my-hooks/pre-commit"), "{said}");
    assert!(!env.path("my-hooks").exists());
}

#[test]
fn hooks_that_a_global_configuration_keeps_elsewhere_are_told_not_written() {
    let env = ArchiveEnv::new();
    let global = env.home().join("global");
    let text = std::fs::read_to_string(env.home().join(".gitconfig")).unwrap();
    std::fs::write(&global, format!("{text}[core]\n\thooksPath = all-hooks\n")).unwrap();
    env.set("GIT_CONFIG_GLOBAL", global.to_str().unwrap());
    let said = env.run(&["init"]).code(0).stderr;
    assert!(said.contains("all-hooks/pre-push"), "{said}");
    assert!(!env.path(".git/hooks/pre-push").exists());
}

#[test]
fn what_an_init_that_was_ended_left_behind_is_tidied_by_the_next() {
    let env = ArchiveEnv::new();
    // Half of a repository, and then locks of a dead fitsnap and an unfinished file.
    std::fs::create_dir_all(env.path("a/.fitsnap-new/.git")).unwrap();
    std::fs::write(env.path("a/.fitsnap-new/.git/config.lock"), "").unwrap();
    env.run(&["init", "a"]).code(0);
    for lock in ["a/.git/index.lock", "a/.git/config.lock"] {
        std::fs::write(env.path(lock), "fitsnap holds this lock, process 1\n").unwrap();
    }
    std::fs::write(env.path("a/.git/fitsnap/tmp/new-1"), "").unwrap();
    env.run(&["init", "a"]).code(0);
    crate::archive::demand_clean(&env, "a");
    assert!(!env.path("a/.fitsnap-new").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_configuration_that_is_a_link_is_written_where_it_is_kept() {
    let env = ArchiveEnv::new();
    let keep = |elsewhere: &str| {
        format!(
            "git init -q a; mkdir -p {elsewhere}; mv a/.git/config {elsewhere}/mine; chmod 600 {elsewhere}/mine
            ln -s ../../{elsewhere}/mine a/.git/config
            fitsnap init a; test -L a/.git/config
            test $(stat -c %a {elsewhere}/mine) = 600; test $(ls -A {elsewhere}) = mine
            test -z \"$(ls -A a/.git/fitsnap/tmp)\"; git -C a config --list --local; rm -r a"
        )
    };
    let demand = |ran: crate::env::Ran| {
        let told = ran.code(0).stdout;
        assert!(told.contains("core.bare=false\n") && told.contains("merge.fitsnap.driver=fitsnap merge-"), "{told}");
    };
    demand(env.run_program("sh", &["-ec", &keep("kept/here")]));
    // On another file system it cannot be renamed to from here.
    let script = format!("mkdir disk; mount -t tmpfs none disk || exit 77; {}", keep("disk"));
    let Some(ran) = crate::guards::with_mounts(&env, &script).filter(|ran| ran.status != 77) else { return };
    demand(ran);
}

#[test]
fn what_a_person_keeps_under_the_name_of_an_unfinished_repository_stays() {
    let env = ArchiveEnv::new();
    for kept in ["a/.fitsnap-new/mine", "b/.fitsnap-new/.git/objects/ab/cd", "c/.fitsnap-new/.git/refs/heads/main"] {
        let path = env.path(kept);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "mine").unwrap();
        let said = env.run(&["init", &kept[..1]]).code(2).stderr;
        assert!(said.contains(".fitsnap-new is in the way") && said.contains("another name"), "{said}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        assert!(!env.path(&kept[..1]).join(".git").exists());
    }
    #[cfg(unix)]
    {
        std::fs::create_dir(env.path("d")).unwrap();
        std::os::unix::fs::symlink("../elsewhere", env.path("d/.fitsnap-new")).unwrap();
        env.run(&["init", "d"]).code(2);
        assert!(env.path("d/.fitsnap-new").is_symlink() && !env.path("elsewhere").exists());
    }
}
