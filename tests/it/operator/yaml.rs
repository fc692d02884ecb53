//! `cfn skill export-yaml` and `import-yaml`.

use std::fs;

use crate::harness::Project;
use crate::scene::{deploy, dump, names, sha256, skill_text, with_skill};

/// Tables that a document carries, as they are compared.
const TABLES: [&str; 5] = ["skills", "skill_versions", "agent_skill_mappings", "approval_history", "skill_usage_log"];

/// A project with all that a document has to carry: several versions, decisions of each kind, conditions, odd text.
fn fleet() -> Project {
    let project = with_skill("tdd", "testing", "tester");
    deploy(&project, "sql", "Query it.", &["domain", "backend", "--context", "auth,api", "--phase", "build"]);
    deploy(&project, "sql", "Query it: twice.\n\n  yes\n# 1.0\t", &["domain"]);
    deploy(&project, "old", "Was it.", &["infrastructure", "backend", "--required"]);
    project.file("tree/new/SKILL.md", skill_text("new", "Waits.\r\nWith: 'odd' \"text\"\u{2028}"));
    project.cfn(["init", "--from", "tree", "--agents", "backend"]).ok();
    project.cfn(["skill", "deprecate", "old", "--replacement", "sql", "--note", "yes: 1.0"]).ok();
    project.cfn(["skill", "edit", "tdd", "--tags", "yes,1.0,a: b", "--owner", "null"]).ok();
    project.cfn(["skill", "reject", "tdd", "--approver", "ann", "--reason=- no"]).ok();
    let log =
        ["log", "sql", "--agent-id", "a1", "--agent-type", "backend", "--execution-ms", "100", "--exit-code", "0"];
    project.cfn(log.into_iter().chain(["--confidence-before", "0.5", "--confidence-after", "0.75"])).ok();
    let spaced = r#"UPDATE agent_skill_mappings SET conditions = '{"taskContext": ["a"],  "n": 1.50}', notes = 'n', tdd_condition = '{"min_coverage":0.9}' WHERE id = 1"#;
    project.sqlite3(spaced);
    project
}

fn rows(project: &Project) -> Vec<String> {
    TABLES.iter().map(|it| project.sqlite3(&format!("SELECT * FROM {it} ORDER BY id"))).collect()
}

pub(super) fn export(project: &Project, more: &[&str]) -> String {
    project.cfn(["skill", "export-yaml"].iter().chain(more).copied()).ok()
}

/// An empty project with a document in it.
pub(super) fn with_document(document: &str) -> Project {
    let project = Project::new();
    project.cfn(["init"]).ok();
    project.file("skills.yaml", document);
    project
}

pub(super) const TRUSTED: [&str; 6] = ["skill", "import-yaml", "skills.yaml", "--trust-approvals", "--approver", "ann"];

#[test]
fn what_goes_out_comes_in_again_with_equal_rows() {
    let project = fleet();
    let document = export(&project, &["--include-history", "--include-usage"]);
    let copy = with_document(&document);
    let out = copy.cfn(TRUSTED).ok();
    assert!(out.starts_with("4 added, 0 updated, 0 with the same bytes, 0 skipped, 0 deleted;"), "{out}");
    for (before, after) in rows(&project).iter().zip(rows(&copy)) {
        assert_eq!(*before, after);
    }
    let contents = "SELECT hash, hex(bytes) FROM skill_contents ORDER BY hash";
    assert_eq!(project.sqlite3(contents), copy.sqlite3(contents));
    let again = export(&copy, &["--include-history", "--include-usage"]);
    let without_time = |it: &str| it.lines().filter(|it| !it.starts_with("exported_at")).collect::<Vec<_>>().join("\n");
    assert_eq!(without_time(&document), without_time(&again));
    assert_eq!(names(&copy, &["backend"]), names(&project, &["backend"]));
    copy.cfn(["db", "check"]).ok();
}

