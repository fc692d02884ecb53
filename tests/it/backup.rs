//! `cfn db backup` and `restore`.

use std::fs;

use crate::harness::Project;
use crate::scene::{content_of, deploy, dump, tokens, with_skill, without_tokens};

#[test]
fn a_backup_has_everything_committed_in_one_file() {
    let project = with_skill("jwt", "domain", "dev");
    let before = dump(&project);
    let ran = project.cfn(["db", "backup", "copy.db"]);
    let path = project.path().join("copy.db");
    assert!(ran.stdout.contains("copy.db (") && ran.stderr.is_empty(), "{ran:?}");
    assert!(!path.with_extension("db-wal").exists());
    let copy = std::process::Command::new("sqlite3").arg(&path).arg(".dump").output().expect("sqlite3");
    assert_eq!(content_of(String::from_utf8_lossy(&copy.stdout).trim_end()), before);
    let used = project.cfn(["--db", "copy.db", "skill", "list", "--json"]).json();
    assert_eq!(used["skills"][0]["name"], "jwt");
}

#[test]
fn a_backup_replaces_an_existing_one_and_leaves_no_staged_file() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["db", "backup", "a/new/folder/copy.db"]).ok();
    project.file("copies/copy.db", "old");
    let json = project.cfn(["db", "backup", "copies/copy.db", "--json"]).json();
    let size = fs::metadata(project.path().join("copies/copy.db")).expect("a file").len();
    assert_eq!(json["size_bytes"], size);
    assert_eq!(fs::read_dir(project.path().join("copies")).expect("a folder").count(), 1);
}

#[test]
fn a_backup_of_all_has_the_search_index_where_there_is_one() {
    let project = with_skill("jwt", "domain", "dev");
    let json = project.cfn(["db", "backup", "--all", "one/copy.db", "--json"]).json();
    assert!(json.get("work_file").is_none(), "nobody has searched yet");
    project.cfn(["skill", "search", "jwt"]).ok();
    let json = project.cfn(["db", "backup", "--all", "two/copy.db", "--json"]).json();
    let path = json["work_file"].as_str().expect("a path");
    assert!(path.ends_with("two/copy-work.db"), "{path}");
    let blocks = std::process::Command::new("sqlite3").arg(path).arg("SELECT count(*) FROM search_blocks").output();
    assert_eq!(blocks.expect("sqlite3").stdout, b"1\n");
    project.cfn(["db", "backup", "three/copy.db"]).ok();
    assert_eq!(fs::read_dir(project.path().join("three")).expect("a folder").count(), 1);
}

/// Decisions of each kind after a backup: of skills that stay, and of one that is deleted with what was decided.
fn decided_after_a_backup() -> Project {
    let project = with_skill("jwt", "domain", "dev");
    for name in ["sql", "tdd", "gone"] {
        deploy(&project, name, name, &["domain", "dev"]);
    }
    project.cfn(["skill", "reject", "tdd", "--approver", "ann", "--reason", "before"]).ok();
    project.cfn(["db", "backup", "old.db"]).ok();
    for args in [
        &["skill", "revoke", "sql", "--reason", "unsafe"][..],
        &["skill", "reject", "gone", "--approver", "ann", "--reason", "no"],
        &["skill", "delete", "gone", "--yes"],
        &["skill", "escalate", "tdd", "--reason", "who knows"],
    ] {
        project.cfn(args).ok();
    }
    deploy(&project, "jwt", "Second.", &[]);
    project
}

