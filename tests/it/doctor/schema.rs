//! Indexes, triggers, plans, and objects of others.

use std::fs;

use super::{examined, is_well, line, mended_by, sees, text, types};
use crate::harness::Project;
use crate::scene::{SCHEMA, with_skill};

const DB: &str = "database";

#[test]
fn a_missing_index_is_named_with_the_scan_that_it_causes_and_made_anew() {
    let project = with_skill("jwt", "domain", "dev");
    is_well(&project, &[], DB, "query plans");
    project.sqlite3("DROP INDEX idx_usage_pass_rate");
    let report = examined(&project, &[]);
    let mend = sees(&report, DB, "query plans", "warn", "the latest pass rate of a skill: a temporary B-tree is built");
    let objects = sees(&report, DB, "indexes and triggers", "warn", "idx_usage_pass_rate");
    assert_eq!((mend.as_str(), objects.as_str()), ("cfn db maintain", "cfn db maintain"));
    mended_by(&project, &[], (DB, "query plans"), &mend);
    is_well(&project, &[], DB, "indexes and triggers");
    project.assert_whole();
}

#[test]
fn a_missing_or_changed_trigger_is_made_anew_and_nothing_remembered_is_trusted() {
    let project = with_skill("jwt", "domain", "dev");
    let tokens = || project.sqlite3("SELECT catalogue || ' ' || usage FROM cfn_tokens");
    for (change, named) in [
        ("DROP TRIGGER cfn_skills_update", "the trigger cfn_skills_update on skills is missing"),
        (
            "DROP TRIGGER cfn_skills_update; CREATE TRIGGER cfn_skills_update AFTER UPDATE ON skills BEGIN SELECT 1; END",
            "the trigger cfn_skills_update on skills differs from cfn's",
        ),
    ] {
        project.sqlite3(change);
        let before = tokens();
        let mend = sees(&examined(&project, &[]), DB, "indexes and triggers", "warn", named);
        mended_by(&project, &[], (DB, "indexes and triggers"), &mend);
        assert_ne!(tokens(), before, "what was written without it is not in the tokens");
        assert_eq!(project.cfn(["db", "check"]).ok(), "0 damaged, 0 warnings, 1 content hashed\n");
    }
}

#[test]
fn objects_that_a_new_database_does_not_have_are_named_with_what_drops_them() {
    let project = with_skill("jwt", "domain", "dev");
    project
        .sqlite3("CREATE TRIGGER \"it's mine\" AFTER INSERT ON skills BEGIN SELECT 1; END; CREATE VIEW v AS SELECT 1");
    let report = examined(&project, &[]);
    let mend = sees(&report, DB, "objects of others", "warn", "the trigger it's mine on skills is not cfn's");
    assert!(text(line(&report, DB, "objects of others"), "evidence").contains("the view v"), "{report:#}");
    mended_by(&project, &[], (DB, "objects of others"), &mend);
}

#[test]
fn a_missing_column_fails_and_a_backup_mends_it() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["db", "backup", "copy.db"]).ok();
    project.sqlite3("DROP TABLE edge_case_tracking");
    let ran = project.cfn(["doctor", "--json"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let mend = sees(&super::report(&ran), DB, "schema", "fail", "edge_case_tracking");
    types(&project, &mend.replace("BACKUP", "copy.db"));
    is_well(&project, &[], DB, "schema");
}

#[test]
fn an_older_schema_is_named_and_migrated_only_when_asked() {
    let project = Project::empty();
    fs::create_dir_all(project.database().parent().expect("a folder")).expect("folders");
    project.sqlite3(
        "CREATE TABLE skills (id INTEGER PRIMARY KEY, name TEXT UNIQUE, content_path TEXT, content_hash TEXT, version TEXT)",
    );
    let before = fs::read(project.database()).expect("a file");
    let mend = sees(&examined(&project, &[]), DB, "schema", "warn", "older");
    assert_eq!((mend.as_str(), fs::read(project.database()).expect("a file") == before), ("cfn db migrate", true));
    let copy = Project::copy_of(project.path());
    mended_by(&project, &[], (DB, "schema"), &mend);
    let fixed = examined(&copy, &["--fix"]);
    sees(&fixed, DB, "schema", "ok", SCHEMA.0);
    assert!(fixed["fixed"][0].as_str().is_some_and(|it| it.contains("migrated")), "{fixed:#}");
}