#[test]
fn a_document_has_the_old_keys_and_the_bytes() {
    let project = fleet();
    let document = export(&project, &["--include-history"]);
    let keys: Vec<&str> = document.lines().filter(|it| !it.is_empty() && !it.starts_with([' ', '-'])).collect();
    let keys: Vec<&str> = keys.iter().map(|it| it.split(':').next().unwrap_or_default()).collect();
    let expected = [
        "version",
        "exported_at",
        "schema_version",
        "export_metadata",
        "skills",
        "agent_skill_mappings",
        "approval_history",
    ];
    assert_eq!(keys, expected);
    assert!(document.starts_with("version: \"2.0\"\n"), "{document}");
    assert!(document.contains("\n    content: |\n      ---\n      name: tdd\n"), "{document}");
    assert!(document.contains("\n  tags:\n  - \"yes\"\n  - \"1.0\"\n"), "{document}");
    let testing = export(&project, &["--filter-category", "testing"]);
    assert!(testing.contains("name: tdd") && !testing.contains("name: sql"), "{testing}");
    let deprecated = export(&project, &["--filter-status", "deprecated"]);
    assert!(deprecated.contains("name: old") && !deprecated.contains("name: tdd"), "{deprecated}");
    let empty = export(&project, &["--filter-status", "archived"]);
    assert!(empty.contains("\nskills: []\nagent_skill_mappings: []\n"), "{empty}");
}

#[test]
fn a_document_is_written_whole_and_no_wider_than_the_database() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = fleet();
    let database = project.path().join(".claude/skills-database/skills.db");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o600)).expect("its owner");
    let json = project.cfn(["skill", "export-yaml", "--output", "out.yaml", "--include-history", "--json"]).json();
    assert_eq!([&json["skills"], &json["mappings"], &json["contents"]], [4, 4, 5]);
    let mode = fs::metadata(project.path().join("out.yaml")).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    project.cfn(["skill", "export-yaml", "--output", "nowhere/out.yaml"]).fails(2);
    project.cfn(["skill", "export-yaml", "--json"]).fails(1);
    project.cfn(["skill", "export-yaml", "--filter-category", "nonsense"]).fails(1);
}

#[test]
fn a_document_does_not_approve_itself() {
    let project = fleet();
    project.cfn(["skill", "approve", "tdd", "--approver", "ann"]).ok();
    let copy = with_document(&export(&project, &["--include-history"]));
    let json = copy.cfn(["skill", "import-yaml", "--input", "skills.yaml", "--mode=merge", "--json"]).json();
    assert_eq!(
        [&json["added"], &json["pending"], &json["approvals_taken"]],
        [4, 3, 0],
        "the deprecated one does not wait"
    );
    for agent in ["backend", "tester"] {
        assert!(names(&copy, &[agent]).is_empty());
    }
    let levels = "SELECT name, approval_level, status FROM skills ORDER BY name";
    assert_eq!(copy.sqlite3(levels), "new|human|active\nold|escalate|deprecated\nsql|human|active\ntdd|auto|active");
    assert_eq!(copy.sqlite3("SELECT count(*) FROM agent_skill_mappings WHERE required"), "0", "nobody may get it");
    copy.cfn(["skill", "approve", "sql", "--approver", "me"]).ok();
    assert_eq!(names(&copy, &["backend"]), ["sql"]);
}

#[test]
fn a_stranger_cannot_lower_a_level_or_bring_rejected_bytes_back() {
    let project = fleet();
    let document = export(&project, &["--include-history"]);
    let lowered = document.replace("approval_level: human", "approval_level: auto");
    project.cfn(["skill", "reject", "sql", "--approver", "me"]).ok();
    project.file("skills.yaml", &lowered);
    let before = project.sqlite3("SELECT name, approval_level, status FROM skills");
    project.cfn(["skill", "import-yaml", "skills.yaml"]).ok();
    project.cfn(TRUSTED).ok();
    assert_eq!(project.sqlite3("SELECT name, approval_level, status FROM skills"), before);
    let served = project.cfn(["load", "backend"]).ok();
    assert!(!served.contains("twice"), "what was rejected here stays so: {served}");
}

