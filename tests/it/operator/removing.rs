//! `cfn skill delete`, `cfn skill purge`, and what is refused afterwards.

use std::fs;

use crate::harness::Project;
use crate::scene::{deploy, dump, names, path_of, sha256, skill_text, with_skill};

const SECRET: &str = "hunter2-is-the-password";

fn count(project: &Project, table: &str) -> String {
    project.sqlite3(&format!("SELECT count(*) FROM {table}"))
}

#[test]
fn a_deletion_needs_yes_and_takes_everything_of_the_skill() {
    let project = with_skill("jwt", "testing", "dev");
    deploy(&project, "sql", "First.", &["testing", "dev"]);
    project.cfn(["load", "dev", "--agent-id", "a", "--task-id", "t"]).ok();
    project.cfn(["skill", "rename", "jwt", "tokens"]).ok();
    let before = dump(&project);
    let error = project.fails_as(["skill", "delete", "tokens", "sql"], 1, "not_confirmed");
    let message = error["message"].as_str().expect("text");
    assert_eq!(
        message,
        "this would delete tokens: 1 version, 1 decision, 1 mapping, 1 usage row; sql: 1 version, 1 decision, 1 mapping, 1 usage row"
    );
    project.cfn(["skill", "delete", "tokens", "--dry-run"]).ok();
    project.fails_as(["skill", "delete", "tokens", "nobody", "--yes"], 4, "skill_not_found");
    assert_eq!(dump(&project), before);
    let out =
        project.cfn(["skill", "delete", "jwt", "tokens", "--yes", "--approver", "ann", "--reason", "a copy"]).ok();
    assert_eq!(out, "deleted tokens: 1 version, 1 decision, 1 mapping, 1 usage row\n");
    for table in
        ["skills", "skill_versions", "approval_history", "agent_skill_mappings", "skill_usage_log", "skill_contents"]
    {
        assert_eq!(count(&project, table), "1", "{table}");
    }
    assert_eq!(names(&project, &["dev"]), ["sql"]);
    project.cfn(["skill", "show", "jwt"]).fails(4);
    let history = project.cfn(["skill", "history", "tokens", "--json"]).json();
    let event = &history["events"][0];
    assert_eq!(
        (&event["event"], &event["actor"], &event["reason"]),
        (&"deleted".into(), &"ann".into(), &"a copy".into())
    );
    let detail = event["detail"].as_str().expect("text");
    assert!(
        detail.contains(&sha256(skill_text("jwt", "First."))) && detail.contains("\"former_names\":[\"jwt\"]"),
        "{detail}"
    );
    assert!(project.cfn(["skill", "history", "tokens"]).ok().contains("deleted"));
    project.cfn(["analytics", "check"]).ok();
    assert!(project.cfn(["db", "check"]).ok().starts_with("no damage") || count(&project, "skills") == "1");
    deploy(&project, "jwt", "First.", &["testing", "dev"]);
    assert_eq!(names(&project, &["dev"]), ["jwt", "sql"], "the names are free again");
}

#[test]
fn the_history_of_a_deleted_skill_has_the_level_that_it_had() {
    for (category, level) in [("testing", "auto"), ("infrastructure", "escalate"), ("domain", "human")] {
        let project = with_skill("jwt", category, "dev");
        project.cfn(["skill", "delete", "jwt", "--yes"]).ok();
        assert_eq!(project.cfn(["skill", "history", "jwt", "--json"]).json()["approval_level"], level);
        let text = project.cfn(["skill", "history", "jwt"]).ok();
        assert!(text.starts_with(&format!("status deleted, approval level {level}\n")), "{text}");
        // As an earlier cfn recorded it.
        project.sqlite3("UPDATE cfn_events SET detail = '{\"versions\":[]}'");
        assert_eq!(
            project.cfn(["skill", "history", "jwt", "--json"]).json()["approval_level"],
            serde_json::Value::Null
        );
        let text = project.cfn(["skill", "history", "jwt"]).ok();
        assert!(text.starts_with("status deleted, approval level unknown\n"), "{text}");
    }
}

#[test]
fn reports_stay_exact_when_a_skill_goes_also_with_an_archive() {
    let project = with_skill("jwt", "testing", "dev");
    deploy(&project, "sql", "First.", &["testing", "dev"]);
    project.cfn(["load", "dev", "--agent-id", "a", "--task-id", "t"]).ok();
    project.sqlite3(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at) VALUES ('a', 'dev', 1, '2020-01-01 00:00:00')",
    );
    project.cfn(["analytics", "rebuild"]).ok();
    project.cfn(["db", "archive", "--before", "2021-01-01", "--to", "old.db"]).ok();
    project.cfn(["skill", "delete", "jwt", "--yes"]).ok();
    project.cfn(["analytics", "check"]).ok();
    let uses = || {
        let rows = project.cfn(["analytics", "usage", "--json"]).json()["tables"][0]["rows"].clone();
        rows.as_array().expect("rows").iter().filter_map(|it| it["uses"].as_i64()).sum::<i64>()
    };
    assert_eq!(uses(), 2, "one of the other skill, and one in the archive");
    project.cfn(["db", "unarchive", "old.db"]).ok();
    project.cfn(["analytics", "check"]).ok();
    assert_eq!(uses(), 2);
}

