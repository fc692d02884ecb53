//! Objects that other programs put into the file: named by `db check`, and never taken for one of cfn's tables.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::adoption::layouts;
use crate::harness::{Project, Ran};
use crate::scene::{dump, names, with_skill};

/// Every command that reads or writes skills.
const COMMANDS: [&[&str]; 11] = [
    &["load", "dev"],
    &["load", "dev", "--agent-id", "a"],
    &["skill", "list"],
    &["skill", "show", "jwt"],
    &["skill", "verify"],
    &["analytics", "usage"],
    &["log", "jwt", "--agent-id", "a", "--agent-type", "dev", "--exit-code", "0"],
    &["db", "status"],
    &["db", "maintain"],
    &["db", "capture"],
    &["deploy", "1", "jwt", ".claude/skills/jwt/SKILL.md"],
];

/// Runs it with a limit that only a hang reaches.
fn run(project: &Project, args: &[&str]) -> Ran {
    let mut child = project.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts");
    let until = Instant::now() + Duration::from_secs(60);
    while child.try_wait().expect("it can be waited for").is_none() {
        if Instant::now() > until {
            child.kill().expect("it can be ended");
            panic!("{args:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().expect("it ended").into()
}

#[test]
fn each_object_that_a_fresh_database_does_not_have_is_named() {
    let project = with_skill("jwt", "domain", "dev");
    assert_eq!(project.cfn(["db", "check"]).ok(), "0 damaged, 0 warnings, 1 content hashed\n");
    project.sqlite3(
        "CREATE TRIGGER mine AFTER INSERT ON skill_usage_log BEGIN UPDATE skills SET owner = 'x'; END;
         CREATE VIEW \"my view\" AS SELECT name FROM skills; CREATE TABLE notes (x); CREATE INDEX by_owner ON skills (owner);
         CREATE VIRTUAL TABLE words USING fts4(body);
         DROP TRIGGER cfn_bootstrap_insert; DROP INDEX idx_usage_task;
         DROP TRIGGER cfn_skills_delete; CREATE TRIGGER cfn_skills_delete AFTER DELETE ON skills BEGIN SELECT 1; END;",
    );
    let checked = project.cfn(["db", "check"]).ok();
    for line in [
        "the trigger mine on skill_usage_log is not cfn's",
        "the view my view is not cfn's",
        "the table notes is not cfn's",
        "the index by_owner on skills is not cfn's",
        "the virtual table words is not cfn's",
        "the trigger cfn_skills_delete on skills differs from cfn's",
        "the trigger cfn_bootstrap_insert on bootstrap_skills is missing",
        "the index idx_usage_task on skill_usage_log is missing",
    ] {
        assert!(checked.lines().any(|it| it == format!("warning: {line}")), "{line}: {checked}");
    }
    assert_eq!(names(&project, &["dev"]), ["jwt"], "what is the user's stays and works");
}

#[test]
fn indexes_of_the_old_schema_are_known() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("CREATE INDEX idx_usage_phase ON skill_usage_log (phase)");
    assert_eq!(project.cfn(["db", "check"]).ok(), "0 damaged, 0 warnings, 1 content hashed\n");
}

/// The findings about the schema in an adopted database, whose second layout this replacement changes.
fn schema_warnings(from: &str, to: &str) -> Vec<String> {
    let layout = layouts::V2.replacen(from, to, 1);
    assert!(from == to || layout != layouts::V2, "{from}");
    let project = layouts::project(&layout);
    project.cfn(["skill", "list"]).ok(); // adopts it
    let checked = project.cfn(["db", "check"]).ok();
    checked.lines().filter_map(|it| it.strip_prefix("warning: ")).map(str::to_owned).collect()
}

#[test]
fn each_constraint_that_a_fresh_database_does_not_have_is_named() {
    for (from, to, constraint) in [
        ("owner TEXT", "owner TEXT CHECK(owner <> 'root')", "CHECK (owner <> 'root') of skills"),
        (
            "owner TEXT",
            "owner TEXT CONSTRAINT known CHECK\n(length( owner ) > 2)",
            "CHECK (length (owner) > 2) of skills",
        ),
        (
            "'archived')",
            "'archived', 'lost')",
            "CHECK (status IN ('active', 'deprecated', 'archived', 'lost')) of skills",
        ),
        ("priority INTEGER", "priority INTEGER CHECK (priority < 11)", "CHECK (priority < 11) of agent_skill_mappings"),
        ("owner TEXT", "owner TEXT UNIQUE", "UNIQUE (owner) of skills"),
        (
            "UNIQUE (agent_type, skill_id)",
            "UNIQUE (agent_type, priority), UNIQUE (agent_type, skill_id)",
            "UNIQUE (agent_type, priority) of agent_skill_mappings",
        ),
        (
            "ON DELETE SET NULL",
            "ON DELETE SET NULL, UNIQUE (name COLLATE NOCASE)",
            "UNIQUE (name COLLATE NOCASE) of skills",
        ),
        ("name TEXT UNIQUE", "name TEXT UNIQUE ON CONFLICT REPLACE", "ON CONFLICT REPLACE of skills"),
        ("team TEXT", "team TEXT NOT NULL DEFAULT 'none'", "NOT NULL (team) of skills"),
        ("owner TEXT", "owner TEXT COLLATE NOCASE", "COLLATE NOCASE (owner) of skills"),
        (
            "owner TEXT",
            "owner TEXT REFERENCES skills (name)",
            "FOREIGN KEY (owner) REFERENCES skills (name) ON UPDATE NO ACTION ON DELETE NO ACTION of skills",
        ),
        (
            "skills (id) ON DELETE CASCADE",
            "skills (id) ON DELETE RESTRICT",
            "FOREIGN KEY (skill_id) REFERENCES skills (id) ON UPDATE NO ACTION ON DELETE RESTRICT of approval_history",
        ),
    ] {
        assert_eq!(schema_warnings(from, to), [format!("the constraint {constraint} is not cfn's")], "{to}");
    }
}

#[test]
fn a_constraint_of_a_fresh_database_is_known_however_it_is_written() {
    for (from, to) in [
        ("", ""),
        (
            "CHECK (status IN ('active', 'deprecated', 'archived'))",
            "check(\"status\" /* ( */ in ('active','deprecated',\n'archived'))",
        ),
        ("name TEXT UNIQUE NOT NULL", "name TEXT CONSTRAINT one NOT NULL UNIQUE COLLATE BINARY"),
        ("UNIQUE (agent_type, skill_id)", "UNIQUE (Skill_id, [agent_type])"),
        ("skill_id INTEGER NOT NULL UNIQUE,", "skill_id INTEGER NOT NULL REFERENCES skills ON DELETE CASCADE UNIQUE,"),
        ("owner TEXT", "owner TEXT DEFAULT 'CHECK (x)'"),
    ] {
        assert_eq!(schema_warnings(from, to), [""; 0], "{to}");
    }
    let project = layouts::project(layouts::V1);
    project.cfn(["skill", "list"]).ok();
    assert_eq!(project.cfn(["db", "check"]).ok(), "0 damaged, 0 warnings, 0 contents hashed\n");
}

#[test]
fn an_index_of_cfn_that_became_unique_is_named_and_one_of_others_once() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3(
        "DROP INDEX idx_usage_task; CREATE UNIQUE INDEX idx_usage_task ON skill_usage_log (task_id);
         CREATE UNIQUE INDEX idx_usage_phase ON skill_usage_log (phase) WHERE phase > 'x';
         CREATE UNIQUE INDEX one_owner ON skills (lower(owner))",
    );
    let checked = project.cfn(["db", "check"]).ok();
    for line in [
        "the constraint UNIQUE (task_id) of skill_usage_log is not cfn's",
        "the constraint UNIQUE (phase) of some rows of skill_usage_log is not cfn's",
        "the index one_owner on skills is not cfn's",
    ] {
        assert_eq!(checked.lines().filter(|it| *it == format!("warning: {line}")).count(), 1, "{line}: {checked}");
    }
    assert!(checked.contains("0 damaged, 3 warnings"), "{checked}");
    let seen = project.cfn(["doctor", "--json"]);
    assert!(seen.stdout.contains("the constraint UNIQUE (task_id) of skill_usage_log"), "{seen:?}");
}

#[test]
fn names_of_objects_cannot_forge_lines() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("CREATE TABLE \"a\nwarning: b\u{1b}[2J\" (x)");
    let checked = project.cfn(["db", "check"]).ok();
    assert!(checked.contains("a\\nwarning: b\\u{1b}[2J") && checked.lines().count() == 2, "{checked}");
}

