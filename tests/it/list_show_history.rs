//! `cfn skill list`, `show` and `history`.

use crate::harness::Project;
use crate::scene::{deploy, listed, path_of, sha256, skill_text, with_skill};

#[test]
fn an_empty_list_says_so() {
    let project = Project::new();
    let ran = project.cfn(["skill", "list"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "no skills\n", ""));
    assert_eq!(project.cfn(["skill", "list", "--json"]).ok(), "{\"skills\":[]}\n");
}

#[test]
fn a_list_is_a_table_by_name() {
    let project = Project::new();
    deploy(&project, "sql", "Body.", &["domain", "dev,tester"]);
    deploy(&project, "jwt", "Body.", &["testing"]);
    let table = project.cfn(["skill", "list"]).ok();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        rows,
        [
            vec!["NAME", "VERSION", "CATEGORY", "STATUS", "LEVEL", "REVIEW", "AGENTS"],
            vec!["jwt", "1.0.0", "testing", "active", "auto", "approved"],
            vec!["sql", "1.0.0", "domain", "active", "human", "approved", "dev,", "tester"],
        ]
    );
    assert!(!table.contains('\u{1b}'), "no colour without a terminal");
}

#[test]
fn json_has_the_fields_of_the_database() {
    let project = Project::new();
    project.file("s.md", skill_text("jwt", "Body."));
    project.cfn("deploy 1 jwt s.md domain dev --tags a,b --owner ann --team core".split(' ')).ok();
    let report = project.cfn(["skill", "list", "--json"]).json();
    let mut skill = report["skills"][0].clone();
    let updated = skill.as_object_mut().and_then(|it| it.remove("updated_at"));
    assert!(updated.and_then(|it| it.as_str().map(str::len)) == Some(19), "{report}");
    assert_eq!(
        skill,
        serde_json::json!({
            "id": 1, "name": "jwt", "category": "domain", "version": "1.0.0", "status": "active", "approval_level": "human",
            "approved": true, "content_hash": sha256(skill_text("jwt", "Body.")), "content_path": "s.md", "owner": "ann",
            "team": "core", "tags": ["a", "b"], "agents": ["dev"]
        })
    );
}

#[test]
fn filters_narrow_the_list() {
    let project = Project::new();
    deploy(&project, "a", "Body.", &["testing", "dev"]);
    deploy(&project, "b", "Body.", &["domain", "dev,tester"]);
    deploy(&project, "c", "Body.", &["infrastructure", "tester"]);
    deploy(&project, "d", "Body.", &["domain"]);
    project.cfn(["skill", "reject", "c", "--approver", "me"]).ok();
    project.sqlite3(
        "UPDATE skills SET status = 'deprecated' WHERE name = 'd'; UPDATE agent_skill_mappings SET enabled = 0 WHERE id = 1;
         DELETE FROM approval_history WHERE skill_id = 2",
    );
    assert_eq!(listed(&project, &[]), ["a", "b", "c", "d"]);
    assert_eq!(listed(&project, &["--category", "domain"]), ["b", "d"]);
    assert_eq!(listed(&project, &["--level", "escalate"]), ["c"]);
    assert_eq!(listed(&project, &["--status", "deprecated"]), ["d"]);
    assert_eq!(listed(&project, &["--agent", "dev"]), ["b"]);
    assert_eq!(listed(&project, &["--agent", "tester", "--category", "domain"]), ["b"]);
    assert_eq!(listed(&project, &["--pending"]), ["b"], "what was rejected does not wait");
    assert_eq!(listed(&project, &["--pending", "--level", "human"]), ["b"]);
    assert!(listed(&project, &["--agent", "nobody"]).is_empty());
    for bad in [["--category", "x"], ["--level", "low"], ["--status", "new"], ["--agent", "a b"]] {
        project.cfn(["skill", "list"].iter().chain(&bad)).fails(1);
    }
}

