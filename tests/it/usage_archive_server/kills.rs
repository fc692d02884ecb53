//! A process that is killed while it moves months: each row is here or there, and counted once; the same command finishes it.
//! `CFN_MONTH_KILLS=60` is the full size.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::scene::Scene;

fn kills() -> u32 {
    std::env::var("CFN_MONTH_KILLS").map_or(7, |it| it.parse().expect("a number"))
}

/// Starts a command, and kills it after a part of the time; returns whether it was still at work.
fn kill_at(scene: &Scene, command: &str, whole: Duration, step: u32) -> bool {
    let mut command = scene.command(&scene.project, &scene.of_this(command));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("cfn starts");
    thread::sleep(whole * step / kills());
    let was_at_work = child.try_wait().expect("its state").is_none();
    child.kill().expect("killed");
    child.wait().expect("it ended");
    was_at_work
}

/// The ids of the rows here, and of those there whose part is out of the log.
fn here_and_there(scene: &Scene) -> Vec<i64> {
    let numbers = |text: &str| text.split_whitespace().map(|it| it.parse().expect("an id")).collect::<Vec<i64>>();
    let mut ids = numbers(&scene.left());
    let out = "SELECT DISTINCT a.before FROM T.usage_archives a JOIN T.usage_archive_parts p ON p.archive_id = a.id";
    for before in scene.sql(out).split_whitespace() {
        let sql = "SELECT (r.line::json ->> 0)::bigint FROM cfn_archive.usage_rows r
             JOIN cfn_archive.usage_sets s ON s.id = r.set_id WHERE s.before";
        ids.extend(numbers(&scene.elsewhere.sql(&format!("{sql} = '{before}'"))));
    }
    ids.sort_unstable();
    ids
}

/// What is shown of the log.
fn shown(scene: &Scene) -> Json {
    scene.cfn("skill history jwt --usage --json").json()
}

fn every_row_is_here_or_there_after_a_kill(on_a_server: bool) {
    let scene = Scene::new(on_a_server);
    let (before, rows, all) = (scene.figures(), shown(&scene), here_and_there(&scene));
    let is_whole = |step: u32, what: &str| {
        assert_eq!(here_and_there(&scene), all, "{what}, step {step}");
        assert_eq!(scene.figures(), before, "{what}, step {step}");
        assert_eq!(shown(&scene), rows, "{what}, step {step}");
    };
    let archive = format!("db archive --before 2025-12 --to {}", scene.url());
    let months = ["2025-10", "2025-09", "2025-11"];
    let since = Instant::now();
    scene.cfn(&archive).ok();
    let moving = since.elapsed();
    let since = Instant::now();
    for month in months {
        scene.unarchive(month).ok();
    }
    let returning = since.elapsed() / 3;

    let mut cut = (0, 0);
    for step in 0..kills() {
        cut.0 += u32::from(kill_at(&scene, &archive, moving, step));
        is_whole(step, "archive");
        scene.cfn(&archive).ok();
        assert_eq!(scene.left(), "4 6", "step {step}");
        is_whole(step, "archive again");
        for month in months {
            let unarchive = format!("db unarchive {} --month {month}", scene.url());
            cut.1 += u32::from(kill_at(&scene, &unarchive, returning, step));
            is_whole(step, "unarchive");
            let again = scene.cfn(&unarchive);
            // Refused if it was faster than the kill: the month is not there any more.
            assert!(matches!(again.code, Some(0 | 2)), "{again:?}");
            is_whole(step, "unarchive again");
        }
        assert_eq!(scene.left(), "1 2 3 4 5 6", "step {step}");
        assert_eq!(scene.there(), "", "step {step}");
    }
    assert!(cut.0 > 1 && cut.1 > 1, "{cut:?} of them were at work");
}

#[test]
fn every_row_of_a_file_is_here_or_there_after_a_kill() {
    every_row_is_here_or_there_after_a_kill(false);
}

#[test]
fn every_row_of_a_server_is_here_or_there_after_a_kill() {
    every_row_is_here_or_there_after_a_kill(true);
}