#[test]
fn bytes_that_were_rejected_stay_refused_for_any_name_after_a_deletion() {
    let project = with_skill("jwt", "testing", "dev");
    project.cfn(["skill", "reject", "jwt", "--approver", "bob", "--reason", "drops a table"]).ok();
    let out = project.cfn(["skill", "delete", "jwt", "--yes"]).ok();
    assert!(out.ends_with("remain refused\n"), "{out}");
    let path = path_of("jwt");
    for name in ["jwt", "other"] {
        let error = project.fails_as(["deploy", "1", name, &path], 7, "rejected");
        let message = error["message"].as_str().expect("text");
        assert!(message.contains("rejected by bob") && message.ends_with("drops a table"), "{message}");
        project.fails_as(["skill", "add", &path, "--name", name], 7, "rejected");
    }
    let tree = project.cfn(["init", "--from", ".claude/skills", "--json"]);
    assert!(tree.stdout.contains("\"rejected\""), "{tree:?}");
    assert_eq!(count(&project, "skills"), "0");
    let args = ["deploy", "1", "jwt", &path, "--override-rejection", "--reason", "by mistake", "--approver", "ann"];
    project.cfn(args).ok();
    let history = project.cfn(["skill", "history", "jwt", "--json"]).json();
    assert_eq!(
        (&history["events"][0]["event"], &history["events"][0]["reason"]),
        (&"accepted".into(), &"by mistake".into())
    );
    project.fails_as(["deploy", "1", "other", &path], 7, "rejected");
}

#[test]
fn revoked_bytes_are_refused_under_a_new_name_and_approved_only_with_an_override() {
    let project = with_skill("jwt", "testing", "dev");
    deploy(&project, "sql", "Other.", &["testing", "dev"]);
    project.cfn(["skill", "revoke", "jwt", "--reason", "a secret", "--approver", "ann"]).ok();
    let (path, before) = (path_of("jwt"), dump(&project));
    project.fails_as(["deploy", "1", "copy", &path], 7, "rejected");
    project.fails_as(["update", "sql", "1.0.1", &path], 7, "rejected");
    project.fails_as(["skill", "approve", "jwt", "--approver", "eve"], 7, "rejected");
    project.fails_as(
        ["skill", "approve", "jwt", "--approver", "eve", "--override-rejection", "--reason", " "],
        1,
        "no_reason",
    );
    assert_eq!(dump(&project), before);
    assert_eq!(names(&project, &["dev"]), ["sql"]);
    let args = ["skill", "approve", "jwt", "--approver", "eve", "--override-rejection", "--reason", "it is none"];
    project.cfn(args).ok();
    assert_eq!(names(&project, &["dev"]), ["jwt", "sql"]);
    project.fails_as(["deploy", "1", "copy", &path], 7, "rejected");
    project.cfn(["skill", "revoke", "jwt", "--reason", "it is one", "--approver", "ann"]).ok();
    project.fails_as(["skill", "approve", "jwt", "--approver", "eve"], 7, "rejected");
}

/// Two skills whose first version has the secret in its text, its tags and its owner, and a third one without it.
fn with_secret() -> Project {
    let project = Project::new();
    let text =
        format!("---\nname: x\ndescription: Has {SECRET}.\ntags: [{SECRET}]\nowner: {SECRET}\n---\n\nThe {SECRET}.\n");
    project.file("secret.md", text);
    for name in ["one", "two"] {
        project.cfn(["deploy", "1", name, "secret.md", "testing", "dev"]).ok();
    }
    deploy(&project, "third", "First.", &["testing", "dev"]);
    project.file("clean.md", skill_text("one", "Clean."));
    project.cfn(["update", "one", "1.0.1", "clean.md"]).ok();
    project.cfn(["load", "dev", "--agent-id", "a", "--task-id", "t"]).ok();
    project
}

