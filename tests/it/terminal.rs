//! What a person at a terminal sees, and a file or a program does not. The terminal is one that `script` of util-linux makes.

use std::process::{Command, Stdio};

use crate::harness::{Project, Ran, binary, cfn_in};
use crate::scene::with_skill;

/// A shell line in a terminal of this width; `$CFN` is cfn. What goes to stdout and to stderr comes out together.
fn on_a_terminal(project: &Project, columns: u16, line: &str) -> Ran {
    // The environment of a test that runs cfn, with the program that makes the terminal in its place.
    let clean = cfn_in(project.path());
    let mut command = Command::new("script");
    for (name, _) in clean.get_envs() {
        command.env_remove(name);
    }
    command.args(["-qec", &format!("stty cols {columns}; {line}"), "/dev/null"]).env("CFN", binary());
    let output = command.current_dir(project.path()).stdin(Stdio::null()).output().expect("script must be installed");
    let mut ran = Ran::from(output);
    ran.stdout = ran.stdout.replace("\r\n", "\n");
    ran
}

fn with_a_wide_table() -> Project {
    let project = with_skill("a-name-that-is-about-as-long-as-a-name-of-a-skill-may-be", "domain", "dev");
    let agents: Vec<String> = (0..20).map(|number| format!("agent-type-{number}")).collect();
    project.file("s.md", "Body.");
    project.cfn(["deploy", "1", "other", "s.md", "testing", &agents.join(",")]).ok();
    project
}

#[test]
fn tables_fit_the_terminal_and_are_not_broken_in_a_file() {
    let project = with_a_wide_table();
    for columns in [120, 80, 60] {
        let ran = on_a_terminal(&project, columns, "\"$CFN\" skill list");
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let widest = ran.stdout.lines().map(|line| line.chars().count()).max();
        assert!(
            widest.is_some_and(|it| it <= usize::from(columns)) && ran.stdout.lines().count() > 3,
            "{columns}: {ran:?}"
        );
    }
    let list = project.cfn(["skill", "list"]).ok();
    assert_eq!(list.lines().count(), 3, "a line a skill: {list}");
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let project = with_skill("jwt", "domain", "dev");
    let colours = |line: &str| on_a_terminal(&project, 80, line).stdout.contains('\u{1b}');
    for command in ["skill show jwt", "skill show nobody", "-v load dev"] {
        assert!(colours(&format!("\"$CFN\" {command}")), "{command}");
        for quiet in [
            format!("NO_COLOR=1 \"$CFN\" {command}"),
            format!("\"$CFN\" {command} --color never"),
            format!("\"$CFN\" {command} 2>&1 | cat"),
        ] {
            assert!(!colours(&quiet), "{quiet}");
        }
        assert!(
            colours(&format!("NO_COLOR=1 \"$CFN\" {command} --color always")),
            "a flag beats the environment: {command}"
        );
    }
    assert!(!colours("\"$CFN\" skill show jwt --json"), "JSON is for programs");
}

#[test]
fn a_bar_shows_how_far_it_is_where_somebody_looks() {
    let project = Project::new();
    project.file("s.md", "Body.");
    // Each look at the file takes 20 ms, so that all take over a second on any machine.
    let slow = "strace -f -qq -o /dev/null -P \"$PWD/s.md\" -e inject=openat,openat2:delay_enter=20000 \"$CFN\"";
    project.sqlite3(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
         INSERT INTO skills (name, category, content_path, content_hash, version)
           SELECT 'skill-' || i, 'domain', 's.md', printf('%064d', i), '1.0.0' FROM n",
    );
    let ran = on_a_terminal(&project, 80, &format!("{slow} skill verify > /dev/null"));
    assert!(ran.code == Some(7) && ran.stdout.contains("verifying"), "{}", ran.stdout);
    let ran = on_a_terminal(&project, 80, &format!("{slow} -q skill verify > /dev/null"));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(7), ""));
    let ran = on_a_terminal(&project, 80, &format!("{slow} skill verify 2>&1 | cat"));
    assert!(!ran.stdout.contains("verifying"), "{}", ran.stdout);
}