#[test]
fn other_bytes_are_a_conflict_that_the_caller_resolves() {
    let project = fleet();
    project.file("skills.yaml", export(&project, &[]));
    deploy(&project, "sql", "Third.", &["domain"]);
    let before = dump(&project);
    let message = project.cfn(["skill", "import-yaml", "skills.yaml"]).fails(7);
    assert!(message.contains("sql") && message.contains("--skip-conflicts"), "{message}");
    project.cfn(["skill", "import-yaml", "skills.yaml", "--force", "--skip-conflicts"]).fails(1);
    assert_eq!(dump(&project), before);
    let json = project.cfn(["skill", "import-yaml", "skills.yaml", "--skip-conflicts", "--json"]).json();
    assert_eq!((&json["skipped"][0], &json["unchanged"]), (&"sql".into(), &3.into()));
    let json = project.cfn(["skill", "import-yaml", "skills.yaml", "--force", "--json"]).json();
    assert_eq!(json["updated"][0], "sql");
    assert_eq!(project.sqlite3("SELECT version FROM skills WHERE name = 'sql'"), "1.0.3");
    assert!(project.cfn(["load", "backend"]).ok().contains("twice"), "these bytes were approved here before");
}

#[test]
fn importing_again_or_dry_changes_nothing() {
    let project = fleet();
    project.file("skills.yaml", export(&project, &["--include-history"]));
    let before = dump(&project);
    let json = project.cfn(["skill", "import-yaml", "skills.yaml", "--json"]).json();
    let counts = ["added", "unchanged", "mappings_added", "mappings_changed", "approvals_taken"];
    assert_eq!(counts.map(|it| json[it].as_i64()), [Some(0), Some(4), Some(0), Some(0), Some(0)]);
    assert_eq!(rows(&project), rows(&project));
    let copy = with_document(&export(&project, &["--include-history"]));
    let empty = dump(&copy);
    let out = copy.cfn(TRUSTED.into_iter().chain(["--dry-run"])).ok();
    assert!(out.starts_with("dry run: 4 added"), "{out}");
    assert_eq!(dump(&copy), empty);
    assert_eq!(
        project.sqlite3("SELECT count(*) FROM approval_history"),
        before.matches("INTO approval_history").count().to_string()
    );
}

#[test]
fn a_bad_document_is_named_and_nothing_of_it_is_taken() {
    let project = fleet();
    let document = export(&project, &["--include-history"]);
    for (from, to, problem) in [
        ("name: tdd", "name: ../tdd", "skill name"),
        ("name: tdd", "name: SQL", "has this name"),
        ("category: testing", "category: nonsense", "category"),
        ("approval_level: human", "approval_level: none", "level"),
        ("decision: approved", "decision: yes", "decision"),
        ("priority: 5", "priority: 50", "priority"),
        ("Query it: twice", "Query it: thrice", "does not have its hash"),
        ("version: \"2.0\"", "version: \"3.0\"", "version 2"),
        ("skill_id: 1\n", "skill_id: 99\n", "belong to no skill"),
    ] {
        let bad = document.replacen(from, to, 1);
        assert_ne!(bad, document, "{from}");
        let copy = with_document(&bad);
        let before = dump(&copy);
        let checked = copy.cfn(["skill", "import-yaml", "skills.yaml", "--mode=validate-only"]);
        assert_eq!(checked.code, Some(1), "{checked:?}");
        assert!(checked.stdout.contains(problem), "{from}: {}", checked.stdout);
        assert_eq!(copy.cfn(TRUSTED).code, Some(1));
        assert_eq!(dump(&copy), before);
    }
    let copy = with_document("- not a document\n");
    copy.cfn(["skill", "import-yaml", "skills.yaml"]).fails(1);
    copy.cfn(["skill", "import-yaml", "nowhere.yaml"]).fails(2);
    copy.cfn(["skill", "import-yaml", "skills.yaml", "--mode", "mrege"]).fails(1);
    copy.cfn(["skill", "import-yaml"]).fails(1);
    let good = with_document(&document);
    let out = good.cfn(["skill", "import-yaml", "skills.yaml", "--mode", "validate-only"]).ok();
    assert_eq!(out, "4 skills, 0 errors\n");
}

