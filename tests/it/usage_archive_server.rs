//! Months of the usage log on another server: reports do not change, every row comes back, and nothing is lost at any cut.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value as Json;

use crate::harness::{Project, Ran};
use crate::postgres_server::{Database, Way};

/// Rows of three months and of today, and one whose time is not readable.
const ROWS: &str = "INSERT INTO skill_usage_log (id, agent_id, agent_type, skill_id, task_id, loaded_at, execution_time_ms,
      confidence_before, confidence_after, approval_level, tokens_avoided, cost_avoided_usd, exit_code, notes)
    VALUES (1, 'a', 'tester', 1, 't', '2025-09-30 23:59:59', 7, 0.53, 0.30000000000000004, 'auto', 3, 1e300, 0, 'tab\tquote\"'),
      (2, 'b', 'coder', 1, NULL, '2025-10-01T00:30:00Z', NULL, 1, NULL, 'human', NULL, 0.25, 1, NULL),
      (3, 'c', 'tester', 1, 't', '2025-10-31', 12, 0.5, 0.75, NULL, 10, NULL, NULL, '\u{fc}'),
      (4, 'a', 'tester', 1, 't', 'soon', 9, 0.5, 0.75, NULL, 10, NULL, NULL, NULL),
      (5, 'c', 'tester', 1, NULL, '2025-11-17 00:00:00', 4, 0.25, 0.75, 'auto', 1, 2.5, 0, NULL),
      (6, 'c', 'tester', 1, NULL, '2026-02-01 00:00:00', 4, 0.25, 0.75, 'auto', 1, 2.5, 0, NULL)";

const LEFT: &str = "SELECT id FROM skill_usage_log ORDER BY id";

/// A project with these rows, in a file or on a server, and where its months go.
struct Scene {
    project: Project,
    database: Option<Database>,
    elsewhere: Database,
}

impl Scene {
    fn new(on_a_server: bool) -> Self {
        let (project, elsewhere) = (Project::new(), Database::empty());
        let database = on_a_server.then(Database::new);
        let scene = Self { project, database, elsewhere };
        scene.project.skill("jwt", "Read the token.");
        scene.cfn("deploy 1 jwt .claude/skills/jwt/SKILL.md testing tester").ok();
        match &scene.database {
            Some(database) => database.other_program().run(ROWS),
            None => drop(scene.project.sqlite3(ROWS)),
        }
        scene
    }

    fn cfn(&self, command: &str) -> Ran {
        let mut words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        if let Some(database) = &self.database {
            words.extend(["--db".to_owned(), database.url(Way::Direct)]);
        }
        self.run(&self.project, &words.join(" "))
    }

    fn run(&self, project: &Project, command: &str) -> Ran {
        // Of the other server, only the URL is kept; its password is in a file.
        let mut command = project.command(command.split(' '));
        let passwords = self.project.file("pgpass", "127.0.0.1:*:*:*:open sesame\n");
        fs::set_permissions(&passwords, Permissions::from_mode(0o600)).expect("its rights");
        command.env("PGPASSFILE", passwords);
        command.output().expect("cfn runs").into()
    }

