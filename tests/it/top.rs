//! `cfn top`: the page as it stands on a terminal, and plain lines.

use std::num::NonZero;

use serde_json::Value;
use vt100::Parser;

use crate::harness::{Project, Ran};
use crate::redis::Server;
use crate::scene::{follower, with_skill};
use crate::terminal::on_a_terminal;

const ROWS: u16 = 24;

fn counted() -> Project {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["metrics", "--enable"]).ok();
    project
}

/// The last page before the terminal was given back, and whether it was.
fn screen(ran: &Ran, columns: u16) -> (String, bool) {
    let (page, rest) = ran.stdout.rsplit_once("\u{1b}[?25h").unwrap_or_else(|| panic!("{ran:?}"));
    let size = |it: u16| NonZero::new(it).expect("a size");
    let mut terminal = Parser::new(size(ROWS), size(columns), 0);
    terminal.process(page.replace('\n', "\r\n").as_bytes());
    let seen = terminal.screen().contents();
    terminal.process(format!("\u{1b}[?25h{rest}").as_bytes());
    (seen, !terminal.screen().alternate_screen() && !terminal.screen().hide_cursor())
}

/// The page after some seconds, in which the agents of a fleet load and log.
fn watched(project: &Project, columns: u16, more: &str) -> String {
    let work = "(sleep 1; for i in 1 2 3 4 5; do \"$CFN\" load dev; \"$CFN\" log jwt --agent-id a --agent-type dev; done; \"$CFN\" load dev --db /none) > /dev/null 2>&1 &";
    let top = "env --default-signal=INT timeout --foreground --preserve-status -s INT 5 \"$CFN\" top";
    let ran = on_a_terminal(project, columns, &format!("stty rows {ROWS}; {work} {top} {more}"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let (seen, given_back) = screen(&ran, columns);
    assert!(given_back, "{ran:?}");
    seen
}

/// The words of the line that begins like this.
#[track_caller]
fn line<'a>(seen: &'a str, name: &str) -> Vec<&'a str> {
    let line = seen.lines().find_map(|it| it.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name}: {seen}")).split_whitespace().collect()
}

#[test]
fn a_follower_says_how_far_behind_it_is() {
    let (_primary, project) = follower("jwt", "domain", "dev");
    project.sqlite3("UPDATE follow SET pulled_at = datetime('now', '-600 seconds')");
    let seen = watched(&project, 80, "");
    let words = line(&seen, "primary");
    let [pulled, age, _, ago, _, _, to_be, _, pushed] = words.as_slice() else { panic!("{words:?}: {seen}") };
    assert_eq!([*pulled, ago.trim_end_matches(','), *to_be, *pushed], ["pulled", "ago", "to", "pushed"], "{seen}");
    assert!(age.parse::<u32>().is_ok_and(|it| (600..660).contains(&it)), "{seen}");
    let json = project.cfn(["top", "--batch", "1", "--json"]).json();
    assert!(json["follows"]["seconds_behind"].as_u64().is_some_and(|it| it >= 600), "{json}");
    assert_eq!(
        with_skill("jwt", "domain", "dev").cfn(["top", "--batch", "1", "--json"]).json()["follows"],
        Value::Null
    );
}

#[test]
fn the_page_shows_what_happens_now_at_80_columns() {
    let project = counted();
    let server = Server::start();
    let seen = watched(&project, 80, &format!("--redis-url {}", server.url()));
    assert!(seen.starts_with("cfn top   20") && seen.contains(" UTC\ndatabase    "), "{seen}");
    for name in ["loads", "writes", "queries"] {
        let words = line(&seen, name);
        let [rate, p50, p95, p99] = words.as_slice() else { panic!("{words:?}: {seen}") };
        assert!(rate.parse::<f64>().is_ok_and(|it| it > 0.0), "{name}: {seen}");
        for bound in [p50, p95, p99] {
            assert!(bound.starts_with('<') && bound.ends_with("ms") || *bound == ">5s", "{name} {bound}: {seen}");
        }
    }
    assert_eq!(line(&seen, "other commands"), ["0.0", "-", "-", "-"], "{seen}");
    assert_eq!(line(&seen, "cache"), ["no", "requests"], "{seen}");
    assert!(seen.contains("reviews     0 pending") && seen.contains("outbox      0 queued"), "{seen}");
    assert!(seen.contains("failed      ") && seen.contains("lock waits  "), "{seen}");
    assert!(seen.contains("Ctrl-C ends"), "{seen}");
}

#[test]
fn a_narrow_terminal_has_what_there_is_room_for() {
    let seen = watched(&counted(), 40, "");
    assert!(seen.lines().all(|it| it.chars().count() <= 40) && seen.lines().count() <= 14, "{seen}");
    assert!(line(&seen, "loads").len() > 1, "{seen}");
}

#[test]
fn without_counting_the_rest_is_shown_and_how_to_count() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("UPDATE skills SET approval_level = 'human'; DELETE FROM approval_history");
    let seen = watched(&project, 80, "");
    assert!(seen.contains("'cfn metrics --enable'") && seen.contains("reviews     1 pending"), "{seen}");
}

#[test]
fn plain_lines_and_json_are_for_programs() {
    let project = counted();
    let lines = project.cfn(["top", "--batch", "2"]).ok();
    assert!(lines.starts_with("TIME     LOADS/S WRITES/S") && lines.lines().count() == 3, "{lines}");
    assert!(lines.lines().all(|it| it.chars().count() == 80), "{lines}");
    let ran = with_skill("sql", "domain", "dev").cfn(["top", "--batch", "1"]);
    assert!(ran.code == Some(0) && ran.stderr.contains("'cfn metrics --enable'"), "{ran:?}");
    let json = project.cfn(["top", "--batch", "1", "--json"]).json();
    assert_eq!(
        (&json["commands"]["loads"]["per_s"], &json["pending"], &json["queued"]),
        (&0.0.into(), &0.into(), &0.into())
    );
}

#[test]
fn agents_are_shown_where_some_ran() {
    let project = with_skill("jwt", "domain", "dev");
    let seen = || project.cfn(["top", "--batch", "1", "--json"]).json()["agents"].clone();
    assert!(seen().is_null());
    let agent = project.cfn(["agent", "spawn", "dev", "--detach", "--", "sleep", "60"]).ok();
    let agents = seen();
    assert!(agents["running"] == 1 && agents["memory_bytes"].as_u64() > Some(0), "{agents}");
    project.cfn(["agent", "stop", agent.trim()]).ok();
    assert_eq!(seen()["running"], 0);
}

#[test]
fn a_page_needs_a_terminal_and_a_database() {
    with_skill("jwt", "domain", "dev").fails_as(["top"], 1, "invalid_input");
    Project::empty().fails_as(["top", "--batch", "1"], 3, "database_missing");
}
