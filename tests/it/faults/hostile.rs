//! Hostile arguments in every position and option: refused or stored, never executed, never printed raw, never at length.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::tools::{assert_presentable, hexadecimal, run};
use super::victims::assert_clean;
use crate::harness::Project;

/// The words that broke the old scripts, and what else terminals, shells, SQL and full-text search trip over.
fn words() -> Vec<OsString> {
    let texts = [
        "'); DROP TABLE skills; --",
        "x' OR '1'='1",
        "\"; DELETE FROM skills; --",
        "../../etc/passwd",
        "/etc/passwd",
        "/dev/stdin",
        "$(touch executed)",
        "`touch executed`",
        "; touch executed;",
        "| touch executed",
        "two\nlines\r\n",
        "\u{1b}[2J\u{1b}]0;title\u{7}",
        "\u{202e}desrever\u{200b}",
        "\u{e0041}\u{e0042}",
        "NEAR(a b) AND c* OR \"",
        "%s%n%00",
        "-rf",
        "-",
        "--",
        "*",
        "",
        " ",
        "-1",
        "0",
        "99999999999999999999999",
        "NULL",
        "1.0.1\n",
        "9.9.9-alpha",
        "18446744073709551616.0.0",
        "true\u{0130}",
        "{\"a\":1}",
        ",,,",
        "é",
        "🧨",
    ];
    let mut words: Vec<OsString> = texts.iter().map(OsString::from).collect();
    words.push(OsStr::from_bytes(b"\xff\xfe\x80").to_owned());
    words.push(OsStr::from_bytes(b"ok\xc3").to_owned());
    // The kernel takes no argument of 128 KiB or more.
    words.push("n".repeat(131_000).into());
    words.push("\u{1b}".repeat(131_000).into());
    words
}

/// Places for a word, which replaces `@`.
const PLACES: &[&[&str]] = &[
    &["deploy", "@", "ok", "ok.md"],
    &["deploy", "1", "@", "ok.md"],
    &["deploy", "1", "ok", "@"],
    &["deploy", "1", "ok", "ok.md", "@"],
    &["deploy", "1", "ok", "ok.md", "domain", "@"],
    &["deploy", "1", "ok", "ok.md", "--version", "@"],
    &["deploy", "1", "ok", "ok.md", "--priority", "@"],
    &["deploy", "1", "ok", "ok.md", "--context", "@"],
    &["deploy", "1", "ok", "ok.md", "--phase", "@"],
    &["deploy", "1", "ok", "ok.md", "--owner", "@"],
    &["deploy", "1", "ok", "ok.md", "--team", "@"],
    &["deploy", "1", "ok", "ok.md", "--tags", "@"],
    &["deploy", "1", "ok", "ok.md", "--approver", "@"],
    &["deploy", "1", "ok", "ok.md", "--reason", "@"],
    &["deploy", "1", "conditional", "ok.md", "domain", "agent", "--phase=@", "--context=@"],
    &["deploy", "--", "1", "@", "ok.md"],
    &["skill", "deploy", "1", "@", "ok.md"],
    &["update", "@", "1.0.1", "ok.md"],
    &["update", "ok", "@", "other.md"],
    &["update", "ok", "1.0.1", "@"],
    &["update", "ok", "1.0.1", "other.md", "@"],
    &["update", "ok", "1.0.1", "other.md", "patch", "@"],
    &["load", "@"],
    &["load", "agent", "--context", "@"],
    &["load", "agent", "--phase", "@"],
    &["load", "agent", "--max-skills", "@"],
    &["load", "agent", "--max-tokens", "@"],
    &["load", "agent", "--format", "@"],
    &["load", "agent", "--agent-id=@", "--task-id=@"],
    &["skill", "list", "--category", "@"],
    &["skill", "list", "--level", "@"],
    &["skill", "list", "--status", "@"],
    &["skill", "list", "--agent", "@"],
    &["skill", "show", "@"],
    &["skill", "show", "ok", "--version", "@"],
    &["skill", "history", "@"],
    &["skill", "verify", "@"],
    &["skill", "rollback", "@", "1.0.0"],
    &["skill", "rollback", "ok", "@"],
    &["skill", "rollback", "ok", "1.0.0", "--reason=@"],
    &["skill", "approve", "@", "--approver", "me"],
    &["skill", "approve", "ok", "--approver=@", "--reason=@"],
    &["skill", "approve", "ok", "--approver", "me", "--hash", "@"],
    &["skill", "reject", "reviewed", "--approver=@", "--reason=@"],
    &["skill", "escalate", "reviewed", "--approver=@", "--reason=@", "--to=@"],
    &["skill", "assess", "@"],
    &["skill", "assess", "ok", "--coverage=@"],
    &["skill", "review", "@"],
    &["skill", "@"],
    &["init", "--from", "skills", "--category", "@"],
    &["init", "--from", "skills", "--agents", "@"],
    &["init", "--from", "skills", "--approve-as", "@"],
    &["init", "--from", "@/nothing"],
    &["db", "restore", "@"],
    &["db", "@"],
    &["skill", "list", "--db", "@"],
    &["skill", "list", "--color", "@"],
    &["@"],
    &["--@"],
    &["completions", "@"],
    &["man", "@"],
];

