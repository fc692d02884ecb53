//! Standard output that is closed, full, or a pipe that nobody reads to the end.

use std::fs;
use std::process::{Command, Stdio};

use super::tools::{current, run, sha256};
use super::victims::assert_clean;
use crate::harness::{Project, Ran, binary};

/// A shell line in the project; `$0` is cfn.
fn shell(project: &Project, line: &str) -> Ran {
    let mut command = Command::new("bash");
    command
        .args(["-c", &format!("set -o pipefail; {line}")])
        .arg(binary())
        .current_dir(project.path())
        .stdin(Stdio::null());
    run(command)
}

fn project() -> Project {
    let project = Project::new();
    project.file("SKILL.md", "---\nname: s\ndescription: d\n---\nText.\n");
    project.sqlite3(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         INSERT INTO skills (name, category, content_path, content_hash, version)
           SELECT 'skill-' || i, 'domain', 'x', printf('%064d', i), '1.0.0' FROM n",
    );
    project
}

#[test]
fn a_reader_that_leaves_early_ends_the_command_quietly() {
    let project = project();
    let commands =
        ["skill list", "skill list --json", "skill verify", "skill export-yaml", "--help", "man", "completions bash"];
    for args in commands {
        let ran = shell(&project, &format!("\"$0\" {args} | head -1"));
        assert_eq!(ran.stderr, "", "{args}");
        assert!(matches!(ran.code, Some(0 | 7)), "{args}: {ran:?}");
        assert_eq!(ran.stdout.lines().count(), 1, "{args}");
    }
    let ran = shell(&project, "yes '{\"agent_type\":\"a\"}' | head -5000 | \"$0\" load --batch | head -1");
    assert_eq!(ran.stderr, "", "{ran:?}");
}

#[test]
fn a_closed_stdout_is_harmless_and_never_becomes_the_database() {
    let project = project();
    let ran = shell(&project, "\"$0\" deploy 1 s SKILL.md >&-");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(current(&project, "s").is_some());
    let ran = shell(&project, "\"$0\" skill list >&-");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    project.file("SKILL.md", "---\nname: s\ndescription: d\n---\nOther text.\n");
    // With all three closed, the next files that are opened would get their numbers, and messages would be written into them.
    for line in ["\"$0\" update s 1.0.1 SKILL.md <&- >&- 2>&-", "\"$0\" deploy 1 missing missing.md <&- >&- 2>&-"] {
        shell(&project, line);
    }
    assert_eq!(current(&project, "s").map(|it| it.0), Some("1.0.1".to_owned()));
    assert_eq!(project.sqlite3("PRAGMA quick_check"), "ok");
}

#[test]
fn a_full_device_is_an_error_that_says_the_write_is_committed() {
    let project = project();
    let hash = sha256(&fs::read(project.path().join("SKILL.md")).expect("the file"));
    let ran = shell(&project, "\"$0\" deploy 1 s SKILL.md --json > /dev/full");
    ran.fails_as(1, "output");
    assert_eq!(current(&project, "s"), Some(("1.0.0".to_owned(), hash)));
    for args in ["skill list", "skill show s", "db status"] {
        shell(&project, &format!("\"$0\" {args} --json > /dev/full")).fails_as(1, "output");
    }
    for args in ["skill list", "skill export-yaml", "--version", "--help"] {
        shell(&project, &format!("\"$0\" {args} > /dev/full")).fails(1);
    }
    let ran = shell(&project, "echo '{\"agent_type\":\"a\"}' | \"$0\" load --batch > /dev/full");
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

#[test]
fn a_full_or_closed_stderr_changes_no_exit_code() {
    let project = project();
    for to in ["2> /dev/full", "2>&-"] {
        assert_eq!(shell(&project, &format!("\"$0\" skill show missing {to}")).code, Some(4), "{to}");
        assert_eq!(shell(&project, &format!("\"$0\" -v skill list {to}")).code, Some(0), "{to}");
        assert_eq!(shell(&project, &format!("\"$0\" deploy nonsense {to}")).code, Some(1), "{to}");
    }
}

#[test]
fn a_whole_project_survives_its_streams() {
    let project = Project::new();
    project.file("SKILL.md", "---\nname: s\ndescription: d\n---\nText.\n");
    shell(&project, "\"$0\" deploy 1 s SKILL.md > /dev/full");
    shell(&project, "\"$0\" deploy 1 t SKILL.md | true");
    shell(&project, "\"$0\" load a --agent-id b > /dev/full");
    assert_clean(&project);
}
