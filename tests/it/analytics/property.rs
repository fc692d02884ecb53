//! Whoever writes the log, in whatever order: the rollups are the full scan. `CFN_STEPS=10000` is the full size.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::project;
use crate::harness::Project;

/// A generator of its own: the same seed is the same run on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11).cast_signed() % sides
    }

    fn of<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.roll(i64::try_from(from.len()).expect("small"))).expect("not negative");
        from[index]
    }
}

const DAYS: &[&str] = &[
    "'2025-11-14 23:59:59'",
    "'2025-11-15 00:00:00'",
    "'2025-11-15 12:00:00'",
    "'2025-11-16'",
    "'soon'",
    "x'323032352d31312d3135'",
    "20251115",
    "'2025-11-16T00:30:00+09:00'",
    "'2025-11-14 22:00:00-05:00'",
    "'2025-11-15T23:59:59.5Z'",
    "'2025-11-15T09:00:00 -1200'",
    "'2025-11-31 00:00:00'",
    "'2025-11-15 25:00:00'",
    "'2025-11-15 and so on'",
];
const NUMBERS: &[&str] = &["NULL", "0.53", "0.58", "0.581", "1", "'abc'", "9e999", "-3", "4e-7"];

fn values(dice: &mut Dice, id: &str) -> String {
    let (skill, agent) = (1 + dice.roll(4), dice.of(&["'tester'", "'coder'", "x'ff'"]));
    let (time, day, level) = (dice.of(NUMBERS), dice.of(DAYS), dice.of(&["NULL", "'auto'", "'human'"]));
    let skill = if dice.roll(9) == 0 { "'none'".to_owned() } else { skill.to_string() };
    let (before, after, cost, tokens) = (dice.of(NUMBERS), dice.of(NUMBERS), dice.of(NUMBERS), dice.of(NUMBERS));
    let code = dice.of(&["NULL", "0", "1", "'0'", "'killed'", "-9"]);
    format!("({id}, 'a', {agent}, {skill}, {day}, {time}, {before}, {after}, {level}, {tokens}, {cost}, {code})")
}

/// One random write by plain SQL, as another program may do it.
fn write(dice: &mut Dice) -> String {
    let columns =
        "(id, agent_id, agent_type, skill_id, loaded_at, execution_time_ms, confidence_before, confidence_after,
        approval_level, tokens_avoided, cost_avoided_usd, exit_code)";
    let (one, other) = (dice.roll(60) - 3, dice.roll(60) - 3);
    match dice.roll(13) {
        0..=3 => format!("INSERT INTO skill_usage_log {columns} VALUES {}, {}", values(dice, "NULL"), values(dice, "NULL")),
        4 => format!("INSERT OR REPLACE INTO skill_usage_log {columns} VALUES {}", values(dice, &one.to_string())),
        5 => format!("REPLACE INTO skill_usage_log {columns} SELECT * FROM (VALUES {}, {})", values(dice, "'7'"), values(dice, &one.to_string())),
        6 => format!("INSERT INTO skill_usage_log {columns} VALUES {} ON CONFLICT (id) DO UPDATE SET skill_id = 1 + skill_id % 3, loaded_at = excluded.loaded_at", values(dice, &one.to_string())),
        7 => format!("UPDATE OR REPLACE skill_usage_log SET id = {other} WHERE id = {one}"),
        8 => format!("UPDATE OR REPLACE skill_usage_log SET id = id + {}, skill_id = 2 WHERE id % 5 = {}", dice.roll(3), dice.roll(5)),
        9 => format!("UPDATE skill_usage_log SET loaded_at = {}, confidence_after = {} WHERE id % 7 = {}", dice.of(DAYS), dice.of(NUMBERS), dice.roll(7)),
        10 => format!("DELETE FROM skill_usage_log WHERE id % 9 = {}", dice.roll(9)),
        11 => "DELETE FROM skill_usage_log WHERE id = (SELECT max(id) FROM skill_usage_log); UPDATE sqlite_sequence SET seq = 0 WHERE name = 'skill_usage_log'".to_owned(),
        _ => format!("DELETE FROM skills WHERE id = {}; INSERT OR IGNORE INTO skills (id, name, category, content_path, content_hash, version) VALUES ({}, 'again', 'domain', 'x', 'y', '1.0.0')", 3 + dice.roll(2), 3 + dice.roll(2)),
    }
}

/// Another program's connection.
fn other_program(database: &Path, foreign_keys: bool) -> Connection {
    let connection = Connection::open(database).expect("opens");
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, foreign_keys).expect("set");
    connection.busy_timeout(std::time::Duration::from_secs(5)).expect("set");
    connection
}

fn steps(default: i64) -> i64 {
    std::env::var("CFN_STEPS").ok().and_then(|it| it.parse().ok()).unwrap_or(default)
}

/// `check` reads the rollups as they are, brought up to date; whether it found them equal.
fn equal(project: &Project) -> bool {
    let ran = project.cfn(["analytics", "check"]);
    assert!(matches!(ran.code, Some(0 | 3)) && ran.stderr.is_empty(), "{ran:?}");
    ran.code == Some(0)
}