#[test]
fn a_view_or_a_virtual_table_in_place_of_a_table_is_damage_and_nothing_hangs_on_it() {
    let endless = "WITH RECURSIVE k (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k)";
    for table in
        ["skills", "agent_skill_mappings", "skill_versions", "approval_history", "skill_contents", "bootstrap_skills"]
    {
        let project = with_skill("jwt", "domain", "dev");
        let columns = project.sqlite3(&format!("SELECT group_concat(name, ', ') FROM pragma_table_info('{table}')"));
        let aside = format!("PRAGMA legacy_alter_table = ON; ALTER TABLE {table} RENAME TO aside;");
        for (found, made) in [
            ("a view", format!("CREATE VIEW {table} AS {endless} SELECT a.* FROM aside a, k;")),
            (
                "a virtual table",
                format!("CREATE VIRTUAL TABLE {table} USING fts4({columns}); INSERT INTO {table} SELECT * FROM aside;"),
            ),
        ] {
            project.sqlite3(&format!("{} {made}", if found == "a view" { aside.as_str() } else { "" }));
            let before = dump(&project);
            for args in COMMANDS {
                let error = run(&project, &[args, &["--json"]].concat()).fails_as(3, "database_corrupt");
                let named = error["message"].as_str().is_some_and(|it| it.contains(found) && it.contains(table));
                assert!(named, "{error}");
            }
            let checked = run(&project, &["db", "check"]);
            assert_eq!(checked.code, Some(3), "{checked:?}");
            assert!(
                checked.stdout.contains(&format!("damage: it has {found} in place of the table {table}\n")),
                "{checked:?}"
            );
            assert_eq!(dump(&project), before);
            project.sqlite3(&format!("DROP {} {table}", if found == "a view" { "VIEW" } else { "TABLE" }));
        }
    }
}

