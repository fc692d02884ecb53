//! `cfn skill deprecate`, `archive` and `restore`.

use crate::scene::{deploy, dump, names, with_skill};

#[test]
fn what_is_deprecated_or_archived_is_not_handed_out_until_it_is_restored() {
    let project = with_skill("jwt", "testing", "dev");
    for (command, status) in [("deprecate", "deprecated"), ("archive", "archived")] {
        let out = project.cfn(["skill", command, "jwt"]).ok();
        assert_eq!(out, format!("jwt: active → {status}\n"));
        assert!(names(&project, &["dev"]).is_empty());
        assert_eq!(project.cfn(["skill", command, "jwt"]).ok(), format!("jwt is already {status}\n"));
        assert_eq!(project.cfn(["skill", "restore", "jwt"]).ok(), format!("jwt: {status} → active\n"));
        assert_eq!(names(&project, &["dev"]), ["jwt"]);
    }
}

#[test]
fn a_replacement_and_a_note_are_kept_and_forgotten_when_the_skill_comes_back() {
    let project = with_skill("mysql", "testing", "dev");
    deploy(&project, "postgresql", "Other.", &["testing"]);
    let retirement =
        "SELECT coalesce(replacement_id, '-'), coalesce(deprecation_note, '-') FROM skills WHERE name = 'mysql'";
    let out = project.cfn(["skill", "deprecate", "mysql", "--replacement", "postgresql", "--note", "moved"]).ok();
    assert_eq!(out, "mysql: active → deprecated\nagents get postgresql instead\n");
    assert_eq!(project.sqlite3(retirement), "2|moved");
    project.cfn(["skill", "restore", "mysql"]).ok();
    assert_eq!(project.sqlite3(retirement), "-|-");
}

#[test]
fn a_replacement_that_cannot_be_one_is_refused() {
    let project = with_skill("mysql", "testing", "dev");
    let before = dump(&project);
    project.cfn(["skill", "deprecate", "mysql", "--replacement", "mysql"]).fails(7);
    project.cfn(["skill", "deprecate", "mysql", "--replacement", "nobody"]).fails(4);
    project.cfn(["skill", "deprecate", "mysql", "nobody"]).fails(4);
    project.cfn(["skill", "deprecate"]).fails(1);
    assert_eq!(dump(&project), before);
    deploy(&project, "old", "Other.", &["testing"]);
    project.cfn(["skill", "archive", "old"]).ok();
    let ran = project.cfn(["skill", "deprecate", "mysql", "--replacement", "old"]);
    assert!(ran.code == Some(0) && ran.stderr.contains("agents do not get the replacement"), "{}", ran.stderr);
}