/// The whole story; the step at which the rollups were wrong, if there was one.
fn run(project: &Project, seed: u64, steps: i64, program_of_its_own: bool) -> Option<String> {
    let mut dice = Dice(seed);
    let mut archives = Vec::new();
    for step in 0..steps {
        let other = other_program(&project.database(), dice.roll(2) == 0);
        let done = match dice.roll(if program_of_its_own { 16 } else { 12 }) {
            12 => {
                project.cfn(["log", "alpha", "--agent-id", "a", "--agent-type", "tester"]).ok();
                "log".to_owned()
            }
            13 if step % 3 == 0 => {
                other.execute_batch("VACUUM").expect("VACUUM");
                "VACUUM".to_owned()
            }
            14 => {
                let file = format!("archive-{step}.gz");
                project.cfn(["db", "archive", "--before", "2025-11-15", "--to", &file]).ok();
                if project.path().join(&file).exists() {
                    archives.push(file);
                }
                "archive".to_owned()
            }
            15 if !archives.is_empty() => {
                let file =
                    archives.swap_remove(usize::try_from(dice.roll(i64::MAX)).expect("positive") % archives.len());
                // An id that was given to another row meanwhile is refused, and what is not back stays in the sums.
                let ran = project.cfn(["db", "unarchive", &file]);
                assert!(ran.code == Some(0) || ran.stderr.contains("UNIQUE"), "{ran:?}");
                if ran.code != Some(0) {
                    archives.push(file.clone());
                }
                format!("unarchive {file}")
            }
            _ => {
                let sql = write(&mut dice);
                // A refusal (foreign keys) undoes the statement, and is as good a step as any.
                let outcome = other.execute_batch(&sql);
                format!("{sql}: {outcome:?}")
            }
        };
        drop(other);
        if !equal(project) {
            return Some(format!("seed {seed}, step {step}: {done}"));
        }
    }
    None
}

#[test]
fn rollups_equal_the_full_scan_whatever_is_written() {
    let project = project();
    project.cfn(["analytics", "rebuild"]).ok();
    assert_eq!(run(&project, 0x5eed, steps(150), true), None);
    project.sqlite3("PRAGMA quick_check");
}

#[test]
fn the_property_fails_without_any_one_of_the_triggers() {
    for trigger in ["replace", "insert", "update", "delete"] {
        let project = project();
        project.sqlite3(super::ROWS);
        project.cfn(["analytics", "rebuild"]).ok();
        // Dropped in a way that the schema's number does not show: otherwise cfn would not believe the rollups.
        project.sqlite3(&format!(
            "DROP TRIGGER cfn_usage_{trigger};
             UPDATE cfn_metadata SET value = (SELECT schema_version FROM pragma_schema_version) WHERE name = 'rolled_up_schema'"
        ));
        let found = (1..40).any(|seed| run(&project, seed, 10, false).is_some());
        assert!(found, "nothing fails without cfn_usage_{trigger}");
    }
}

#[test]
fn triggers_that_were_away_for_a_while_are_not_believed() {
    let project = project();
    project.sqlite3(super::ROWS);
    project.cfn(["analytics", "rebuild"]).ok();
    let sql = project.sqlite3("SELECT sql FROM sqlite_master WHERE name = 'cfn_usage_delete'");
    project.sqlite3("DROP TRIGGER cfn_usage_delete; DELETE FROM skill_usage_log WHERE id % 3 = 0");
    assert!(equal(&project), "a dropped trigger is put back, and the log added up again");
    assert_eq!(project.sqlite3("SELECT sql FROM sqlite_master WHERE name = 'cfn_usage_delete'"), sql);
    project.sqlite3(&format!("DROP TRIGGER cfn_usage_delete; DELETE FROM skill_usage_log WHERE id % 5 = 0; {sql}"));
    assert!(equal(&project), "somebody put it back");
}

#[test]
fn backups_restores_and_vacuum_keep_the_rollups() {
    let project = project();
    project.sqlite3(super::ROWS);
    project.cfn(["analytics", "rebuild"]).ok();
    let trusted = "SELECT value = (SELECT schema_version FROM pragma_schema_version) FROM cfn_metadata WHERE name = 'rolled_up_schema'";
    project.cfn(["db", "backup", "copy.db"]).ok();
    project.sqlite3("DELETE FROM skill_usage_log WHERE id > 20");
    project.cfn(["db", "maintain"]).ok();
    assert_eq!(project.sqlite3(trusted), "1", "after VACUUM");
    assert!(equal(&project));
    project.cfn(["db", "restore", "copy.db"]).ok();
    assert_eq!(project.sqlite3(trusted), "1", "after a restore");
    assert!(equal(&project));
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log"), "200");
}

#[test]
fn ids_with_wide_gaps_are_added_up_at_once() {
    let project = project();
    project.sqlite3(
        "INSERT INTO skill_usage_log (id, agent_id, agent_type, skill_id) VALUES (-5, 'a', 't', 1), (0, 'a', 't', 1),
        (9000000000000000000, 'a', 't', 1)",
    );
    assert!(equal(&project));
    project.sqlite3("INSERT INTO skill_usage_log (agent_id, agent_type, skill_id) VALUES ('a', 't', 1)");
    assert_eq!(project.cfn(["analytics", "usage", "--json"]).json()["tables"][0]["rows"][0]["uses"], 4);
}