#[test]
fn a_restore_says_which_decisions_it_loses_and_where_they_can_be_seen() {
    let project = decided_after_a_backup();
    let before = dump(&project);
    let said = "lost: 1 revocation, 1 rejection, 1 approval, 1 other decision of gone, sql, jwt and 1 more, which the \
                backup does not have; see 'cfn ";
    let dry = project.cfn(["db", "restore", "old.db", "--dry-run"]);
    assert!(dry.stderr.contains(&format!("would be {said}skill history gone'")), "{dry:?}");
    assert!(dry.ok().starts_with("dry run: "));
    assert!(dump(&project) == before && project.leftovers().is_empty(), "{:?}", project.leftovers());
    let json = project.cfn(["db", "restore", "old.db", "--dry-run", "--json"]).json();
    let lost = serde_json::json!({
        "approvals": 1, "rejections": 1, "revocations": 1, "others": 1, "skills": ["gone", "sql", "jwt", "tdd"]
    });
    assert_eq!(
        (&json["lost_decisions"], &json["dry_run"], &json["previous"]),
        (&lost, &true.into(), &serde_json::Value::Null)
    );
    let restored = project.cfn(["db", "restore", "old.db"]);
    assert!(restored.stderr.contains(said), "{restored:?}");
    let command = restored.stderr.split('\'').nth(1).expect("a command").to_owned();
    assert!(command.starts_with("cfn --db /") && command.ends_with("skill history gone"), "{command}");
    let kept = project.cfn(command.split(' ').skip(1));
    assert!(kept.stdout.contains("deleted") && kept.stdout.contains("rejected"), "{kept:?}");
    let again = project.cfn(["db", "restore", "old.db", "--json"]);
    assert_eq!(again.stderr, "", "nothing is lost twice");
    let none = serde_json::json!({"approvals": 0, "rejections": 0, "revocations": 0, "others": 0, "skills": []});
    assert_eq!(again.json()["lost_decisions"], none);
}

#[test]
fn a_restore_over_another_journal_or_from_an_old_layout_counts_too() {
    let project = decided_after_a_backup();
    project.sqlite3("PRAGMA journal_mode = DELETE");
    let json = project.cfn(["db", "restore", "old.db", "--json"]).json();
    assert_eq!(json["lost_decisions"]["skills"], serde_json::json!(["gone", "sql", "jwt", "tdd"]));
    let project = with_skill("jwt", "domain", "dev");
    let legacy = crate::adoption::layouts::project(crate::adoption::layouts::V1);
    let from = legacy.database();
    let json = project.cfn(["db", "restore", &from.to_string_lossy(), "--json"]).json();
    assert_eq!(json["lost_decisions"]["approvals"], 1, "{json}");
    let damaged = with_skill("jwt", "domain", "dev");
    damaged.cfn(["db", "backup", "b.db"]).ok();
    fs::write(damaged.database(), "no database").expect("written");
    let json = damaged.cfn(["db", "restore", "b.db", "--replace-damaged", "--json"]).json();
    assert_eq!(json["lost_decisions"], serde_json::Value::Null, "it cannot be read");
}

#[test]
fn a_backup_that_cannot_be_written_changes_nothing() {
    let project = with_skill("jwt", "domain", "dev");
    let before = fs::read(project.database()).expect("a file");
    std::os::unix::fs::symlink(project.database(), project.path().join("link.db")).expect("a link");
    for to in [".claude/skills-database/skills.db", "link.db"] {
        project.fails_as(["db", "backup", to], 1, "invalid_input");
    }
    let pipe = project.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|it| it.success()));
    for to in [".claude/skills/jwt/SKILL.md/copy.db", ".claude", "..", "/dev/null", "pipe", "pipe/copy.db"] {
        let error = project.fails_as(["db", "backup", to], 2, "file_not_regular");
        assert!(!error.to_string().contains("exists"), "{error}");
    }
    for folder in [".claude/skills/jwt/SKILL.md", ".claude/skills/jwt/SKILL.md/copies", "/dev/null", "pipe"] {
        project.fails_as(["db", "backup", "--to", folder], 2, "file_not_regular");
    }
    assert_eq!(fs::read(project.database()).expect("a file"), before);
    assert!(project.leftovers().is_empty(), "{:?}", project.leftovers());
    Project::empty().cfn(["db", "backup", "copy.db"]).fails(3);
}

