//! The journal mode, free pages, statistics, rows and contents.

use std::fs;

use super::{examined, is_well, mended_by, sees, types};
use crate::harness::Project;
use crate::scene::{deploy, path_of, with_skill};

const DB: &str = "database";

#[test]
fn another_journal_mode_is_named_and_set_back() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("PRAGMA journal_mode = DELETE");
    let mend = sees(&examined(&project, &[]), DB, "journal mode", "warn", "delete, and not wal");
    mended_by(&project, &[], (DB, "journal mode"), &mend);
    project.sqlite3("PRAGMA journal_mode = DELETE");
    let fixed = examined(&project, &["--fix"]);
    sees(&fixed, DB, "journal mode", "ok", "wal");
    assert_eq!(fixed["fixed"].as_array().map(Vec::len), Some(1), "{fixed:#}");
}

#[test]
fn free_pages_are_counted_and_given_back() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("CREATE TABLE big (x); INSERT INTO big VALUES (zeroblob(3000000)); DROP TABLE big");
    let mend = sees(&examined(&project, &[]), DB, "free pages", "warn", " of ");
    mended_by(&project, &[], (DB, "free pages"), &mend);
}

#[test]
fn statistics_older_than_the_data_are_named_and_refreshed() {
    let project = with_skill("jwt", "domain", "dev");
    is_well(&project, &[], DB, "statistics");
    project.sqlite3(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)
         INSERT INTO skill_usage_log (agent_id, agent_type, skill_id) SELECT 'a', 'dev', 1 FROM n",
    );
    let mend = sees(&examined(&project, &[]), DB, "statistics", "warn", "skill_usage_log");
    mended_by(&project, &[], (DB, "statistics"), &mend);
}

#[test]
fn rows_that_point_to_nothing_are_named_with_what_deletes_them() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("INSERT INTO agent_skill_mappings (agent_type, skill_id) VALUES ('ghost', 99)");
    let named = "1 rows of agent_skill_mappings point to a skill that does not exist (2)";
    let mend = sees(&examined(&project, &[]), DB, "rows", "warn", named);
    mended_by(&project, &[], (DB, "rows"), &mend);
    assert_eq!(project.sqlite3("SELECT count(*) FROM agent_skill_mappings"), "1");
}

#[test]
fn missing_contents_are_named_and_captured() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("DELETE FROM skill_contents");
    let report = examined(&project, &[]);
    let mend = sees(&report, DB, "contents", "warn", "1 skills name bytes that are not in the database (jwt)");
    assert_eq!(mend, "cfn db capture");
    let copy = Project::copy_of(project.path());
    mended_by(&project, &[], (DB, "contents"), &mend);
    sees(&examined(&copy, &["--fix"]), DB, "contents", "ok", "");
}

#[test]
fn damage_is_found_with_deep_and_a_backup_mends_it() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "sql", "Select.", &[]);
    project.cfn(["db", "backup", "copy.db"]).ok();
    sees(&examined(&project, &["--deep"]), DB, "integrity", "ok", "2 contents match their hashes");
    project.sqlite3("UPDATE skill_contents SET bytes = 'x' WHERE rowid = 1");
    sees(&examined(&project, &[]), DB, "integrity", "not_used", "--deep");
    let ran = project.cfn(["doctor", "--deep", "--json"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let mend = sees(&super::report(&ran), DB, "integrity", "fail", "are not those of their hash");
    types(&project, &mend.replace("BACKUP", "copy.db"));
    is_well(&project, &["--deep"], DB, "integrity");
    assert!(fs::metadata(project.path().join(path_of("sql"))).is_ok());
}
