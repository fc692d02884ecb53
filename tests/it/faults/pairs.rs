//! Two equal or opposite commands at the same moment: one wins, and the other reports it.

use super::tools::{at_once, current, sha256};
use super::victims::{assert_clean, legacy};
use crate::harness::{Project, Ran};

/// How often each race is run.
const ROUNDS: usize = 6;

fn text(number: usize) -> String {
    format!("---\nname: s\ndescription: d\n---\nText {number}.\n")
}

fn codes(ran: &[Ran]) -> Vec<i32> {
    let mut codes: Vec<_> = ran.iter().map(|it| it.code.unwrap_or(-1)).collect();
    codes.sort_unstable();
    codes
}

fn with_a_skill() -> Project {
    let project = Project::new();
    for number in 0..3 {
        project.file(&format!("{number}.md"), text(number));
    }
    project.cfn(["deploy", "1", "s", "0.md", "domain", "agent"]).ok();
    project
}

fn versions(project: &Project) -> String {
    project.sqlite3("SELECT version || ' ' || content_hash FROM skill_versions ORDER BY id").replace('\n', ",")
}

#[test]
fn the_same_deploy_twice_at_once_is_one_version_and_one_id() {
    for _ in 0..ROUNDS {
        let project = Project::new();
        project.file("0.md", text(0));
        let ran = at_once(
            &project,
            &[["deploy", "1", "s", "0.md", "domain", "agent"].to_vec(), ["deploy", "1", "s", "0.md"].to_vec()],
        );
        assert_eq!(ran.iter().map(|it| it.stdout.as_str()).collect::<Vec<_>>(), ["1\n", "1\n"], "{ran:?}");
        assert_eq!(versions(&project), format!("1.0.0 {}", sha256(text(0).as_bytes())));
        assert_eq!(project.sqlite3("SELECT count(*) FROM approval_history"), "1");
        assert_clean(&project);
    }
}

#[test]
fn two_deploys_of_different_bytes_at_once_are_two_versions() {
    for _ in 0..ROUNDS {
        let project = with_a_skill();
        let ran = at_once(&project, &[["deploy", "1", "s", "1.md"], ["deploy", "1", "s", "2.md"]].map(Vec::from));
        assert_eq!(codes(&ran), [0, 0], "{ran:?}");
        assert_eq!(
            project.sqlite3("SELECT group_concat(version, ' ') FROM skill_versions ORDER BY id"),
            "1.0.0 1.0.1 1.0.2"
        );
        assert_clean(&project);
    }
}

#[test]
fn two_names_that_differ_in_case_alone_at_once_are_one_skill() {
    for _ in 0..ROUNDS {
        let project = Project::new();
        project.file("0.md", text(0));
        let ran = at_once(&project, &[["deploy", "1", "twin", "0.md"], ["deploy", "1", "Twin", "0.md"]].map(Vec::from));
        assert_eq!(codes(&ran), [0, 7], "{ran:?}");
        assert_eq!(project.sqlite3("SELECT count(*) FROM skills"), "1");
        assert_clean(&project);
    }
}

#[test]
fn a_rejection_and_a_deploy_of_the_same_bytes_at_once_end_rejected() {
    for _ in 0..ROUNDS {
        let project = with_a_skill();
        let ran = at_once(
            &project,
            &[["deploy", "1", "s", "0.md"].to_vec(), ["skill", "reject", "s", "--approver", "me"].to_vec()],
        );
        assert!(matches!(codes(&ran)[..], [0, 0 | 7]), "{ran:?}");
        let latest = "SELECT decision FROM approval_history ORDER BY id DESC LIMIT 1";
        assert_eq!(project.sqlite3(latest), "rejected");
        assert_clean(&project);
    }
}

#[test]
fn the_same_update_twice_at_once_is_done_once() {
    for _ in 0..ROUNDS {
        let project = with_a_skill();
        let ran = at_once(&project, &vec![vec!["update", "s", "1.0.1", "1.md"]; 2]);
        assert!(matches!(codes(&ran)[..], [0, 5 | 6]), "{ran:?}");
        assert_eq!(project.sqlite3("SELECT count(*) FROM skill_versions"), "2");
        assert_eq!(current(&project, "s"), Some(("1.0.1".to_owned(), sha256(text(1).as_bytes()))));
        assert_clean(&project);
    }
}

#[test]
fn two_updates_to_one_number_at_once_are_one_version() {
    for _ in 0..ROUNDS {
        let project = with_a_skill();
        let ran =
            at_once(&project, &[["update", "s", "1.0.1", "1.md"], ["update", "s", "1.0.1", "2.md"]].map(Vec::from));
        assert_eq!(codes(&ran), [0, 5], "{ran:?}");
        let won = ran.iter().position(|it| it.code == Some(0)).expect("a winner") + 1;
        assert_eq!(current(&project, "s"), Some(("1.0.1".to_owned(), sha256(text(won).as_bytes()))));
        assert_clean(&project);
    }
}

