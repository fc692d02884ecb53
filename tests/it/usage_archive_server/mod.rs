//! Months of the usage log on another server: reports do not change, every row comes back, and nothing is lost at any cut.

mod clusters;
mod kills;
mod reading;
mod scene;

use serde_json::Value as Json;

use self::scene::{Scene, without_password};
use crate::harness::Project;

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
    let before = scene.reports();
    scene.elsewhere.sql("UPDATE cfn_archive.usage_rows SET line = replace(line, '\"coder\"', '\"other\"')");
    assert_eq!(scene.cfn("db check").code, Some(2));
    scene.unarchive("2025-10").fails_as(2, "archive_refused");
    for command in ["analytics check", "analytics rebuild"] {
        let ran = scene.cfn(&format!("{command} --json"));
        assert!(ran.code == Some(2) && ran.stderr.contains("archive_refused"), "{ran:?}");
    }
    assert_eq!((scene.left().as_str(), scene.reports()), ("4 6", before));
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
