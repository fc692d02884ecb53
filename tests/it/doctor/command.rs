//! Missing and damaged databases, exit codes, and that looking changes nothing.

use std::fs;

use super::{examined, report, sees};
use crate::harness::Project;
use crate::scene::{deploy, with_skill};

#[test]
fn a_missing_database_is_a_line_that_fails() {
    let project = Project::empty();
    let ran = project.cfn(["doctor", "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), ""), "{ran:?}");
    let mend = sees(&report(&ran), "database", "file", "fail", "there is no .claude/skills-database/skills.db");
    assert!(mend.contains("'cfn init'"), "{mend}");
    let ran = project.cfn(["doctor", "--json", "--db", "elsewhere.db"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    sees(&report(&ran), "database", "opening", "fail", "elsewhere.db");
    assert_eq!(fs::read_dir(project.path()).expect("a folder").count(), 0, "nothing is made");
}

#[test]
fn what_is_no_database_or_damaged_fails_and_is_left_alone() {
    let project = Project::new();
    for number in 0..40 {
        deploy(&project, &format!("s{number}"), &"Body. ".repeat(900), &[]);
    }
    project.sqlite3("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE");
    let whole = fs::read(project.database()).expect("a file");
    let mut middle = whole.clone();
    let half = middle.len() / 2;
    middle[half..half + 8192].fill(0xAB);
    let mut schema = whole.clone();
    schema[100..4096].fill(0xAB);
    for (what, bytes) in [
        ("text", b"This is no database. ".repeat(500)),
        ("schema", schema),
        ("middle", middle),
        ("cut", whole[..5000].to_vec()),
    ] {
        fs::write(project.database(), &bytes).expect("written");
        for more in [&[][..], &["--deep"], &["--strict"]] {
            let ran = project.cfn(["doctor", "--json"].iter().chain(more));
            let found = report(&ran);
            assert!(!ran.stderr.contains("panicked"), "{what}: {ran:?}");
            if what != "middle" || more.contains(&"--deep") {
                assert_eq!(ran.code, Some(3), "{what} {more:?}: {ran:?}");
            }
            sees(&found, "database", "file", "ok", "skills.db");
            assert_eq!(fs::read(project.database()).expect("a file"), bytes, "{what}: looking changes nothing");
        }
    }
}

#[test]
fn warnings_exit_7_only_with_strict() {
    let project = with_skill("jwt", "domain", "dev");
    assert_eq!(project.cfn(["doctor", "--strict"]).code, Some(0));
    project.sqlite3("PRAGMA journal_mode = DELETE");
    assert_eq!([project.cfn(["doctor"]).code, project.cfn(["doctor", "--strict"]).code], [Some(0), Some(7)]);
    assert_eq!(project.cfn(["doctor", "--strict", "--fix"]).code, Some(0));
}

#[test]
fn looking_writes_nothing_to_the_database() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("DROP INDEX idx_approval_history_skill_created; PRAGMA journal_mode = DELETE");
    let before = (fs::read(project.database()).expect("a file"), project.leftovers());
    examined(&project, &["--deep"]);
    assert_eq!((fs::read(project.database()).expect("a file"), project.leftovers()), before);
}

#[test]
fn the_text_has_a_line_for_each_thing_and_what_mends_it_below() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("PRAGMA journal_mode = DELETE");
    let text = project.cfn(["doctor"]).ok();
    let expected = "warn      journal mode: delete, and not wal: readers and writers wait for each other\n          → cfn db maintain\n";
    assert!(text.contains(expected) && text.starts_with("database\nok        file: "), "{text}");
    assert!(text.lines().last().is_some_and(|it| it.contains(" ok, 1 warn, 0 fail, ")), "{text}");
}

#[test]
fn a_bad_setting_of_a_service_is_a_line_of_that_service() {
    let project = with_skill("jwt", "domain", "dev");
    let mut command = project.command(["doctor", "--json"]);
    command.env("CFN_REDIS_URL", "http://u:hunter2@h").env("ENABLE_PHASE4_LOGGING", "perhaps");
    let ran = command.output().expect("cfn runs").into();
    let found = report(&ran);
    sees(&found, "redis", "server", "fail", "CFN_REDIS_URL");
    sees(&found, "postgres", "workflow database", "fail", "ENABLE_PHASE4_LOGGING");
    sees(&found, "database", "schema", "ok", "");
    assert!(!format!("{ran:?}").contains("hunter2"));
}
