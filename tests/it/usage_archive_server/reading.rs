//! Uses in months on another server: shown as if they were in the log, and added up again.

use serde_json::Value as Json;

use super::scene::{Scene, without_password};

/// What is shown of the log: by task and by skill, with every limit.
fn shown(scene: &Scene) -> Vec<Json> {
    let limits = 0..8;
    let commands = limits.flat_map(|limit| {
        ["log show --task t", "log show --task none", "skill history jwt --usage"]
            .map(|command| format!("{command} --limit {limit} --json"))
    });
    commands.map(|it| scene.cfn(&it).json()).collect()
}

fn rows_of_months_elsewhere_are_shown_among_those_of_the_log(on_a_server: bool) {
    let scene = Scene::new(on_a_server);
    // Recorded late: the order is that of recording.
    scene.sql(
        "INSERT INTO T.skill_usage_log (id, agent_id, agent_type, skill_id, task_id, loaded_at, version, content_hash, phase)
         VALUES (8, 'a', 'tester', 1, 't', '2025-10-03 01:02:03', '1.0.0', 'abc', 'build'),
           (9, 'a', 'tester', 1, 'other', '2025-10-03 01:02:03', NULL, NULL, NULL)",
    );
    let before = shown(&scene);
    scene.archive();
    assert_eq!(shown(&scene), before);
    // A part of which nothing is known here is asked for.
    scene.sql("DELETE FROM T.cfn_metadata WHERE name LIKE 'archive %'");
    assert_eq!(shown(&scene), before);
    for month in ["2025-10", "2025-09", "2025-11"] {
        scene.unarchive(month).ok();
        assert_eq!(shown(&scene), before);
    }
    assert_eq!(scene.sql("SELECT count(*) FROM T.cfn_metadata WHERE name LIKE 'archive %'").trim(), "0");
}

#[test]
fn rows_of_months_elsewhere_are_shown_among_those_of_a_file() {
    rows_of_months_elsewhere_are_shown_among_those_of_the_log(false);
}

#[test]
fn rows_of_months_elsewhere_are_shown_among_those_of_a_server() {
    rows_of_months_elsewhere_are_shown_among_those_of_the_log(true);
}

fn a_server_is_asked_only_for_what_it_has(on_a_server: bool) {
    let scene = Scene::new(on_a_server);
    let proxy = scene.elsewhere.proxy(0);
    let away = without_password(&scene.elsewhere.url_through(&proxy));
    scene.cfn("log jwt --agent-id a --agent-type tester --task-id now --exit-code 0").ok();
    let newest = scene.cfn("skill history jwt --usage --limit 2 --json").json();
    scene.cfn(&format!("db archive --before 2025-12 --to {away}")).ok();
    // Whoever asks fails from here on.
    proxy.cut_after(0);
    assert_eq!(scene.cfn("log show --task now --json").json()["usage"].as_array().map(Vec::len), Some(1));
    assert_eq!(scene.cfn("log show --task t --limit 1 --json").json()["usage"][0]["id"], 4);
    assert_eq!(scene.cfn("skill history jwt --usage --limit 2 --json").json(), newest);
    scene.cfn("skill history jwt").ok();
    for command in ["log show --task t --json", "skill history jwt --usage --json"] {
        let ran = scene.cfn(command);
        ran.clone().fails_as(9, "archive_unreachable");
        assert!(ran.stderr.contains(away.split_once('@').expect("a host").1), "it names the server: {ran:?}");
    }
    proxy.cut_after(u64::MAX);
    assert_eq!(scene.cfn("log show --task t --json").json()["usage"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_server_is_asked_only_for_what_a_file_lacks() {
    a_server_is_asked_only_for_what_it_has(false);
}

#[test]
fn a_server_is_asked_only_for_what_another_lacks() {
    a_server_is_asked_only_for_what_it_has(true);
}

fn sums_of_months_elsewhere_are_made_again(on_a_server: bool) {
    let scene = Scene::new(on_a_server);
    let before = scene.figures();
    let proxy = scene.elsewhere.proxy(0);
    let url = without_password(&scene.elsewhere.url_through(&proxy));
    scene.cfn(&format!("db archive --before 2025-12 --to {url}")).ok();
    scene.cfn("analytics rebuild").ok();
    assert_eq!(scene.figures(), before);
    let proof = scene.cfn("analytics check --json").json();
    assert_eq!((&proof["rows"], &proof["differences"]), (&6.into(), &0.into()), "those here, and those there");

    scene.sql("UPDATE T.usage_daily SET uses = uses + 1 WHERE archive_id > 0 AND day < '2025-11'");
    assert_eq!(scene.cfn("analytics check").code, Some(3));
    scene.sql("DELETE FROM T.usage_daily WHERE archive_id > 0 AND day > '2025-11'");
    proxy.cut_after(0);
    scene.sql("UPDATE T.usage_daily SET uses = uses + 1 WHERE archive_id = 0");
    assert_eq!(scene.cfn("analytics rebuild").code, Some(3), "sums of months still differ from their days");
    proxy.cut_after(u64::MAX);
    scene.cfn("analytics rebuild").ok();
    scene.cfn("analytics check").ok();
    assert_eq!(scene.figures(), before);

    proxy.cut_after(0);
    for command in ["analytics check", "analytics rebuild"] {
        let ran = scene.cfn(command);
        assert_eq!(ran.code, Some(9), "{ran:?}");
        assert!(ran.stdout.contains("equal"), "what is here was compared: {ran:?}");
    }
    assert_eq!(scene.reports(), before);
}

#[test]
fn sums_of_months_elsewhere_are_made_again_in_a_file() {
    sums_of_months_elsewhere_are_made_again(false);
}

#[test]
fn sums_of_months_elsewhere_are_made_again_on_a_server() {
    sums_of_months_elsewhere_are_made_again(true);
}

#[test]
fn a_month_of_several_parts_is_read_page_by_page_and_only_where_the_rows_are() {
    let scene = Scene::new(false);
    scene.project.sqlite3(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 21000)
         INSERT INTO skill_usage_log (id, agent_id, agent_type, skill_id, task_id, loaded_at)
         SELECT 100 + i, 'a', 'tester', 1, CASE WHEN i BETWEEN 8000 AND 12000 THEN 'long' ELSE 'task-' || i END,
           '2025-10-02 00:00:00' FROM n",
    );
    let commands =
        ["log show --task long --limit 9999", "log show --task long --limit 1500", "log show --task task-20000"];
    let shown = || commands.map(|it| scene.cfn(&format!("{it} --json")).json());
    let before = shown();
    assert_eq!(before.each_ref().map(|it| it["usage"].as_array().map(Vec::len)), [Some(4001), Some(1500), Some(1)]);
    scene.archive();
    assert_eq!(shown(), before);
    assert_eq!(scene.project.sqlite3("SELECT count(*) FROM cfn_metadata WHERE name LIKE 'archive %'"), "5");
}