#[test]
fn a_view_that_takes_a_place_under_an_open_batch_does_not_stop_it() {
    let project = with_skill("jwt", "domain", "dev");
    let mut batch = crate::batch::Batch::start(&project, &[]);
    assert!(batch.ask(r#"{"agent_type": "dev"}"#).to_string().contains("First."));
    project.sqlite3(
        "PRAGMA legacy_alter_table = ON; ALTER TABLE skills RENAME TO aside;
         CREATE VIEW skills AS WITH RECURSIVE k (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k) SELECT a.* FROM aside a, k",
    );
    let answer = batch.ask_for_text(r#"{"agent_type": "dev"}"#);
    let ended = batch.end();
    assert!(!answer.contains("First.") && answer.contains("damaged"), "{answer}{ended:?}");
}

#[test]
fn triggers_of_others_may_use_their_views_when_cfn_writes() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3(
        "CREATE TABLE audit (n); CREATE VIEW counted AS SELECT count(*) AS n FROM skills;
         CREATE TRIGGER audited AFTER INSERT ON skills BEGIN INSERT INTO audit SELECT n FROM counted; END",
    );
    crate::scene::deploy(&project, "sql", "First.", &[]);
    assert_eq!(project.sqlite3("SELECT n FROM audit"), "2");
}

#[test]
fn a_statement_of_the_user_may_read_views() {
    let project = with_skill("jwt", "domain", "dev");
    let sql = "SELECT * FROM active_skills_with_approval";
    let ran = project.cfn(["bench", "sql", "--help"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let measured = project.cfn(["bench", "sql", sql, "--db", &project.database().to_string_lossy()]);
    assert_eq!(measured.code, Some(0), "{measured:?}");
}

/// The remains of a database must not be taken for an old one, whichever part is missing.
#[test]
fn a_database_without_its_number_and_something_else_is_damaged() {
    for taken in [
        "DROP TABLE approval_history",
        "DROP TABLE schema_versions",
        "DELETE FROM schema_versions",
        "UPDATE schema_versions SET rolled_back_at = '2026-01-01'",
        "DELETE FROM schema_versions WHERE version >= 'v3'",
        "DELETE FROM schema_versions WHERE version > 'v3.0.0'",
        "DROP TABLE skill_versions",
        "DROP TABLE cfn_metadata; DROP TABLE schema_versions",
        "DROP TABLE skill_contents; DROP TABLE skill_versions; DROP TABLE cfn_metadata; DROP TABLE approval_history; DROP TABLE schema_versions",
        "ALTER TABLE approval_history RENAME TO elsewhere",
        "DROP TABLE usage_daily",
        "DROP VIEW active_skills_with_approval; DROP VIEW approval_pending_skills; ALTER TABLE approval_history DROP COLUMN reasoning",
    ] {
        for number in ["0", "12", "2000", "3000"] {
            let project = with_skill("jwt", "domain", "dev");
            project.cfn(["skill", "reject", "jwt", "--approver", "me", "--reason", "no"]).ok();
            project.sqlite3(&format!("PRAGMA legacy_alter_table = ON; {taken}; PRAGMA user_version = {number}"));
            let before = std::fs::read(project.database()).expect("a file");
            for args in [&["load", "dev"][..], &["skill", "list"], &["db", "migrate"], &["init"]] {
                project.fails_as(args, 3, "database_corrupt");
            }
            assert!(std::fs::read(project.database()).expect("a file") == before, "{number}, {taken}");
            assert!(project.leftovers().is_empty(), "{:?}", project.leftovers());
        }
    }
}

#[test]
fn a_dump_of_a_healthy_database_goes_on_after_it_is_loaded_again() {
    let project = with_skill("jwt", "domain", "dev");
    crate::scene::deploy(&project, "sql", "First.", &["domain", "dev"]);
    project.cfn(["skill", "reject", "sql", "--approver", "me", "--reason", "no"]).ok();
    let (sql, path) = (project.file("all.sql", project.sqlite3(".dump")), project.database());
    let decisions = "SELECT skill_id, decision, content_hash FROM approval_history ORDER BY id";
    let before = project.sqlite3(decisions);
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
    let input = std::fs::File::open(sql).expect("a file");
    assert!(Command::new("sqlite3").arg(&path).stdin(input).status().expect("sqlite3").success());
    assert_eq!(project.sqlite3("PRAGMA user_version"), "0");
    assert_eq!(names(&project, &["dev", "--quiet"]), ["jwt"]);
    assert_eq!(project.sqlite3(decisions), before, "nothing is approved by loading a dump");
    assert!(project.cfn(["db", "check"]).ok().starts_with("0 damaged, 0 warnings"));
}