    fn left(&self) -> String {
        let rows = match &self.database {
            Some(database) => database.sql(&LEFT.replace("skill_usage_log", "cfn.skill_usage_log")),
            None => self.project.sqlite3(LEFT),
        };
        rows.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Every figure of the reports.
    fn figures(&self) -> Vec<Json> {
        self.cfn("analytics check").ok();
        let reports = ["overview", "usage", "effectiveness", "cost", "usage --since 2025-09-01", "by-approval"];
        reports.map(|it| self.cfn(&format!("analytics {it} --json")).json()).to_vec()
    }

    fn url(&self) -> String {
        without_password(&self.elsewhere.url(Way::Direct))
    }

    fn archive(&self) -> Vec<(String, i64, i64)> {
        let report = self.cfn(&format!("db archive --before 2025-12 --to {} --json", self.url())).json();
        let months = report["months"].as_array().expect("months").iter();
        let number = |it: &Json| it.as_i64().expect("a number");
        let month =
            |it: &Json| (it["month"].as_str().expect("a month").to_owned(), number(&it["moved"]), number(&it["kept"]));
        months.map(month).collect()
    }

    fn unarchive(&self, month: &str) -> Ran {
        self.cfn(&format!("db unarchive {} --month {month} --json", self.url()))
    }

    /// The sets on the other server, and their rows.
    fn there(&self) -> String {
        let sql = "SELECT before || ' ' || (SELECT count(*) FROM cfn_archive.usage_rows r WHERE r.set_id = s.id)
             FROM cfn_archive.usage_sets s ORDER BY 1";
        self.elsewhere.sql(sql).lines().collect::<Vec<_>>().join(", ")
    }
}

fn without_password(url: &str) -> String {
    url.replace(":open%20sesame@", "@")
}

fn months_move_there_and_back(on_a_server: bool) {
    let scene = Scene::new(on_a_server);
    let before = scene.figures();
    let moved = |month: &str, rows| (month.to_owned(), rows, 0);
    assert_eq!(scene.archive(), [moved("2025-09", 1), moved("2025-10", 2), moved("2025-11", 1)]);
    assert_eq!((scene.left().as_str(), scene.there().as_str()), ("4 6", "2025-10-01 1, 2025-11-01 2, 2025-12-01 1"));
    assert_eq!(scene.figures(), before);
    scene.cfn("db check").ok();
    let status = scene.cfn("db status --json").json();
    let archives = status["archives"].as_array().expect("archives");
    assert!(archives.iter().all(|it| it["place"] == scene.url().as_str()), "{status}");
    assert_eq!(archives.iter().filter_map(|it| it["rows"].as_i64()).collect::<Vec<_>>(), [1, 2, 1]);

    // A late row of a month that is there stays here, and counts once.
    let late = "INSERT INTO skill_usage_log (id, agent_id, agent_type, skill_id, loaded_at) VALUES (9, 'l', 'tester', 1, '2025-10-02')";
    match &scene.database {
        Some(database) => database.other_program().run(late),
        None => drop(scene.project.sqlite3(late)),
    }
    let with_it = scene.figures();
    assert_ne!(with_it, before);
    assert_eq!(scene.archive(), []);
    scene.cfn("analytics rebuild").ok();
    assert_eq!((scene.left().as_str(), scene.figures()), ("4 6 9", with_it.clone()));

    for (month, left, there) in [
        ("2025-10", "2 3 4 6 9", "2025-10-01 1, 2025-12-01 1"),
        ("2025-09", "1 2 3 4 6 9", "2025-12-01 1"),
        ("2025-11", "1 2 3 4 5 6 9", ""),
    ] {
        scene.unarchive(month).ok();
        assert_eq!((scene.left().as_str(), scene.there().as_str()), (left, there));
        assert_eq!(scene.figures(), with_it);
    }
    assert_eq!(scene.cfn("db status --json").json()["archives"], Json::Array(vec![]));
    scene.unarchive("2025-10").fails_as(2, "archive_refused");
}

#[test]
fn months_of_a_file_move_there_and_back() {
    months_move_there_and_back(false);
}

#[test]
fn months_of_a_server_move_there_and_back() {
    months_move_there_and_back(true);
}

/// The connection to the other server is cut after so many bytes, until it is not any more: no row is lost or counted twice,
/// and the same command finishes it.
fn at_every_cut(on_a_server: bool) {
    let (mut cuts, mut bytes) = (0, 200);
    loop {
        let scene = Scene::new(on_a_server);
        let before = scene.figures();
        let proxy = scene.elsewhere.proxy(0);
        proxy.cut_after(bytes);
        let command = format!(
            "db archive --before 2025-12 --to {} --json",
            without_password(&scene.elsewhere.url_through(&proxy))
        );
        let cut = scene.cfn(&command);
        assert!(matches!(cut.code, Some(0 | 3 | 9)), "after {bytes} bytes: {cut:?}");
        assert_eq!(scene.figures(), before, "after {bytes} bytes");
        if cut.code == Some(0) {
            break;
        }
        proxy.cut_after(u64::MAX);
        scene.cfn(&command).ok();
        assert_eq!((scene.left().as_str(), scene.figures()), ("4 6", before), "after {bytes} bytes");
        assert_eq!(scene.there(), "2025-10-01 1, 2025-11-01 2, 2025-12-01 1");
        (cuts, bytes) = (cuts + 1, bytes + 700);
    }
    assert!(cuts > 5, "{cuts} cuts");
}

#[test]
fn a_cut_connection_loses_no_row_of_a_file() {
    at_every_cut(false);
}

#[test]
fn a_cut_connection_loses_no_row_of_a_server() {
    at_every_cut(true);
}

#[test]
fn a_server_that_is_away_stops_only_what_needs_its_rows() {
    let scene = Scene::new(false);
    let before = scene.figures();
    let proxy = scene.elsewhere.proxy(0);
    let away = without_password(&scene.elsewhere.url_through(&proxy));
    scene.cfn(&format!("db archive --before 2025-12 --to {away}")).ok();
    proxy.cut_after(0);
    assert_eq!(scene.figures(), before);
    scene.cfn("db status").ok();
    scene.cfn("log jwt --agent-id a --agent-type tester --exit-code 0").ok();
    let ran = scene.cfn("db check");
    assert_eq!(ran.code, Some(9), "{ran:?}");
    assert!(ran.stderr.contains(away.split_once('@').expect("a host").1), "it names the server: {ran:?}");
    let ran = scene.cfn(&format!("db unarchive {away} --month 2025-10 --json"));
    ran.fails_as(9, "archive_unreachable");
    assert_eq!(scene.left(), "4 6 7");
}

#[test]
fn what_was_changed_there_is_refused_and_stays_out() {
    let scene = Scene::new(false);
    scene.archive();
    let before = scene.figures();
    scene.elsewhere.sql("UPDATE cfn_archive.usage_rows SET line = replace(line, '\"coder\"', '\"other\"')");
    assert_eq!(scene.cfn("db check").code, Some(2));
    scene.unarchive("2025-10").fails_as(2, "archive_refused");
    assert_eq!((scene.left().as_str(), scene.figures()), ("4 6", before));
    scene.unarchive("2025-09").ok();
}

#[test]
fn another_database_does_not_get_these_rows_and_a_day_is_no_month() {
    let scene = Scene::new(false);
    scene.archive();
    let other = Project::new();
    let url = scene.url();
    let unarchive = format!("db unarchive {url} --month 2025-10");
    scene.run(&other, &unarchive).fails(2);
    scene.run(&other, &unarchive.replace('@', ":sesame@")).fails(1);
    for args in [
        ["db", "archive", "--before", "2025-12-02", "--to", &url],
        ["db", "unarchive", &url, "--month", "10", "--json"],
    ] {
        other.cfn(args).fails(1);
    }
    other.cfn(["db", "unarchive", &url]).fails(1);
}
