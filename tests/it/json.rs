//! The field names of every JSON answer, as one snapshot: programs read them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::harness::Project;
use crate::scene::{deploy, path_of, skill_text};

/// Each field with the kinds of value that it has, by path; `[]` stands for any element.
fn outline(value: &Value, path: &str, fields: &mut BTreeMap<String, Vec<&'static str>>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(items) => {
            for item in items {
                outline(item, &format!("{path}[]"), fields);
            }
            "array"
        }
        // Front matter has the fields of its file.
        Value::Object(_) if path.ends_with("front_matter") => "object",
        Value::Object(members) => {
            for (name, member) in members {
                outline(member, &format!("{path}.{name}"), fields);
            }
            "object"
        }
    };
    let kinds = fields.entry(path.to_owned()).or_default();
    if !kinds.contains(&kind) {
        kinds.push(kind);
        kinds.sort_unstable();
    }
}

#[derive(Default)]
struct Pages {
    text: String,
}

impl Pages {
    /// Adds the outline of some JSON documents, one a line.
    fn add(&mut self, title: &str, documents: &str) {
        let mut fields = BTreeMap::new();
        for line in documents.lines() {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{title}: {error}: {line}"));
            outline(&value, "", &mut fields);
        }
        writeln!(self.text, "# {title}").expect("text");
        for (path, kinds) in fields.iter().filter(|(path, _)| !path.is_empty()) {
            writeln!(self.text, "{path}: {}", kinds.join(" or ")).expect("text");
        }
        self.text.push('\n');
    }

    fn run(&mut self, project: &Project, title: &str, args: &[&str]) {
        let ran = project.cfn(args.iter().copied().chain(["--json"]));
        assert!(!ran.stdout.is_empty() && ran.stdout.lines().count() == 1, "{title}: one document on a line: {ran:?}");
        self.add(title, &ran.stdout);
    }
}

/// A database of an old layout, with a skill whose file is gone.
fn of_the_old_scripts() -> Project {
    let project = Project::empty();
    std::fs::create_dir_all(project.database().parent().expect("a folder")).expect("folders");
    project.sqlite3(
        "CREATE TABLE skills (id INTEGER PRIMARY KEY, name TEXT UNIQUE, content_path TEXT, content_hash TEXT, version TEXT);
         CREATE INDEX idx_skills_name ON skills (name);
         INSERT INTO skills (name, content_path, content_hash, version) VALUES ('gone', 'gone.md', 'h', '1.0.0')",
    );
    project
}

fn operating(pages: &mut Pages, project: &Project) {
    let case = ["edge-case", "record", "jwt", "--description", "x", "--failure", "y", "--severity", "low"];
    pages.run(project, "edge-case record", &case);
    pages.run(project, "edge-case list", &["edge-case", "list"]);
    pages.run(project, "edge-case show", &["edge-case", "show", "1"]);
    pages.run(project, "edge-case resolve", &["edge-case", "resolve", "1"]);
    pages.run(project, "doctor", &["doctor"]);
    pages.run(project, "load --budget", &["load", "dev", "--budget", "copilot"]);
    project.file(".claude/skills/staging/staged/SKILL.md", skill_text("staged", "Staged."));
    pages.run(project, "skill promote --list", &["skill", "promote", "--list"]);
    pages.run(project, "skill promote", &["skill", "promote", "--force"]);
    let purge = ["skill", "purge", "staged", "1.0.0", "--reason", "x", "--yes"];
    pages.run(project, "skill purge", &purge);
    pages.run(project, "skill rename", &["skill", "rename", "staged", "stage"]);
    pages.run(project, "skill history, with events", &["skill", "history", "stage"]);
    pages.run(project, "skill delete", &["skill", "delete", "stage", "--yes"]);
}

#[test]
fn field_names_are_what_programs_rely_on() {
    let project = Project::empty();
    let mut pages = Pages::default();
    pages.run(&project, "init", &["init"]);
    project.file("tree/a/SKILL.md", skill_text("a", "First."));
    project.file("tree/empty/SKILL.md", "");
    project.file("tree/odd/SKILL.md", "# No front matter\n");
    project.cfn(["init", "--from", "tree"]).ok();
    project.file("tree/a/SKILL.md", skill_text("a", "Second."));
    pages.run(&project, "init --from", &["init", "--from", "tree"]);
    deploy(
        &project,
        "jwt",
        "First.",
        &["testing", "dev", "--owner", "ann", "--team", "core", "--tags", "x", "--context", "y"],
    );
    project.file("odd.md", "Body without front matter.\u{200b}");
    pages.run(&project, "deploy", &["deploy", "1", "bare", "odd.md", "testing", "dev"]);
    project.skill("jwt", "Second.");
    pages.run(&project, "update", &["update", "jwt", "1.0.1", &path_of("jwt"), "patch", "true"]);
    project.sqlite3(
        "UPDATE agent_skill_mappings SET conditions = '{' WHERE skill_id = (SELECT id FROM skills WHERE name = 'bare')",
    );
    pages.run(&project, "load", &["load", "dev"]);
    pages.run(&project, "load, nothing mapped", &["load", "develop"]);
    let lines = b"{\"agent_type\":\"dev\",\"id\":1}\n{\"agent_type\":\"dev\",\"format\":\"names\"}\n{}\n";
    pages.add("load --batch", &project.cfn_with_input(["load", "--batch"], lines).stdout);
    pages.run(&project, "skill list", &["skill", "list"]);
    pages.run(&project, "skill show", &["skill", "show", "jwt", "--content"]);
    pages.run(&project, "skill history", &["skill", "history", "jwt"]);
    std::fs::remove_file(project.path().join("odd.md")).expect("removed");
    pages.run(&project, "skill verify", &["skill", "verify"]);
    pages.run(&project, "skill rollback", &["skill", "rollback", "jwt", "1.0.0"]);
    pages.run(&project, "skill approve", &["skill", "approve", "jwt", "--approver", "me"]);
    pages.run(&project, "skill validate", &["skill", "validate", "tree"]);
    pages.run(&project, "skill assess", &["skill", "assess", "jwt", "--record"]);
    operating(&mut pages, &project);
    pages.run(&project, "db status", &["db", "status"]);
    pages.run(&project, "db backup", &["db", "backup", "copy.db"]);
    pages.run(&project, "db restore", &["db", "restore", "copy.db"]);
    pages.run(&project, "db maintain", &["db", "maintain"]);
    project.sqlite3("DELETE FROM skill_contents");
    pages.run(&project, "db capture", &["db", "capture"]);
    pages.run(&project, "db check", &["db", "check"]);
    pages.run(&of_the_old_scripts(), "db migrate", &["db", "migrate"]);
    bench_run(&project);
    pages.run(&project, "bench", &["bench", "--from", "run.json", "--baseline", "run.json", "--no-fail"]);
    pages.add("any error, on stderr", &project.cfn(["skill", "show", "nobody", "--json"]).fails(4));
    insta::assert_snapshot!("fields", pages.text);
}