#[test]
fn a_restore_restores_the_backup_and_saves_the_previous_database() {
    let project = with_skill("jwt", "domain", "dev");
    let before = dump(&project);
    project.cfn(["db", "backup", "copy.db"]).ok();
    deploy(&project, "sql", "Body.", &[]);
    let later = dump(&project);
    let ran = project.cfn(["db", "restore", "copy.db"]);
    assert!(
        ran.stdout.starts_with("restored from ") && ran.stdout.contains("the previous database was saved to "),
        "{ran:?}"
    );
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(0), 1), "of the decisions that are lost");
    assert_eq!(without_tokens(&dump(&project)), without_tokens(&before));
    project.assert_whole();
    let kept = project.leftovers();
    assert!(kept.len() == 1 && kept[0].starts_with("skills.db.before-restore-"), "{kept:?}");
    project.cfn(["db", "restore", &format!(".claude/skills-database/{}", kept[0])]).ok();
    assert_eq!(without_tokens(&dump(&project)), without_tokens(&later));
    deploy(&project, "third", "Body.", &[]);
}

#[test]
fn a_restore_is_safe_under_a_reader_that_is_open() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;
    let project = with_skill("jwt", "testing", "dev");
    project.cfn(["db", "backup", "copy.db"]).ok();
    deploy(&project, "sql", "Body.", &["testing", "dev"]);
    let mut child =
        project.command(["load", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("cfn");
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut ask = || {
        writeln!(input, r#"{{"agent_type":"dev"}}"#).expect("written");
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        let answer: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        answer["skills"].as_array().map(Vec::len)
    };
    assert_eq!(ask(), Some(2));
    project.cfn(["db", "restore", "copy.db"]).ok();
    assert_eq!(ask(), Some(1));
    drop(input);
    assert_eq!(child.wait().ok().and_then(|it| it.code()), Some(0));
}

#[test]
fn a_restore_changes_the_tokens_and_does_not_bring_those_of_the_backup() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["db", "backup", "copy.db"]).ok();
    let then = tokens(&project);
    deploy(&project, "sql", "Body.", &[]);
    let later = tokens(&project);
    project.cfn(["db", "restore", "copy.db"]).ok();
    let now = tokens(&project);
    for (token, others) in [(now.0, [&then.0, &later.0]), (now.1, [&then.1, &later.1])] {
        assert!(!others.contains(&&token), "what becomes of it is not what became of the backup's source");
    }
}

#[test]
fn anything_but_a_backup_is_refused_without_changes() {
    let project = with_skill("jwt", "domain", "dev");
    let before = dump(&project);
    project.file("text.db", "Not a database, but long enough to be looked at. ".repeat(40));
    project.file("empty.db", "");
    let sql = "CREATE TABLE other (x)";
    assert!(
        std::process::Command::new("sqlite3")
            .arg(project.path().join("other.db"))
            .arg(sql)
            .status()
            .is_ok_and(|it| it.success())
    );
    for from in ["missing.db", "text.db", "empty.db", "other.db", ".claude"] {
        for more in [&[][..], &["--replace-damaged"]] {
            let ran = project.cfn(["db", "restore", from].iter().chain(more));
            assert!(matches!(ran.code, Some(2 | 3)) && ran.stdout.is_empty(), "{from}: {ran:?}");
            assert!(!ran.stderr.contains("cfn init"), "the hint is about the backup: {ran:?}");
        }
    }
    assert_eq!(dump(&project), before);
    assert!(project.leftovers().is_empty(), "{:?}", project.leftovers());
}

#[test]
fn a_damaged_or_missing_database_is_replaced_only_when_asked() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["db", "backup", "copy.db"]).ok();
    fs::write(project.database(), "garbage ".repeat(1000)).expect("written");
    project.cfn(["db", "restore", "copy.db"]).fails(3);
    let ran = project.cfn(["db", "restore", "copy.db", "--replace-damaged"]);
    assert!(ran.stdout.contains("the previous database was saved to "), "{ran:?}");
    project.assert_whole();
    let kept = project.leftovers();
    assert!(kept.iter().all(|it| it.starts_with("skills.db.damaged-")), "with its log: {kept:?}");
    assert!(fs::read_to_string(project.database().with_file_name(&kept[0])).is_ok_and(|it| it.starts_with("garbage")));
    fs::remove_dir_all(project.path().join(".claude")).expect("removed");
    project.cfn(["db", "restore", "copy.db"]).fails(3);
    project.cfn(["db", "restore", "copy.db", "--replace-damaged"]).ok();
    assert_eq!(project.sqlite3("SELECT name FROM skills"), "jwt");
}
