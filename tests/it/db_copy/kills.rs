//! A copy that ends anywhere leaves nothing, and the next one works. `CFN_COPY_KILLS=200` is the full size.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{copied, lived_in, other, own, ran, rows};
use crate::harness::Project;
use crate::patience::eventually;
use crate::postgres_server::{Database, Way};

fn kills() -> u64 {
    std::env::var("CFN_COPY_KILLS").map_or(6, |it| it.parse().expect("a number"))
}

fn command(project: &Project, from: &str, to: &str, more: &[&str]) -> Command {
    let mut command = project.command(["db", "copy", "--from", from, "--to", to]);
    command.args(more).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// How long an undisturbed copy takes.
fn duration(copy: impl FnOnce()) -> Duration {
    let since = Instant::now();
    copy();
    since.elapsed()
}

/// Starts a copy, and kills it after a part of its time.
fn kill_at(command: &mut Command, whole: Duration, step: u64, steps: u64) {
    let mut child = command.spawn().expect("cfn starts");
    thread::sleep(whole * u32::try_from(step).expect("few") / u32::try_from(steps).expect("few"));
    child.kill().expect("killed");
    child.wait().expect("it ended");
}

fn schemas(server: &Database) -> String {
    server.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'cfn'")
}

#[test]
fn a_copy_to_a_server_that_is_killed_leaves_nothing() {
    let (project, first) = (lived_in(), Database::empty());
    let whole = duration(|| drop(copied(&project, &own(&project), &first.url(Way::Direct))));
    let server = Database::empty();
    for step in 0..kills() {
        kill_at(&mut command(&project, &own(&project), &server.url(Way::Direct), &[]), whole, step, kills());
        eventually("the server undid it", || {
            server.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") == "1"
        });
        if schemas(&server) != "0" {
            server.sql("DROP SCHEMA cfn CASCADE"); // it was faster than the first, and complete
        }
    }
    copied(&project, &own(&project), &server.url(Way::Direct));
}

#[test]
fn a_copy_that_replaces_a_schema_and_is_killed_leaves_it_as_it_was() {
    let (project, other_one, server) = (lived_in(), Project::new(), Database::empty());
    let url = server.url(Way::Direct);
    copied(&other_one, &own(&other_one), &url);
    let before = copied(&other_one, &url, &other(&other_one, "before.db"));
    let replace = ["--replace", "--yes"];
    let spare = Database::new();
    let whole = duration(|| drop(ran(&project, &own(&project), &spare.url(Way::Direct), &replace).json()));
    for step in 0..kills() {
        kill_at(&mut command(&project, &own(&project), &url, &replace), whole, step, kills());
        let to = other(&other_one, &format!("after-{step}.db"));
        let after = copied(&other_one, &url, &to);
        if after["rows"] == before["rows"] {
            assert_eq!(after["sha256"], before["sha256"]);
        } else {
            ran(&other_one, &own(&other_one), &url, &replace).json(); // it was faster than the first, and complete
        }
    }
    let sequences = "SELECT last_value > 0 FROM cfn.skills_id_seq";
    assert_eq!(server.sql(sequences), "t");
    ran(&project, &own(&project), &url, &replace).json();
}

#[test]
fn a_copy_to_a_file_that_is_killed_leaves_nothing() {
    let (project, server) = (lived_in(), Database::empty());
    let url = server.url(Way::Direct);
    copied(&project, &own(&project), &url);
    let (folder, first) = (Project::empty(), Project::empty());
    let whole = duration(|| drop(copied(&first, &url, &own(&first))));
    for step in 0..kills() {
        kill_at(&mut command(&folder, &url, &own(&folder), &[]), whole, step, kills());
        if folder.database().exists() {
            assert_eq!(rows(&own(&folder)), rows(&own(&project)), "it was complete");
            std::fs::remove_file(folder.database()).expect("removed");
        }
    }
    copied(&folder, &url, &own(&folder));
    assert_eq!(folder.leftovers(), [""; 0]);
    assert_eq!(rows(&own(&folder)), rows(&own(&project)));
}

#[test]
fn a_connection_that_is_cut_anywhere_leaves_nothing() {
    let (project, server) = (lived_in(), Database::empty());
    let proxy = server.proxy(0);
    let through = server.url_through(&proxy);
    copied(&project, &own(&project), &through);
    let sent = proxy.sent();
    server.sql("DROP SCHEMA cfn CASCADE");
    for step in 0..kills() {
        // The last one is within the COMMIT.
        let at = if step + 1 == kills() { sent - 8 } else { sent * step / kills() };
        proxy.cut_after(at);
        let said = ran(&project, &own(&project), &through, &[]);
        let kind = said.kind();
        assert!(
            matches!(kind.as_deref(), Some("database_unreachable" | "outcome_unknown")),
            "{at} of {sent}: {said:?}"
        );
        eventually("the server undid it", || schemas(&server) == "0");
    }
    proxy.cut_after(u64::MAX);
    copied(&project, &own(&project), &through);
}

#[test]
fn a_lost_answer_to_the_commit_is_said_so_and_the_next_run_shows_that_it_is_there() {
    let (project, server) = (lived_in(), Database::empty());
    let proxy = server.proxy(1);
    ran(&project, &own(&project), &server.url_through(&proxy), &[]).fails_as(3, "outcome_unknown");
    eventually("it was committed", || schemas(&server) == "1");
    ran(&project, &own(&project), &server.url(Way::Direct), &[]).fails_as(7, "database_occupied");
}
