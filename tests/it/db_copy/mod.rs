//! `cfn db copy`: whatever the engines are, every row comes, is proved, and comes back as it was.

mod going_on;
mod kills;
mod large;
mod odd_values;
mod refusals;
mod tables;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::adoption::layouts::{self, V2};
use crate::harness::{Project, Ran};
use crate::postgres_server::{Database, Way};
use crate::scene::sha256;
use crate::upgrades;

/// Runs a copy from one database to another.
pub(super) fn ran(project: &Project, from: &str, to: &str, more: &[&str]) -> Ran {
    let ran = project.cfn([&["db", "copy", "--json", "--from", from, "--to", to], more].concat());
    assert!(!format!("{ran:?}").contains("sesame"), "{ran:?}");
    ran
}

/// The report of a copy that was made.
#[track_caller]
pub(super) fn copied(project: &Project, from: &str, to: &str) -> Value {
    ran(project, from, to, &[]).json()
}

/// The path of the project's database, as an argument.
pub(super) fn own(project: &Project) -> String {
    project.database().to_string_lossy().into_owned()
}

/// A path for another database.
pub(super) fn other(project: &Project, name: &str) -> String {
    project.path().join(name).to_string_lossy().into_owned()
}

/// The rows of every table that is copied, as the sqlite3 shell quotes them.
pub(super) fn rows(database: &str) -> Vec<String> {
    let sqlite3 = |sql: &str| {
        let output = std::process::Command::new("sqlite3").args(["-readonly", "-quote", database, sql]).output();
        let output = output.expect("the sqlite3 shell must be installed");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let tables = cfn::store::copying::TABLES.iter();
    let each = tables.map(|table| {
        let only = table.only.map(|it| format!(" WHERE {it}")).unwrap_or_default();
        let typed: Vec<_> =
            table.columns.iter().map(|it| format!("typeof({0}), quote(CAST({0} AS BLOB))", it.name)).collect();
        let order: Vec<_> = (1..=table.key * 2).map(|it| it.to_string()).collect();
        let sql = format!("SELECT {} FROM {}{only} ORDER BY {}", typed.join(", "), table.name, order.join(", "));
        format!("{}\n{}", table.name, String::from_utf8_lossy(&sqlite3(&sql)))
    });
    each.collect()
}

fn bytes_of(path: &Path) -> String {
    sha256(std::fs::read(path).expect("a file"))
}

/// A legacy project, brought up to date by its first command.
fn legacy() -> Project {
    let project = layouts::project(V2);
    for (name, body) in [("jwt", "Body."), ("sql", "Other.")] {
        layouts::add(&project, name, body);
        layouts::approve(&project, name);
    }
    project.sqlite3(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, task_id, loaded_at) VALUES
           ('a', 'tester', 1, 't', '2025-02-03 04:05:06'), ('a', 'tester', 2, 't', 'yesterday')",
    );
    project.cfn(["skill", "list"]).ok();
    project
}

/// A database with rows in every table, of an earlier cfn.
fn filled() -> Project {
    let (_, dump) = upgrades::dumps().pop().expect("a dump");
    let project = upgrades::project(&dump);
    project.cfn(["skill", "list"]).ok();
    project
}

/// Folders, decisions, uses and events, by commands.
fn lived_in() -> Project {
    let project = crate::both_engines::project();
    for command in crate::both_engines::COMMANDS.iter().take_while(|it| !it.starts_with("db archive")) {
        crate::both_engines::run(&project, None, &format!("cfn {command}"));
    }
    project
}

/// What the views that other programs use show.
const VIEWS: [&str; 4] = [
    "SELECT id, name, team, agent_count, last_approval_timestamp FROM active_skills_with_approval ORDER BY id",
    "SELECT id, name, approval_attempts, last_review_date FROM approval_pending_skills ORDER BY id",
    "SELECT approval_level, category, skill_count, team_count FROM approval_distribution ORDER BY 1, 2",
    "SELECT check_name, result FROM migration_status ORDER BY 1",
];

