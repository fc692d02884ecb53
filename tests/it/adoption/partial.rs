//! Users' test databases: three tables with some of the columns.

use proptest::prelude::*;

use super::layouts::{self, shape};
use crate::harness::Project;
use crate::scene::sha256;

const SKILLS: &[&str] = &[
    "category TEXT",
    "team TEXT",
    "tags TEXT",
    "version TEXT",
    "status TEXT",
    "approval_level TEXT",
    "owner TEXT",
    "generated_by TEXT",
    "created_at TEXT",
    "updated_at TEXT",
    "test_coverage REAL",
    "replacement_id INTEGER",
];
const MAPPINGS: &[&str] = &[
    "agent_type TEXT",
    "skill_id INTEGER",
    "priority INTEGER",
    "required BOOLEAN",
    "conditions TEXT",
    "enabled BOOLEAN",
    "notes TEXT",
];
const THIRD: &[&str] =
    &["skill_id INTEGER", "version TEXT", "approval_level TEXT", "decision TEXT", "approver TEXT", "timestamp TEXT"];

/// A table with an id, a name where it needs one, and the chosen columns.
fn table(name: &str, first: &str, columns: &[&str], chosen: &[bool]) -> String {
    let picked: Vec<&str> = columns.iter().zip(chosen).filter(|(_, it)| **it).map(|(column, _)| *column).collect();
    let all: Vec<&str> = std::iter::once(first).chain(picked).collect();
    format!("CREATE TABLE {name} ({});\n", all.join(", "))
}

/// Everything that an operator does with it works, or says why not; nothing that was there is gone.
fn works(project: &Project) -> Result<(), TestCaseError> {
    let rows = project.sqlite3("SELECT (SELECT count(*) FROM skills), (SELECT count(*) FROM agent_skill_mappings)");
    let first = project.cfn(["skill", "list", "--json"]);
    prop_assert!(first.code == Some(0) && first.stderr.starts_with("note: adopted "), "{:?}", first);
    prop_assert_eq!(shape(project), shape(&Project::new()));
    prop_assert_eq!(
        project.sqlite3("SELECT (SELECT count(*) FROM skills), (SELECT count(*) FROM agent_skill_mappings)"),
        rows
    );
    project.file("s.md", "New.");
    for args in [
        &["load", "dev"][..],
        &["load", "dev", "--agent-id", "a"],
        &["skill", "show", "jwt"],
        &["skill", "history", "jwt"],
        &["db", "check"],
        &["db", "status"],
        &["db", "capture"],
        &["deploy", "1", "new", "s.md", "domain", "dev"],
        &["deploy", "1", "jwt", "s.md", "", "dev", "--version", "7.0.0"],
        &["skill", "list"],
        &["skill", "history", "jwt"],
        &["skill", "show", "jwt"],
    ] {
        let ran = project.cfn(args);
        prop_assert_eq!(ran.code, Some(0), "{:?}: {:?}", args, ran);
    }
    let loaded = project.cfn(["load", "dev", "--format", "names"]);
    prop_assert!(loaded.stdout.contains("new\n") && loaded.stdout.contains("jwt\n"), "{:?}", loaded);
    prop_assert_eq!(project.sqlite3("PRAGMA quick_check"), "ok");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_subset_of_columns_is_completed(
        skills in proptest::collection::vec(any::<bool>(), SKILLS.len()),
        mappings in proptest::collection::vec(any::<bool>(), MAPPINGS.len()),
        third in proptest::collection::vec(any::<bool>(), THIRD.len()),
        usage in any::<bool>(),
    ) {
        let mut sql = table("skills", "id INTEGER PRIMARY KEY, name TEXT, content_path TEXT, content_hash TEXT", SKILLS, &skills);
        sql += &table("agent_skill_mappings", "id INTEGER PRIMARY KEY", MAPPINGS, &mappings);
        sql += &if usage {
            "CREATE TABLE skill_usage_log (id INTEGER PRIMARY KEY, agent_id TEXT, skill_id INTEGER);".to_owned()
        } else {
            table("approval_history", "id INTEGER PRIMARY KEY", THIRD, &third)
        };
        sql += "INSERT INTO skills (name) VALUES ('jwt'), ('sql'); INSERT INTO agent_skill_mappings DEFAULT VALUES;";
        works(&layouts::project(&sql))?;
    }
}

#[test]
fn tables_without_an_id_are_read_and_written() {
    let project = layouts::project(
        "CREATE TABLE skills (id INTEGER PRIMARY KEY, name TEXT, content_hash TEXT, version TEXT, content_path TEXT);
         CREATE TABLE agent_skill_mappings (agent_type TEXT, skill_id INTEGER);
         CREATE TABLE approval_history (skill_id INTEGER, version TEXT, decision TEXT, approval_level TEXT);
         INSERT INTO skills (name, version) VALUES ('jwt', '1.0.0');
         INSERT INTO agent_skill_mappings VALUES ('dev', 1);",
    );
    works(&project).unwrap_or_else(|error| panic!("{error}"));
    let decisions = "INSERT INTO approval_history (skill_id, version, decision, approval_level) VALUES (1, '7.0.0', 'rejected', 'human')";
    project.sqlite3(decisions);
    let ran = project.cfn(["skill", "history", "jwt", "--json"]).json();
    assert_eq!(ran["approvals"][0]["decision"], "rejected", "the latest is the last row");
}