/// A run of `cfn bench` whose samples are the same on every machine: one operation takes twice as long in the second half.
fn bench_run(project: &Project) {
    let args = ["bench", "--skills", "20", "--usage-rows", "10", "--runs", "1", "--no-fail", "--json"];
    let mut run = project.cfn(args).json();
    for samples in run["samples"].as_array_mut().expect("samples") {
        let late = if samples["subject"] == "skill update" { 2.0 } else { 1.0 };
        samples["milliseconds"] = (0..10).map(|it| if it < 5 { 1.0 } else { late }).collect();
    }
    project.file("run.json", run.to_string());
}

#[test]
fn errors_are_one_document_on_stderr_whatever_failed() {
    let project = Project::new();
    for args in [
        &["load"][..],
        &["skill", "show", "x"],
        &["deploy", "1", "x", "missing.md"],
        &["--no-such", "db"],
        &["nonsense"],
    ] {
        let stderr = {
            let ran = project.cfn(args.iter().copied().chain(["--json"]));
            assert!(ran.code.is_some_and(|it| it > 0) && ran.stdout.is_empty(), "{ran:?}");
            ran.stderr
        };
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(serde_json::from_str::<Value>(&stderr).is_ok_and(|it| it["code"].is_u64()), "{stderr}");
    }
}

/// A terminal obeys more than the characters that JSON must escape, and a reader does not see all that is there.
#[test]
fn nothing_in_json_moves_the_cursor_and_every_value_is_what_it_was() {
    let project = Project::new();
    let odd = "csi \u{9b}2J del \u{7f} bidi \u{202e} tag \u{e0041} zero \u{200b} line \u{2028} é 👨\u{200d}👩";
    project.file("s.md", format!("---\nname: s\ndescription: {odd}\n---\n{odd}\n"));
    project.cfn(["deploy", "1", "s", "s.md", "testing", "dev", "--owner", odd]).ok();
    for args in [&["skill", "show", "s", "--json"][..], &["skill", "list", "--json"], &["load", "dev", "--json"]] {
        let ran = project.cfn(args);
        for hidden in ['\u{9b}', '\u{7f}', '\u{202e}', '\u{e0041}', '\u{200b}', '\u{2028}'] {
            assert!(!ran.stdout.contains(hidden), "{args:?}: {hidden:?}");
        }
        assert!(ran.stdout.contains('é'), "{args:?}");
        let text = ran.json().to_string();
        assert!(text.contains(odd), "{args:?}: {text}");
    }
}

#[test]
fn a_path_that_is_no_text_is_shown_as_well_as_it_can_be() {
    use std::os::unix::ffi::OsStrExt;

    let project = Project::empty();
    let folder = project.path().join(std::ffi::OsStr::from_bytes(b"odd\xff"));
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("SKILL.md"), skill_text("odd", "Body.")).expect("a file");
    let run =
        |args: &[&str]| crate::harness::Ran::from(crate::harness::cfn_in(&folder).args(args).output().expect("runs"));
    for args in [
        &["init", "--from", "."][..],
        &["db", "status"],
        &["db", "backup", "b.db"],
        &["db", "restore", "b.db"],
        &["db", "migrate"],
        &["skill", "validate", "SKILL.md"],
        &["analytics", "--html", "a.html"],
    ] {
        let ran = run(&[args, &["--json"]].concat());
        assert!(
            ran.json().to_string().contains("odd\u{fffd}") || args[1] == "migrate" || args[1] == "validate",
            "{args:?}"
        );
    }
    project.cfn(["init", "--json"]).ok();
    std::fs::copy(folder.join("SKILL.md"), project.path().join(std::ffi::OsStr::from_bytes(b"x\xff.md")))
        .expect("a copy");
    let mut deploy = project.command(["deploy", "1", "x"]);
    let outside = deploy.arg(std::ffi::OsStr::from_bytes(b"x\xff.md")).arg("--json").output().expect("runs");
    crate::harness::Ran::from(outside).fails_as(1, "invalid_content");
}