#[test]
fn an_approval_against_a_change_never_approves_other_bytes_than_were_looked_at() {
    let (old, new) = (sha256(text(0).as_bytes()), sha256(text(1).as_bytes()));
    for _ in 0..ROUNDS {
        let project = with_a_skill();
        let approve = ["skill", "approve", "s", "--approver", "me", "--hash", &old].to_vec();
        let ran = at_once(&project, &[approve, ["update", "s", "1.0.1", "1.md"].to_vec()]);
        assert_eq!(ran[1].code, Some(0), "{ran:?}");
        assert!(matches!(ran[0].code, Some(0 | 7)), "{ran:?}");
        let mine = project.sqlite3("SELECT content_hash FROM approval_history WHERE approver = 'me'");
        assert_eq!(mine, if ran[0].code == Some(0) { old.as_str() } else { "" });
        assert_eq!(current(&project, "s").map(|it| it.1), Some(new.clone()));
        assert_clean(&project);
    }
}

#[test]
fn a_rejection_and_an_approval_at_once_are_both_kept_and_the_later_one_counts() {
    for _ in 0..ROUNDS {
        let project = with_a_skill();
        let decide = |what| ["skill", what, "s", "--approver", "me"].to_vec();
        let ran = at_once(&project, &[decide("approve"), decide("reject")]);
        assert_eq!(codes(&ran), [0, 0], "{ran:?}");
        let last = project.sqlite3("SELECT decision FROM approval_history ORDER BY id DESC LIMIT 1");
        let served = project.cfn(["load", "agent", "--format", "names"]).ok();
        assert_eq!(served.is_empty(), last == "rejected", "{last}: {served}");
        assert_clean(&project);
    }
}

#[test]
fn of_two_renames_onto_one_name_at_once_one_gets_it() {
    for _ in 0..ROUNDS {
        let project = with_a_skill();
        project.cfn(["deploy", "1", "t", "1.md"]).ok();
        let ran = at_once(&project, &[["skill", "rename", "s", "New"], ["skill", "rename", "t", "new"]].map(Vec::from));
        assert_eq!(codes(&ran), [0, 7], "{ran:?}");
        assert_eq!(project.sqlite3("SELECT count(*) FROM skills WHERE lower(name) = 'new'"), "1");
        let again = at_once(&project, &vec![vec!["skill", "rename", "s", "last"]; 2]);
        assert_eq!(codes(&again), [0, 6], "{again:?}");
        assert_clean(&project);
    }
}

#[test]
fn a_deletion_and_a_deploy_at_once_leave_a_whole_skill_or_none() {
    for _ in 0..ROUNDS {
        let project = with_a_skill();
        let ran = at_once(
            &project,
            &[["skill", "delete", "s", "--yes"].to_vec(), ["deploy", "1", "s", "1.md", "domain", "agent"].to_vec()],
        );
        assert_eq!(codes(&ran), [0, 0], "{ran:?}");
        let rows = project.sqlite3(
            "SELECT (SELECT count(*) FROM skills), (SELECT count(*) FROM skill_versions), (SELECT count(*) FROM skill_contents),
               (SELECT count(*) FROM approval_history), (SELECT count(*) FROM agent_skill_mappings)",
        );
        assert!(["0|0|0|0|0", "1|1|1|1|1"].contains(&rows.as_str()), "{rows}: {ran:?}");
        assert_clean(&project);
    }
}

#[test]
fn a_purge_and_a_deploy_of_the_same_bytes_at_once_end_purged() {
    for _ in 0..ROUNDS {
        let project = with_a_skill();
        let purge = ["skill", "purge", "s", "1.0.0", "--yes", "--reason", "a secret"].to_vec();
        let ran = at_once(&project, &[purge, ["deploy", "1", "other", "0.md"].to_vec()]);
        assert_eq!(ran[0].code, Some(0), "{ran:?}");
        assert!(matches!(ran[1].code, Some(0 | 7)), "{ran:?}");
        assert_eq!(project.sqlite3("SELECT count(*) FROM skill_contents"), "0", "{ran:?}");
        assert_eq!(project.cfn(["load", "agent", "--format", "names"]).ok(), "");
        assert_clean(&project);
    }
}

#[test]
fn of_many_that_meet_an_older_database_at_once_one_adopts_it() {
    for _ in 0..ROUNDS {
        let project = legacy();
        let ran = at_once(&project, &vec![vec!["skill", "list"]; 8]);
        let adopted = ran.iter().filter(|it| it.stderr.contains("adopted")).count();
        assert_eq!(adopted, 1, "{ran:?}");
        for its in ran {
            assert_eq!(its.ok().lines().count(), 6);
        }
        assert_eq!(project.leftovers().len(), 1, "one backup: {:?}", project.leftovers());
        project.assert_whole();
    }
}

#[test]
fn of_many_inits_at_once_one_creates() {
    for _ in 0..ROUNDS {
        let project = Project::empty();
        let ran = at_once(&project, &vec![vec!["init"]; 8]);
        assert_eq!(ran.iter().filter(|it| it.stdout.starts_with("created")).count(), 1, "{ran:?}");
        for its in ran {
            its.ok();
        }
        assert_clean(&project);
    }
}

#[test]
fn two_imports_of_one_folder_at_once_import_each_skill_once() {
    let project = Project::new();
    for number in 0..40 {
        project.skill(&format!("s-{number}"), "Text.");
    }
    let ran = at_once(&project, &vec![vec!["init", "--from", ".claude/skills"]; 2]);
    assert_eq!(codes(&ran), [0, 0], "{ran:?}");
    assert_eq!(project.sqlite3("SELECT count(*) || ' ' || (SELECT count(*) FROM skill_versions) FROM skills"), "40 40");
    assert_clean(&project);
}