/// Skills that are named after what became of them.
fn decided() -> Project {
    let project = Project::new();
    for (name, category) in [
        ("approved", "domain"),
        ("auto", "testing"),
        ("auto-passed-on", "testing"),
        ("auto-rejected", "testing"),
        ("archived", "domain"),
        ("corrected", "domain"),
        ("deprecated", "infrastructure"),
        ("new", "infrastructure"),
        ("rejected", "domain"),
        ("rejected-then-passed-on", "domain"),
    ] {
        deploy(&project, name, "Body.", &[category]);
    }
    project.sqlite3("DELETE FROM approval_history WHERE skill_id <> 1");
    let decide = |name: &str, decision: &str| {
        project.sqlite3(&format!(
            "INSERT INTO approval_history (skill_id, version, approval_level, decision)
             SELECT id, version, approval_level, '{decision}' FROM skills WHERE name = '{name}'"
        ));
    };
    decide("auto-passed-on", "escalated");
    decide("auto-rejected", "rejected");
    decide("corrected", "needs_correction");
    decide("rejected", "rejected");
    decide("rejected-then-passed-on", "rejected");
    decide("rejected-then-passed-on", "escalated");
    project.sqlite3("UPDATE skills SET status = name WHERE name IN ('archived', 'deprecated')");
    project
}

/// One rule: what `list --pending` names is what `analytics bottlenecks` names, and what the table calls pending.
#[test]
fn what_waits_for_a_decision_is_the_same_everywhere() {
    let project = decided();
    let pending = ["auto-passed-on", "corrected", "new", "rejected-then-passed-on"];
    assert_eq!(listed(&project, &["--pending"]), pending);
    let report = project.cfn(["analytics", "bottlenecks", "--json"]).json();
    let rows = report["tables"][0]["rows"].as_array().expect("rows").clone();
    let mut named: Vec<_> = rows.iter().map(|it| it["skill"].as_str().expect("a name").to_owned()).collect();
    named.sort();
    assert_eq!(named, pending);
    let table = project.cfn(["skill", "list"]).ok();
    let column = |word: &str| -> Vec<&str> {
        let rows = table.lines().filter(|it| it.split_whitespace().nth(5) == Some(word));
        rows.filter_map(|it| it.split_whitespace().next()).collect()
    };
    assert_eq!(column("pending"), pending);
    assert_eq!(column("rejected"), ["auto-rejected", "rejected"]);
    assert_eq!(column("none"), ["archived", "deprecated"]);
    assert_eq!(column("approved"), ["approved", "auto"]);
    assert!(listed(&project, &["--pending", "--status", "archived"]).is_empty());
    assert_eq!(listed(&project, &["--pending", "--level", "escalate"]), ["new"]);
    for (name, says) in
        [("rejected", "human, rejected"), ("archived", "human, not approved"), ("new", "escalate, waits")]
    {
        assert!(project.cfn(["skill", "show", name]).ok().contains(says), "{name}");
    }
}

#[test]
fn text_from_other_programs_is_never_printed_raw() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3(
        "UPDATE skills SET owner = 'ann' || char(27) || '[31m', category = 'x' || char(10) || 'y', version = '1' || char(7),
           content_path = 'a' || char(13) || 'b', tags = '[\"t' || char(8238) || '\"]';
         UPDATE approval_history SET reasoning = 'why' || char(27), approver = char(155)",
    );
    for args in [
        &["skill", "list"][..],
        &["skill", "show", "jwt"],
        &["skill", "history", "jwt"],
        &["skill", "verify"],
        &["db", "check"],
        &["load", "dev"],
        &["update", "jwt", "1.0.1", &path_of("jwt")],
        &["deploy", "1", "jwt", &path_of("jwt"), "--dry-run"],
        &["deploy", "1", "jwt", &path_of("jwt"), "--version", "1.0.0"],
        &["skill", "approve", "jwt", "--approver", "me"],
    ] {
        let ran = project.cfn(args);
        let raw = |text: &str| text.chars().any(|it| (it.is_control() && it != '\n') || it == '\u{202e}');
        assert!(!raw(&ran.stdout) && !raw(&ran.stderr), "{args:?}: {ran:?}");
        assert!(!ran.stdout.contains("x\ny"), "{args:?}: {ran:?}");
    }
}

