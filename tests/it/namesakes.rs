//! Skills that are not served because something else has their name: nobody loses one without a word.

use crate::harness::Project;
use crate::scene::{deploy, names, path_of, sha256, skill_text, with_skill};

/// A bootstrap skill of this name, with these bytes.
fn bootstrap(project: &Project, name: &str, bytes: &str) {
    let hash = sha256(bytes);
    project.sqlite3(&format!(
        "INSERT OR IGNORE INTO skill_contents (hash, bytes) VALUES ('{hash}', '{bytes}');
         INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash)
         VALUES ('{name}', 'x', 1, 'd', '{hash}')"
    ));
}

const WHY: &str = "a bootstrap skill has its name, and is served in its place";

#[test]
fn a_bootstrap_skill_does_not_take_the_place_of_a_skill_silently() {
    let project = with_skill("jwt", "domain", "dev");
    bootstrap(&project, "jwt", "Other bytes.");
    let loaded = project.cfn(["load", "dev", "--json"]).json();
    assert_eq!(loaded["left_out"], serde_json::json!([{ "name": "jwt", "reason": WHY }]), "{loaded}");
    assert_eq!(loaded["skills"].as_array().map(Vec::len), Some(1));
    let shown = project.cfn(["agents", "dev", "--json"]).json();
    assert_eq!(shown["left_out"][0]["reason"], WHY, "{shown}");
    assert_eq!(names(&project, &["dev", "--no-bootstrap"]), ["jwt"]);
    project.sqlite3("UPDATE agent_skill_mappings SET required = 1");
    let error = project.fails_as(["load", "dev"], 7, "integrity");
    assert!(error["message"].as_str().is_some_and(|it| it.contains(WHY)), "{error}");
    assert_eq!(names(&project, &["dev", "--no-bootstrap"]), ["jwt"]);
}

#[test]
fn a_skill_for_another_context_is_not_missed() {
    let project = Project::new();
    deploy(&project, "jwt", "First.", &["domain", "dev", "--context", "auth"]);
    bootstrap(&project, "jwt", "Other bytes.");
    assert_eq!(project.cfn(["load", "dev", "--context", "other", "--json"]).json()["left_out"], serde_json::json!([]));
}

#[test]
fn a_bootstrap_skill_with_the_same_bytes_is_the_skill() {
    let project = with_skill("jwt", "domain", "dev");
    bootstrap(&project, "jwt", &skill_text("jwt", "First."));
    project.sqlite3("UPDATE agent_skill_mappings SET required = 1");
    let loaded = project.cfn(["load", "dev", "--json"]).json();
    assert_eq!(
        (loaded["left_out"].as_array().map(Vec::len), loaded["skills"].as_array().map(Vec::len)),
        (Some(0), Some(1))
    );
}

#[test]
fn a_deploy_says_that_a_bootstrap_skill_has_the_name() {
    let project = Project::new();
    bootstrap(&project, "boot", "Other bytes.");
    project.skill("boot", "First.");
    let path = path_of("boot");
    for args in [&["deploy", "1", "boot", &path, "domain", "dev"][..], &["deploy", "1", "boot", &path]] {
        let ran = project.cfn(args);
        let said = "agents get the bootstrap skill \"boot\" in place of this one";
        assert!(ran.code == Some(0) && ran.stderr.contains(said), "{ran:?}");
    }
    project.sqlite3("UPDATE bootstrap_skills SET enabled = 0");
    assert_eq!(project.cfn(["deploy", "1", "boot", &path]).stderr, "");
}

#[test]
fn whatever_stores_a_file_says_that_its_name_is_another_skills() {
    let project = with_skill("jwt", "domain", "dev");
    let said = "the file declares the name \"jwt\", which is another skill than \"sql\"";
    project.file("jwt.md", skill_text("jwt", "Other."));
    let added = project.cfn(["skill", "add", "jwt.md", "--name", "sql"]);
    assert!(added.code == Some(0) && added.stderr.contains(said), "{added:?}");
    project.file("jwt.md", skill_text("jwt", "Third."));
    let updated = project.cfn(["update", "sql", "1.0.1", "jwt.md"]);
    assert!(updated.code == Some(0) && updated.stderr.contains(said), "{updated:?}");
    project.file("jwt.md", skill_text("jwt", "Fourth."));
    let amended = project.cfn(["skill", "update", "--skill", "sql", "--recalculate-hash"]);
    assert!(amended.code == Some(0) && amended.stderr.contains(said), "{amended:?}");
    for own in [skill_text("sql", "Own."), skill_text("new", "New.")] {
        project.file("own.md", own);
        let added = project.cfn(["skill", "add", "own.md", "--name", "other", "--dry-run"]);
        assert_eq!(added.stderr.contains("which is another skill than"), own_name(&project) == "sql", "{added:?}");
    }
}

fn own_name(project: &Project) -> String {
    let text = std::fs::read_to_string(project.path().join("own.md")).expect("text");
    text.lines().nth(1).and_then(|it| it.strip_prefix("name: ")).unwrap_or_default().to_owned()
}

#[test]
fn a_required_skill_that_is_not_served_comes_with_the_way_to_serve_it() {
    let hint = |project: &Project| {
        let error = project.fails_as(["load", "dev"], 7, "integrity");
        error["hint"].as_str().expect("a hint").to_owned()
    };
    let command = |hint: &str, number: usize| {
        let command = hint.split('\'').nth(number * 2 + 1).expect("a command");
        command.split(' ').skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let optional = |project: &Project, command: Vec<String>| {
        drop(project.cfn(command.into_iter().map(|it| if it == "TYPE" { "dev".to_owned() } else { it })).ok());
    };
    let served = |project: &Project, expected: &[&str]| assert_eq!(names(project, &["dev"]), expected);
    let required = || {
        let project = with_skill("jwt", "domain", "dev");
        project.sqlite3("UPDATE agent_skill_mappings SET required = 1");
        project
    };

    let project = required();
    bootstrap(&project, "jwt", "Other bytes.");
    let said = hint(&project);
    assert!(said.contains("--no-bootstrap"), "{said}");
    assert_eq!(names(&project, &["dev", "--no-bootstrap"]), ["jwt"]);
    optional(&project, command(&said, 0));
    assert!(project.cfn(["load", "dev"]).ok().contains("Other bytes."));

    let project = required();
    project.sqlite3("DELETE FROM approval_history");
    let said = hint(&project);
    optional(&project, command(&said, 1));
    served(&project, &[]);
    project.cfn(command(&said, 0)).ok();
    served(&project, &["jwt"]);

    let project = required();
    deploy(&project, "jwt", "Second.", &[]);
    project.sqlite3("DELETE FROM approval_history WHERE version = '1.0.0'");
    project.cfn(["skill", "pin", "jwt", "1.0.0"]).ok();
    let said = hint(&project);
    project.cfn(command(&said, 0)).ok();
    served(&project, &["jwt"]);

    let project = required();
    project.sqlite3("DELETE FROM skill_contents");
    assert!(hint(&project).contains("Deploy the approved file again"));
}
