use crate::harness::Project;
use crate::scene::{dump, with_skill};

#[test]
fn a_statement_is_measured_in_one_connection_and_as_processes_with_its_plan() {
    let project = with_skill("jwt", "testing", "dev");
    let before = dump(&project);
    let ran = project.cfn(["bench", "sql", "SELECT * FROM skills WHERE name = 'jwt'", "--iterations", "40", "--json"]);
    assert_eq!(ran.stderr, "", "no warning: {ran:?}");
    let report = ran.json();
    assert_eq!((&report["rows"], &report["sorts"]), (&1.into(), &0.into()));
    assert!(report["plan"][0]["detail"].as_str().is_some_and(|it| it.starts_with("SEARCH skills")), "{report}");
    let ways: Vec<_> = report["ways"].as_array().expect("ways").iter().collect();
    let counts: Vec<_> = ways.iter().map(|it| it["samples_ms"].as_array().map_or(0, Vec::len)).collect();
    assert_eq!(counts, [40, 2, 2], "{report}");
    assert_eq!(dump(&project), before);
}

#[test]
fn a_full_scan_and_a_temporary_b_tree_are_warned_of() {
    let project = with_skill("jwt", "testing", "dev");
    let ran =
        project.cfn(["bench", "sql", "SELECT name FROM skills WHERE owner = 'x' ORDER BY team", "--iterations", "1"]);
    assert!(ran.stderr.contains("every row of skills is read"), "{ran:?}");
    assert!(ran.stderr.contains("a temporary B-tree is built for ORDER BY"), "{ran:?}");
    let text = ran.ok();
    assert!(text.contains("SCAN skills") && text.contains("USE TEMP B-TREE FOR ORDER BY"), "{text}");
    let ran = project.cfn(["bench", "sql", "SELECT 1", "--iterations", "1"]);
    assert!(!ran.stderr.contains("warning"), "{ran:?}");
}

#[test]
fn whatever_does_more_than_read_is_refused_and_nothing_is_changed() {
    let project = with_skill("jwt", "testing", "dev");
    let before = dump(&project);
    let elsewhere = project.path().join("other.db").display().to_string();
    for statement in [
        "DELETE FROM skills",
        "INSERT INTO skills (name) VALUES ('x')",
        "UPDATE skills SET name = 'x' RETURNING id",
        "WITH x AS (SELECT 1) DELETE FROM skills",
        "DROP TABLE skills",
        "CREATE TEMP TABLE t (a)",
        "SELECT 1; DELETE FROM skills",
        "SELECT 1; SELECT 2",
        &format!("ATTACH '{elsewhere}' AS other"),
        &format!("VACUUM INTO '{elsewhere}'"),
        "PRAGMA user_version = 7",
        "PRAGMA journal_mode = DELETE",
        "BEGIN IMMEDIATE",
        "EXPLAIN SELECT 1",
        "SELECT load_extension('/tmp/x')",
        "SELECT CASE WHEN 0 THEN load_extension('/tmp/x') END",
        "SELECT writefile('x', 'y')",
        "SELECT * FROM skills WHERE name = ?1",
        "SELECT no_such FROM skills",
        ".shell touch x",
        "",
        "-- nothing",
    ] {
        let ran = project.cfn(["bench", "sql", "--iterations", "1", "--json", "--", statement]);
        ran.fails_as(1, "statement_refused");
    }
    assert_eq!(dump(&project), before);
    assert!(!project.path().join("other.db").exists() && !project.path().join("x").exists());
}

#[test]
fn a_run_that_does_not_end_is_interrupted() {
    let project = Project::new();
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    project.fails_as(["bench", "sql", endless, "--limit", "1"], 1, "statement_refused");
}