#[test]
fn a_document_of_the_old_scripts_takes_files_whose_hash_matches() {
    let project = Project::new();
    project.cfn(["init"]).ok();
    project.skill("jwt", "Sign it.");
    project.skill("moved", "Changed.");
    let skill = |id: i64, name: &str| {
        let hash = sha256(skill_text(name, "Sign it."));
        format!(
            "- id: {id}\n  name: {name}\n  category: domain\n  content_path: .claude/skills/{name}/SKILL.md\n  content_hash: {hash}\n  \
             tags: [auth, 'a b']\n  version: 1.2.0\n  status: active\n  approval_level: human\n  generated_by: phase4\n"
        )
    };
    let mapping = "- agent_type: dev\n  skill_id: 3\n  priority: 2\n  required: 0\n  conditions:\n    taskContext: [auth]\n  enabled: 1\n";
    let document = format!(
        "version: 2.0\nexported_at: \"2025-11-17T10:00:00Z\"\nschema_version: 2\nskills:\n{}{}agent_skill_mappings:\n{mapping}",
        skill(3, "jwt"),
        skill(4, "moved")
    );
    project.file("skills.yaml", document);
    let ran = project.cfn(["skill", "import-yaml", "skills.yaml"]);
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(ran.stderr.contains("not imported: moved"), "{}", ran.stderr);
    let row = "SELECT name, version, tags, approval_level FROM skills";
    assert_eq!(project.sqlite3(row), r#"jwt|1.2.0|["auth","a b"]|human"#);
    assert_eq!(
        project.sqlite3("SELECT conditions, priority FROM agent_skill_mappings"),
        r#"{"taskContext":["auth"]}|2"#
    );
    assert!(names(&project, &["dev"]).is_empty(), "it waits");
    project.cfn(["skill", "approve", "jwt", "--approver", "me"]).ok();
    assert_eq!(names(&project, &["dev"]), ["jwt"]);
}

#[test]
fn replacing_deletes_what_the_document_does_not_have() {
    let project = fleet();
    project.file("skills.yaml", export(&project, &["--filter-category", "domain"]));
    let before = dump(&project);
    let replace = ["skill", "import-yaml", "skills.yaml", "--mode", "replace", "--approver", "ann"];
    let message = project.cfn(replace).fails(1);
    assert!(message.contains("old, tdd") && message.contains("--yes"), "{message}");
    let json = project.cfn(replace.into_iter().chain(["--dry-run", "--json"])).json();
    assert_eq!(json["deleted"], serde_json::json!(["old", "tdd"]));
    assert_eq!(dump(&project), before);
    project.cfn(replace.into_iter().chain(["--force"])).ok();
    assert_eq!(project.sqlite3("SELECT group_concat(name) FROM (SELECT name FROM skills ORDER BY name)"), "new,sql");
    let deleted = "SELECT skill, actor FROM cfn_events WHERE event = 'deleted' ORDER BY id";
    assert_eq!(project.sqlite3(deleted), "old|ann\ntdd|ann");
}

#[test]
fn revoked_bytes_do_not_come_back_in_a_trusted_document() {
    let project = fleet();
    let document = export(&project, &["--include-history"]);
    project.cfn(["skill", "revoke", "sql", "--reason", "a secret", "--approver", "me"]).ok();
    project.cfn(["skill", "delete", "sql", "--yes", "--approver", "me"]).ok();
    project.file("skills.yaml", document);
    let ran = project.cfn(TRUSTED);
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(ran.stderr.contains("not imported: sql"), "{}", ran.stderr);
    assert_eq!(project.sqlite3("SELECT count(*) FROM skills WHERE name = 'sql'"), "0");
}
