//! Pages, orders and filters of `cfn skill list`.

use crate::harness::Project;
use crate::scene::{deploy, listed, path_of, skill_text};

#[test]
fn a_long_list_comes_in_pages() {
    let project = Project::new();
    for name in ["a", "b", "c", "d"] {
        deploy(&project, name, "Body.", &["domain", "dev"]);
    }
    let report = project.cfn(["skill", "list", "--limit", "2", "--json"]).json();
    assert_eq!((report["skills"][1]["name"].as_str(), report["next"].as_str()), (Some("b"), Some("b")));
    assert_eq!(listed(&project, &["--limit", "2", "--after", "b"]), ["c", "d"]);
    let last = project.cfn(["skill", "list", "--limit", "2", "--after", "b", "--json"]).json();
    assert!(last.get("next").is_none(), "{last}");
    let text = project.cfn(["skill", "list", "--limit", "3"]);
    assert_eq!(text.code, Some(0));
    assert_eq!(text.stderr, "note: 3 skills shown; add '--after c' for the next page\n");
    project.skill("-a", "Body.");
    project.cfn(["deploy", "--", "1", "-a", &path_of("-a"), "domain", "dev"]).ok();
    let text = project.cfn(["skill", "list", "--limit", "1"]);
    assert_eq!(text.stderr, "note: 1 skill shown; add '--after=-a' for the next page\n");
    assert_eq!(listed(&project, &["--limit", "1", "--after=-a"]), ["a"]);
    project.cfn(["skill", "delete", "--yes", "--", "-a"]).ok();
    assert_eq!(project.cfn(["skill", "list"]).ok().lines().count(), 5, "without a terminal, all of them");
    assert_eq!(project.cfn(["skill", "list", "--limit", "0"]).code, Some(1));
}

#[test]
fn a_list_has_the_order_that_is_asked_for() {
    let project = Project::new();
    for name in ["a", "b", "c"] {
        deploy(&project, name, "Body.", &["domain", "dev"]);
    }
    for skill in ["c", "b", "c"] {
        project.cfn(["log", skill, "--agent-id", "x", "--agent-type", "dev", "--exit-code", "0"]).ok();
    }
    project.sqlite3("UPDATE skills SET updated_at = '2020-01-01 00:00:00' WHERE name = 'a'");
    project.sqlite3("UPDATE skills SET updated_at = '2030-01-01 00:00:00' WHERE name = 'b'");
    assert_eq!(listed(&project, &["--sort", "uses"]), ["c", "b", "a"]);
    assert_eq!(listed(&project, &["--sort", "uses", "--after", "c"]), ["b", "a"]);
    assert_eq!(listed(&project, &["--sort", "updated"]), ["b", "c", "a"]);
    assert_eq!(listed(&project, &["--sort", "updated", "--after", "b", "--limit", "1"]), ["c"]);
    let report = project.cfn(["skill", "list", "--sort", "uses", "--json"]).json();
    assert_eq!(report["skills"][0]["uses"], 2);
    let table = project.cfn(["skill", "list", "--sort", "uses"]).ok();
    assert!(table.starts_with("NAME  VERSION  CATEGORY  STATUS  LEVEL  REVIEW    USES  AGENTS\n"), "{table}");
    let missing = project.cfn(["skill", "list", "--sort", "uses", "--after", "bb"]);
    assert!(missing.code == Some(4) && missing.stderr.contains("there is no skill named \"bb\""), "{missing:?}");
    project.cfn(["skill", "rename", "b", "z", "--approver", "ann", "--reason", "nicer"]).ok();
    project.sqlite3("UPDATE skills SET updated_at = '2030-01-01 00:00:00' WHERE name = 'z'");
    for after in ["b", "z"] {
        assert_eq!(listed(&project, &["--sort", "uses", "--after", after]), ["a"], "{after} is one skill");
        assert_eq!(listed(&project, &["--sort", "updated", "--after", after]), ["c", "a"], "{after} is one skill");
    }
    let unknown = project.cfn(["skill", "list", "--sort", "use"]);
    assert!(unknown.code == Some(1) && unknown.stderr.contains("uses"), "{unknown:?}");
}

#[test]
fn tags_owners_and_teams_narrow_the_list() {
    let project = Project::new();
    project.file("s.md", skill_text("x", "Body."));
    for (name, more) in [("a", "--tags SQL,db --owner ann"), ("b", "--tags sqlite --team core"), ("c", "--owner bob")] {
        project.cfn(format!("deploy 1 {name} s.md domain dev {more}").split(' ')).ok();
    }
    assert_eq!(listed(&project, &["--tag", "sql"]), ["a"]);
    assert_eq!(listed(&project, &["--owner", "bob"]), ["c"]);
    assert_eq!(listed(&project, &["--team", "core"]), ["b"]);
    assert!(listed(&project, &["--team", "core", "--owner", "ann"]).is_empty());
}