fn filled(place: &[&str], word: &OsStr) -> Vec<OsString> {
    let fill = |part: &&str| match part.split_once('@') {
        Some((before, after)) => [OsStr::new(before), word, OsStr::new(after)].into_iter().collect(),
        None => OsString::from(part),
    };
    place.iter().map(fill).collect()
}

fn project() -> Project {
    let project = Project::new();
    project.file("ok.md", "---\nname: ok\ndescription: d\n---\nText.\n");
    project.file("other.md", "---\nname: ok\ndescription: d\n---\nOther text.\n");
    project.file("skills/a/SKILL.md", "---\nname: a\ndescription: d\n---\nText.\n");
    for name in ["ok", "reviewed"] {
        project.cfn(["deploy", "1", name, "ok.md", "domain", "agent"]).ok();
    }
    project
}

#[test]
fn hostile_words_are_refused_or_stored_and_never_executed_or_printed_raw() {
    let project = project();
    for place in PLACES {
        for word in words() {
            let args = filled(place, &word);
            let ran = run(project.command(&args));
            let shown = format!("{place:?} {:?}", word.to_string_lossy().chars().take(40).collect::<String>());
            assert!(matches!(ran.code, Some(0..=8)), "{shown}: {:?} {:.400}", ran.code, ran.stderr);
            assert_presentable(&ran.stderr);
            let raw = |it: char| it != '\n' && it.is_control();
            assert!(place[0] == "man" || place[0] == "completions" || !ran.stdout.contains(raw), "{shown}: {ran:?}");
            assert!(!project.path().join("executed").exists(), "{shown}");
        }
    }
    assert_eq!(project.sqlite3("SELECT count(*) > 0 FROM skills"), "1");
    for args in [
        &["skill", "list"][..],
        &["skill", "show", "ok"],
        &["skill", "history", "ok"],
        &["skill", "history", "reviewed"],
    ] {
        let text = project.cfn(args).ok();
        assert!(!text.contains(|it: char| it != '\n' && it.is_control()), "{args:?}: raw control characters");
    }
    assert_clean(&project);
    project.cfn(["db", "check"]).ok();
}

#[test]
fn arguments_are_stored_exactly() {
    let project = project();
    let word = "'); DROP TABLE skills; --\n\u{1b}[2J";
    let (person, _) = word.split_once('\n').expect("two lines");
    let deploy = |approver: &str| {
        let decision = ["--owner", word, "--approver", approver, "--reason", word, "--tags", "a'b"];
        project.cfn(["deploy", "1", "typed", "ok.md"].into_iter().chain(decision))
    };
    deploy(word).fails(1); // a name is one line
    deploy(person).ok();
    let hex = |it: &str| hexadecimal(it.as_bytes()).to_uppercase();
    assert_eq!(project.sqlite3("SELECT hex(owner) FROM skills WHERE name = 'typed'"), hex(word));
    assert_eq!(
        project.sqlite3("SELECT hex(approver) || hex(reasoning) FROM approval_history ORDER BY id DESC LIMIT 1"),
        hex(person) + &hex(word)
    );
    let json = project.cfn(["skill", "list", "--json"]).json();
    assert!(json["skills"].as_array().expect("skills").iter().any(|it| it["owner"] == word), "{json}");
}

