//! The replacement of a deprecated skill, which agents get in its place.

use crate::harness::Project;
use crate::scene::{deploy, names, with_skill};

fn with_a_replacement() -> Project {
    let project = with_skill("mysql", "testing", "dev");
    deploy(&project, "postgresql", "Other.", &["testing"]);
    project.cfn(["skill", "deprecate", "mysql", "--replacement", "postgresql"]).ok();
    project
}

#[test]
fn agents_get_the_replacement_and_are_told() {
    let project = with_a_replacement();
    let ran = project.cfn(["load", "dev", "--format", "names"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "postgresql\n"));
    assert_eq!(ran.stderr, "note: mysql is deprecated: postgresql is loaded in its place\n");
    let report = project.cfn(["load", "dev", "--json"]).json();
    assert_eq!(report["skills"][0]["replaces"], serde_json::json!(["mysql"]));
    let batch = project.cfn_with_input(["load", "--batch"], b"{\"agent_type\":\"dev\"}\n");
    assert!(batch.stdout.contains("\"replaces\":[\"mysql\"]"), "{batch:?}");
    let agents = project.cfn(["agents", "dev"]).ok();
    assert!(agents.contains("in place of mysql"), "{agents}");
    assert!(agents.contains("mysql: it is deprecated, and replaced by postgresql"), "{agents}");
    project.cfn(["skill", "restore", "mysql"]).ok();
    assert_eq!(names(&project, &["dev"]), ["mysql"]);
}

#[test]
fn a_replacement_that_is_mapped_itself_comes_once_and_as_early_as_either() {
    let project = with_a_replacement();
    deploy(&project, "first", "Body.", &["testing", "dev", "--priority", "2"]);
    project.cfn(["skill", "assign", "postgresql", "--agent", "dev", "--priority", "9", "--context", "sql"]).ok();
    let report = project.cfn(["load", "dev", "--json", "--context", "none"]).json();
    let loaded: Vec<_> = report["skills"].as_array().expect("skills").iter().map(|it| &it["name"]).collect();
    assert_eq!(loaded, ["first", "postgresql"], "the mapping of mysql has no condition");
    project.sqlite3("UPDATE agent_skill_mappings SET required = 1 WHERE skill_id = 1");
    let report = project.cfn(["load", "dev", "--json"]).json();
    assert_eq!((&report["skills"][0]["name"], &report["skills"][0]["required"]), (&"postgresql".into(), &true.into()));
    assert_eq!(report["skills"].as_array().map(Vec::len), Some(2));
}

#[test]
fn conditions_of_the_mapping_apply_and_a_replacement_that_may_not_be_served_is_not() {
    let project = with_a_replacement();
    project.cfn(["skill", "assign", "mysql", "--agent", "dev", "--context", "sql"]).ok();
    assert!(names(&project, &["dev", "--context", "css"]).is_empty());
    assert_eq!(names(&project, &["dev", "--context", "sql"]), ["postgresql"]);
    project.cfn(["skill", "reject", "postgresql", "--approver", "me"]).ok();
    let ran = project.cfn(["load", "dev", "--format", "names"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "", ""));
}
