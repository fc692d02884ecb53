//! Months on two servers, of which one is down: it stops only what needs its rows.

use serde_json::Value as Json;

use super::scene::Scene;
use crate::postgres_server::Server;

fn ids(shown: &Json) -> Vec<i64> {
    let rows = shown["usage"].as_array().expect("rows").iter();
    rows.map(|it| it["id"].as_i64().expect("an id")).collect()
}

fn a_server_that_is_down_stops_only_its_months(on_a_server: bool) {
    let scene = Scene::new(on_a_server);
    let (old, mut new) = (Server::start(), Server::start());
    let (to_old, to_new) = (old.url("postgres"), new.url("postgres"));
    scene.sql("UPDATE T.skill_usage_log SET task_id = 'old' WHERE id IN (1, 2, 3)");
    scene.sql("UPDATE T.skill_usage_log SET task_id = 'new' WHERE id = 5");
    let before = scene.figures();
    scene.cfn(&format!("db archive --before 2025-11 --to {to_old}")).ok();
    scene.cfn(&format!("db archive --before 2025-12 --to {to_new}")).ok();
    assert_eq!((scene.left().as_str(), scene.figures()), ("4 6", before.clone()));
    scene.cfn("analytics check").ok();
    assert_eq!(ids(&scene.cfn("skill history jwt --usage --json").json()), [6, 5, 4, 3, 2, 1]);

    new.stop();
    assert_eq!(ids(&scene.cfn("log show --task old --json").json()), [3, 2, 1]);
    assert_eq!(ids(&scene.cfn("log show --task t --json").json()), [4]);
    assert_eq!(scene.figures(), before);
    let places = scene.cfn("db status --json").json();
    assert_eq!(places["archives"].as_array().map(Vec::len), Some(3), "{places}");
    let port = format!(":{}/", new.port);
    for command in [
        "log show --task new --json",
        "skill history jwt --usage --json",
        "analytics rebuild --json",
        "db check --json",
        &format!("db archive --before 2026-03 --to {to_new} --json"),
        &format!("db unarchive {to_new} --month 2025-11 --json"),
    ] {
        let ran = scene.cfn(command);
        assert_eq!(ran.code, Some(9), "{command}: {ran:?}");
        assert!(ran.stderr.contains("archive_unreachable") && ran.stderr.contains(&port), "{command}: {ran:?}");
    }
    assert_eq!((scene.left().as_str(), scene.figures()), ("4 6", before.clone()));
    scene.cfn(&format!("db unarchive {to_old} --month 2025-10")).ok();
    assert_eq!((scene.left().as_str(), scene.figures()), ("2 3 4 6", before.clone()));

    new.launch();
    assert_eq!(ids(&scene.cfn("log show --task new --json").json()), [5]);
    scene.cfn("analytics check").ok();
    for (url, month) in [(&to_new, "2025-11"), (&to_old, "2025-09")] {
        scene.cfn(&format!("db unarchive {url} --month {month}")).ok();
    }
    assert_eq!((scene.left().as_str(), scene.figures()), ("1 2 3 4 5 6", before));
}

#[test]
fn a_server_that_is_down_stops_only_its_months_of_a_file() {
    a_server_that_is_down_stops_only_its_months(false);
}

#[test]
fn a_server_that_is_down_stops_only_its_months_of_a_server() {
    a_server_that_is_down_stops_only_its_months(true);
}