#[test]
fn names_that_look_like_options_are_names_after_two_hyphens() {
    let project = project();
    project.cfn(["deploy", "--", "1", "-rf", "ok.md"]).ok();
    assert!(project.cfn(["skill", "show", "--", "-rf"]).ok().contains("-rf"));
    project.cfn(["deploy", "1", "-rf", "ok.md"]).fails(1);
}

#[test]
fn a_name_of_a_million_characters_is_refused_with_a_short_message() {
    let project = project();
    let long = "n".repeat(1_000_000);
    let request = format!(
        "{{\"id\":1,\"agent_type\":\"{long}\"}}\n{{\"agent_type\":\"agent\",\"phase\":\"{}\"}}\n",
        &long[..900_000]
    );
    let ran = project.cfn_with_input(["load", "--batch"], request.as_bytes());
    assert_eq!(ran.code, Some(1), "one of the two was refused");
    let first = ran.stdout.lines().next().expect("an answer");
    assert!(first.len() < 1000 && first.contains("64"), "{}", first.len());
    project.file("long/SKILL.md", format!("---\nname: {long}\ndescription: d\n---\nText.\n"));
    project.file("wild/x\u{1b}[2J\ny/SKILL.md", "---\nname: \"a\\e[2Jb\"\ndescription: d\n---\nText.\n");
    let ran = run(project.command(["init", "--from", "long"]));
    assert_presentable(&ran.stderr);
    assert_presentable(&ran.ok());
    let ran = run(project.command(["init", "--from", "wild"]));
    assert_presentable(&ran.stderr);
    assert_presentable(&ran.ok());
    let ran = run(project.command(["deploy", "1", "long", "long/SKILL.md"]));
    assert_presentable(&ran.stderr);
    let ran = run(project.command(["skill", "validate", "long"]));
    assert_presentable(&ran.stdout);
    assert_clean(&project);
}

#[test]
fn a_path_that_is_not_utf_8_is_refused_and_nothing_is_stored() {
    let project = project();
    let path = project.path().join(OsStr::from_bytes(b"skill\xff.md"));
    fs::write(&path, "Text.").expect("a file");
    let ran = run(project.command([OsStr::new("deploy"), OsStr::new("1"), OsStr::new("new"), path.as_os_str()]));
    assert_presentable(&ran.stderr);
    ran.fails(1);
    assert_eq!(project.sqlite3("SELECT count(*) FROM skills WHERE name = 'new'"), "0");
    let database = project.path().join(OsStr::from_bytes(b"db\xff\n.db"));
    let ran = run(project.command([OsStr::new("init"), OsStr::new("--db"), database.as_os_str()]));
    assert_presentable(&ran.stderr);
    assert_presentable(&ran.stdout);
}

#[test]
fn hostile_settings_are_refused_by_name_where_they_are_used() {
    let project = project();
    let path = project.skill("another", "Text.").to_string_lossy().into_owned();
    let deploy = ["deploy", "9", "another", &path];
    for (args, name, value) in [
        (["skill", "list"].as_slice(), "CFN_BUSY_TIMEOUT_MS", "-1"),
        (&["skill", "list"], "CFN_BUSY_TIMEOUT_MS", "\u{1b}[2J"),
        (&deploy, "CFN_MAX_CONTENT_BYTES", "many"),
        (&deploy, "CFN_SYNCHRONOUS", "off; DROP TABLE skills"),
        (&["update", "ok", "1.0.1", &path], "ENABLE_AGENT_NOTIFICATIONS", "maybe"),
    ] {
        let mut command = project.command(args);
        command.env(name, value);
        let ran = run(command);
        assert_presentable(&ran.stderr);
        assert!(ran.fails(1).contains(name), "{name}");
        let mut command = project.command(["load", "agent", "--format", "names"]);
        command.env(name, value);
        let ran = run(command);
        assert_presentable(&ran.stderr);
        assert!(name == "CFN_BUSY_TIMEOUT_MS" || ran.code == Some(0), "{name} is not for a load: {ran:?}");
    }
    let mut command = project.command(["skill", "list"]);
    command.env("RUST_LOG", "[[[");
    run(command).ok();
}