#[test]
fn show_has_facts_mappings_and_versions() {
    let project = Project::new();
    deploy(&project, "jwt", "First.", &["domain", "dev", "--priority", "2", "--required", "--context", "auth"]);
    deploy(&project, "jwt", "Second.", &[]);
    let text = project.cfn(["skill", "show", "jwt"]).ok();
    for part in [
        "jwt 1.0.1\nAbout jwt.\n",
        "level     human, approved\n",
        "required {\"taskContext\":[\"auth\"]}",
        "1.0.0 ",
        "1.0.1 ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = project.cfn(["skill", "show", "jwt", "--json"]).json();
    assert_eq!(
        (&json["name"], &json["version"], &json["front_matter"]["name"]),
        (&"jwt".into(), &"1.0.1".into(), &"jwt".into())
    );
    assert_eq!(json["mappings"][0]["priority"], 2);
    let numbers: Vec<_> = json["versions"].as_array().expect("a list").iter().map(|it| it["version"].clone()).collect();
    assert_eq!(numbers, ["1.0.1", "1.0.0"]);
    assert_eq!(json.get("content"), None);
}

#[test]
fn show_prints_the_bytes_of_any_version_after_checking_them() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "jwt", "Second.", &[]);
    let content = |more: &[&str]| project.cfn(["skill", "show", "jwt", "--content"].iter().chain(more));
    assert_eq!(content(&[]).ok(), skill_text("jwt", "Second."));
    assert_eq!(content(&["--version", "1.0.0"]).ok(), skill_text("jwt", "First."));
    content(&["--version", "9.9.9", "--json"]).fails_as(4, "version_not_found");
    for damage in ["UPDATE skill_contents SET bytes = 'x'", "DELETE FROM skill_contents"] {
        project.sqlite3(damage);
        content(&["--json"]).fails_as(7, "integrity");
    }
}

#[test]
fn history_has_versions_and_decisions_newest_first() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "jwt", "Second.", &["domain", "", "--approver", "ann", "--reason", "it is better"]);
    project.cfn(["skill", "reject", "jwt", "--approver", "bob", "--reason", "it is not"]).ok();
    let json = project.cfn(["skill", "history", "jwt", "--json"]).json();
    let column = |list: &str, field: &str| -> Vec<String> {
        let rows = json[list].as_array().expect("a list");
        rows.iter().map(|it| it[field].as_str().map_or_else(|| it[field].to_string(), str::to_owned)).collect()
    };
    assert_eq!(column("versions", "version"), ["1.0.1", "1.0.0"]);
    assert_eq!(column("versions", "approved"), ["false", "true"]);
    assert_eq!(column("approvals", "decision"), ["rejected", "approved", "approved"]);
    assert_eq!(column("approvals", "approver"), ["bob", "ann", "phase4-system"]);
    let text = project.cfn(["skill", "history", "jwt"]).ok();
    assert!(
        text.starts_with("status active, approval level human\n\nversions\nVERSION ")
            && text.contains("\ndecisions and events\nWHEN ")
            && text.contains("it is not"),
        "{text}"
    );
}

#[test]
fn order_is_by_row_and_never_by_the_clock() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "jwt", "Second.", &[]);
    project.sqlite3(
        "UPDATE skill_versions SET created_at = '1970-01-01 00:00:00' WHERE version = '1.0.1';
         INSERT INTO approval_history (skill_id, version, approval_level, decision, timestamp)
           VALUES (1, '1.0.1', 'human', 'rejected', '1970-01-01 00:00:00')",
    );
    let json = project.cfn(["skill", "history", "jwt", "--json"]).json();
    assert_eq!((&json["versions"][0]["version"], &json["versions"][0]["approved"]), (&"1.0.1".into(), &false.into()));
    assert!(project.cfn(["load", "dev"]).ok().contains("First."));
}

#[test]
fn a_skill_that_is_not_there_is_answered_with_the_nearest() {
    let project = with_skill("postgresql", "domain", "dev");
    for command in ["show", "history", "verify"] {
        let message = project.cfn(["skill", command, "postgres"]).fails(4);
        assert_eq!(
            message, "error: there is no skill named \"postgres\"\nhint: Did you mean postgresql?\n",
            "{command}"
        );
        project.cfn(["skill", command, "../x"]).fails(1);
    }
}