/// The files of the database that have a text in them.
fn files_with(project: &Project, text: &str) -> Vec<String> {
    let folder = project.database().parent().expect("a folder").to_owned();
    let files =
        fs::read_dir(folder).expect("a folder").map(|it| it.expect("an entry").path()).filter(|it| it.is_file());
    let has_it = |it: &std::path::PathBuf| {
        let bytes = fs::read(it).expect("a file");
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    files.filter(has_it).map(|it| it.file_name().expect("a name").to_string_lossy().into_owned()).collect()
}

#[test]
fn a_purge_names_every_holder_and_leaves_the_hash_and_nothing_of_the_bytes() {
    let project = with_secret();
    let reader = project.sqlite3("SELECT count(*) FROM skill_contents");
    assert_eq!(reader, "3");
    fs::write(project.database().with_file_name("skills-work.db"), SECRET).expect("a file");
    assert!(!files_with(&project, SECRET).is_empty());
    let before = dump(&project);
    project.fails_as(["skill", "purge", "one", "1.0.0", "--yes"], 7, "purge_without_reason");
    let error = project.fails_as(["skill", "purge", "one", "1.0.0", "--reason", "a password"], 1, "not_confirmed");
    assert_eq!(error["message"], "this would erase the bytes of one 1.0.0, two 1.0.0");
    project.fails_as(["skill", "purge", "one", "9.0.0", "--yes", "--reason", "x"], 4, "version_not_found");
    project.cfn(["skill", "purge", "one", "1.0.0", "--reason", "a password", "--dry-run"]).ok();
    assert_eq!(dump(&project), before);
    let args = ["skill", "purge", "one", "1.0.0", "--yes", "--reason", "a password", "--approver", "ann", "--json"];
    let purged = project.cfn(args).json();
    assert_eq!(purged["purged"].as_array().map(Vec::len), Some(2), "{purged}");
    assert!(purged["left"].to_string().contains("secret.md"), "the file is named: {purged}");
    assert_eq!(files_with(&project, SECRET), [""; 0]);
    let hash = sha256(fs::read(project.path().join("secret.md")).expect("a file"));
    let kept = project.sqlite3("SELECT content_hash, event, actor, reason, detail FROM cfn_events WHERE skill = 'two'");
    assert!(kept.starts_with(&format!("{hash}|purged|ann|a password|{{\"size_bytes\":")), "{kept}");
    assert_eq!(names(&project, &["dev"]), ["one", "third"], "two has no approved version left");
    project.cfn(["analytics", "check"]).ok();
    project.cfn(["db", "check"]).ok();
}

#[test]
fn purged_bytes_do_not_come_back_without_an_override() {
    let project = with_secret();
    let purge = ["skill", "purge", "two", "1.0.0", "--yes", "--reason", "a password"];
    project.cfn(purge).ok();
    project.cfn(["db", "capture"]).ok();
    project.fails_as(["deploy", "1", "two", "secret.md"], 7, "rejected");
    project.fails_as(["deploy", "1", "new", "secret.md"], 7, "rejected");
    project.fails_as(["skill", "add", "secret.md", "--name", "two"], 7, "rejected");
    project.fails_as(["skill", "rollback", "one", "1.0.0"], 7, "integrity");
    project.cfn(["skill", "approve", "two", "--approver", "eve"]).fails(7);
    project.file("tree/two/SKILL.md", fs::read(project.path().join("secret.md")).expect("a file"));
    project.cfn(["init", "--from", "tree", "--from-any", "--update"]);
    assert_eq!(files_with(&project, SECRET), [""; 0]);
    let again = project.cfn(purge).ok();
    assert!(again.starts_with("erased the traces of the bytes"), "{again}");
    project.cfn(["skill", "assign", "one", "--agent", "dev", "--required"]).ok();
    project.sqlite3("UPDATE agent_skill_mappings SET required = 1 WHERE skill_id = 2");
    let message = project.cfn(["load", "dev"]).fails(7);
    assert!(message.contains("\"two\""), "{message}");
}

#[test]
fn a_reader_of_an_earlier_state_holds_a_purge_up_and_it_says_so() {
    let project = with_secret();
    let mut reader = std::process::Command::new("sqlite3")
        .arg(project.database())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("sqlite3");
    let mut input = reader.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, b"BEGIN; SELECT count(*) FROM skills;\n").expect("written");
    let mut first = [0];
    std::io::Read::read_exact(reader.stdout.as_mut().expect("a pipe"), &mut first).expect("it reads");
    let purge = ["skill", "purge", "one", "1.0.0", "--yes", "--reason", "a password"];
    let ran = project.command(purge).env("CFN_BUSY_TIMEOUT_MS", "100").output().expect("cfn runs");
    let message = crate::harness::Ran::from(ran).fails(8);
    assert!(message.contains("run the command again"), "{message}");
    assert_eq!(names(&project, &["dev"]), ["one", "third"], "nobody gets them meanwhile");
    drop(input);
    reader.wait().expect("an end");
    project.cfn(purge).ok();
    assert_eq!(files_with(&project, SECRET), [""; 0]);
}