#[track_caller]
fn comes_back(project: &Project, way: Way) {
    let (server, back) = (Database::empty(), other(project, "back.db"));
    let (url, before) = (server.url(way), bytes_of(&project.database()));
    let there = copied(project, &own(project), &url);
    let again = copied(project, &url, &back);
    assert_eq!(there["sha256"], again["sha256"]);
    assert_eq!(there["tables"], again["tables"]);
    assert_eq!(rows(&own(project)), rows(&back));
    assert_eq!(bytes_of(&project.database()), before, "the source was written to");
    for view in VIEWS {
        let there = server.sql(&format!("SET search_path = cfn; {view}"));
        assert_eq!(there.strip_prefix("SET\n").unwrap_or(&there), project.sqlite3(view), "{view}");
        let copy = project.path().join("back.db");
        let output = std::process::Command::new("sqlite3").arg(copy).arg(view).output().expect("sqlite3");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), project.sqlite3(view), "{view}");
    }
    assert_eq!(project.cfn(["db", "check", "--db", &back, "--json"]).json()["damage"], serde_json::json!([]));
    assert_eq!(project.cfn(["db", "check", "--db", &url, "--json"]).json()["damage"], serde_json::json!([]));
}

#[test]
fn a_legacy_project_comes_back_as_it_was() {
    comes_back(&legacy(), Way::Direct);
}

#[test]
fn a_database_with_rows_in_every_table_comes_back_through_a_pooler() {
    let project = filled();
    // What points to a skill that is gone has no place on a server.
    for table in ["agent_skill_mappings", "skill_usage_log"] {
        project.sqlite3(&format!("DELETE FROM {table} WHERE skill_id NOT IN (SELECT id FROM skills)"));
    }
    project.sqlite3("INSERT INTO usage_received VALUES ('one', 1, 0), ('two', NULL, 0), ('three', 2, 1)");
    comes_back(&project, Way::Bouncer);
    let report = ran(&project, &own(&project), &other(&project, "new.db"), &["--dry-run"]).json();
    let tables = report["tables"].as_array().expect("a list");
    let empty: Vec<_> = tables.iter().filter(|it| it["rows"] == 0).map(|it| it["table"].to_string()).collect();
    assert_eq!(empty, ["\"skill_files\""], "the test copies no row of them; a database that was lived in has folders");
}

#[test]
fn a_database_that_was_lived_in_comes_back_as_it_was() {
    comes_back(&lived_in(), Way::Direct);
}

#[test]
fn a_file_is_copied_to_a_file_and_a_server_to_a_server() {
    let project = lived_in();
    let (one, two, file) = (Database::empty(), Database::new(), other(&project, "folder/copy.db"));
    let (one, two) = (one.url(Way::Direct), two.url(Way::Bouncer));
    let digest = |from: &str, to: &str| copied(&project, from, to)["sha256"].clone();
    let first = digest(&own(&project), &file);
    assert_eq!(digest(&file, &one), first);
    assert_eq!(digest(&one, &two), first);
    let schema = format!("{one}?schema=Other-one");
    assert_eq!(digest(&two, &schema), first);
    assert_eq!(rows(&own(&project)), rows(&file));
}

#[test]
fn the_report_says_what_was_copied() {
    let project = legacy();
    let server = Database::empty();
    let said = project.cfn(["db", "copy", "--from", &own(&project), "--to", &server.url(Way::Direct)]).ok();
    assert!(said.starts_with("copied ") && said.contains(&server.shown(Way::Direct)), "{said}");
    assert!(said.contains("\n  skills: 2 rows\n") && said.contains("SHA-256 of all rows, on both sides: "), "{said}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let project = legacy();
    let (server, file): (Database, PathBuf) = (Database::empty(), project.path().join("none.db"));
    for to in [server.url(Way::Direct), file.to_string_lossy().into_owned()] {
        let report = ran(&project, &own(&project), &to, &["--dry-run"]).json();
        assert_eq!((&report["dry_run"], &report["refused_rows"]), (&true.into(), &0.into()));
    }
    assert!(!file.exists());
    assert_eq!(server.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'cfn'"), "0");
}