#[test]
fn values_that_break_the_rules_are_reported_and_not_enforced() {
    let body = "Body.";
    let project = layouts::project(&format!(
        "CREATE TABLE skills (id INTEGER PRIMARY KEY, name TEXT, content_path TEXT, content_hash TEXT, version TEXT, status TEXT,
           approval_level TEXT);
         CREATE TABLE agent_skill_mappings (id INTEGER PRIMARY KEY, agent_type TEXT, skill_id INTEGER, priority INTEGER, required BOOLEAN);
         CREATE TABLE notes (x);
         INSERT INTO skills VALUES (1, 'jwt', 'jwt.md', '{hash}', '1.0.0', 'active', 'expert'), (2, 'sql', 'x', 'h', '1.0.0', 'active', 'human');
         INSERT INTO agent_skill_mappings VALUES (1, 'dev', 1, 99, 0), (2, 'dev', 1, 1, 0), (3, 'tester', 2, NULL, NULL);",
        hash = sha256(body)
    ));
    project.file("jwt.md", body);
    let migrated = project.cfn(["db", "migrate"]);
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    let check = project.cfn(["db", "check"]);
    assert_eq!(check.code, Some(0), "{check:?}");
    for line in [
        "a status or a level that cfn does not know (1)",
        "a priority outside 1 to 10 (1)",
        "repeat an agent type and skill (2)",
    ] {
        assert!(check.stdout.contains(line), "{line}: {check:?}");
    }
    assert_eq!(project.sqlite3("SELECT approval_level FROM skills WHERE id = 1"), "expert");
    assert_eq!(project.cfn(["load", "tester"]).code, Some(0), "a priority that is not there is the default");
}

/// A layout without rules, with rows that no rule allows.
fn spoiled() -> Project {
    let body = "Body.";
    let project = layouts::project(&format!(
        "CREATE TABLE skills (id INTEGER PRIMARY KEY, name, category, content_path, content_hash, version, status, approval_level,
           created_at, test_coverage);
         CREATE TABLE agent_skill_mappings (id INTEGER PRIMARY KEY, agent_type, skill_id, priority, required, tdd_condition);
         CREATE TABLE approval_history (id INTEGER PRIMARY KEY, skill_id, version, decision, approval_level);
         CREATE TABLE bootstrap_skills (skill_name, file_path, load_order, content_hash);
         INSERT INTO bootstrap_skills VALUES ('boot', 'jwt.md', 'last', '{hash}'), (NULL, NULL, NULL, x'ff');
         INSERT INTO skills VALUES (1, 'jwt', 'domain', 'jwt.md', '{hash}', '1.0.0', 'active', 'human', 1700000000, 0.9),
           (2, 'odd', x'1b5b', 7, 'h', 1.5, 'draft', 'expert', NULL, 'high'), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
           (4, x'00ff', 'domain', x'ff', 'h', '1.0.0', 'active', 'auto', NULL, NULL),
           (5, 'strict', 'domain', 'strict.md', '{hash}', '1.0.0', 'active', 'EXPERT', NULL, 'high');
         INSERT INTO agent_skill_mappings VALUES (1, 'dev', 1, 'high', 0, NULL), (2, 'dev', 2, 1, 'yes', NULL), (3, x'ff', 1, 1, 0, NULL),
           (4, 'dev', 5, NULL, 0, '{{\"min_coverage\": 0.5}}');
         INSERT INTO approval_history VALUES (1, 1, '1.0.0', 'approved', 'human'), (2, 1, '1.0.0', 'perhaps', 'expert');
         DELETE FROM approval_history WHERE id = 2;",
        hash = sha256(body)
    ));
    project.file("jwt.md", body);
    project.file("strict.md", body);
    project
}

/// A row that no rule allows keeps nobody from the rest.
#[test]
fn rows_that_other_programs_spoiled_are_shown_as_they_are() {
    let project = spoiled();
    let migrated = project.cfn(["db", "migrate"]);
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    let list = project.cfn(["skill", "list", "--json"]).json();
    let of =
        |id: i64| list["skills"].as_array().expect("skills").iter().find(|it| it["id"] == id).expect("a row").clone();
    assert_eq!(
        (&of(2)["status"], &of(2)["version"], &of(2)["approval_level"]),
        (&"draft".into(), &"1.5".into(), &"human".into())
    );
    assert_eq!((&of(3)["name"], &of(3)["status"]), (&"".into(), &"active".into()));
    let table = project.cfn(["skill", "list"]).ok();
    assert!(table.contains("\\u{1b}[") && !table.contains('\u{1b}'), "{table}");
    assert_eq!(
        project.cfn(["skill", "list", "--level", "human", "--json"]).json()["skills"].as_array().map(Vec::len),
        Some(4)
    );
    assert_eq!(
        project.cfn(["skill", "list", "--status", "active", "--json"]).json()["skills"].as_array().map(Vec::len),
        Some(4)
    );
    for args in [
        &["skill", "show", "odd"][..],
        &["skill", "history", "odd"],
        &["db", "capture"],
        &["db", "check"],
        &["analytics"],
    ] {
        let ran = project.cfn(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
    }
    let verified = project.cfn(["skill", "verify"]);
    assert!(verified.code == Some(7) && verified.stdout.contains(": no file of it is recorded\n"), "{verified:?}");
    assert!(!verified.stdout.contains("not a regular file"), "{verified:?}");
    let check = project.cfn(["db", "check"]).ok();
    for line in [
        "a status or a level that cfn does not know (2,5)",
        "a name that no command can take (3,4)",
        "a priority outside 1 to 10 (1)",
    ] {
        assert!(check.contains(line), "{line}: {check}");
    }
    let left = project.cfn(["db", "capture"]).ok();
    assert!(left.contains("no hash recorded") && !left.contains("bootstrap"), "{left}");
    let loaded = project.cfn(["load", "dev", "--format", "names"]);
    assert_eq!((loaded.code, loaded.stdout.as_str()), (Some(0), "boot\njwt\n"), "{loaded:?}");
    assert!(loaded.stderr.contains("left out strict: its test coverage is unknown"), "{loaded:?}");
}
