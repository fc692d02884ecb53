//! `cfn search`: finding skills.

use serde_json::Value;

use crate::harness::{Project, repository};
use crate::scene::{deploy, dump, skill_text};

/// A project with the skills of the repository.
pub(super) fn with_skills() -> Project {
    let project = Project::empty();
    let from = repository("tests/skills");
    project.cfn(["init", "--from", from.to_str().expect("UTF-8"), "--approve-as", "me"]).ok();
    project
}

#[track_caller]
pub(super) fn found(project: &Project, args: &[&str]) -> Vec<String> {
    let report = report(project, args);
    report["skills"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| it["name"].as_str().expect("a name").to_owned())
        .collect()
}

#[track_caller]
pub(super) fn report(project: &Project, args: &[&str]) -> Value {
    project.cfn(["search", "--json"].iter().chain(args)).json()
}

#[test]
fn a_skill_is_found_by_its_words_and_shown_with_a_line_of_them() {
    let project = with_skills();
    let before = dump(&project);
    assert_eq!(found(&project, &["json", "web", "token"])[0], "jwt-authentication");
    let text = project.cfn(["search", "refresh tokens"]).ok();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("jwt-authentication 1.0.0"));
    assert!(lines.next().is_some_and(|it| it.starts_with("  ") && it.to_lowercase().contains("refresh")), "{text}");
    let coloured = project.cfn(["search", "refresh", "--color", "always"]).ok();
    assert!(coloured.contains("\u{1b}[1m\u{1b}[31mrefresh\u{1b}[0m"), "{coloured:?}");
    assert_eq!(project.cfn(["skill", "search", "refresh tokens"]).ok(), text);
    assert_eq!(dump(&project), before, "a search writes nothing into the database");
}

#[test]
fn names_come_first_and_equal_ones_by_name() {
    let project = Project::new();
    for (name, body) in [("b-token", "x"), ("a-token", "x"), ("other", "token token token token"), ("token", "x")] {
        deploy(&project, name, body, &["testing"]);
    }
    deploy(&project, "token-store", "Keeps.", &["testing"]);
    let order = found(&project, &["token"]);
    assert_eq!(order[..2], ["token", "token-store"], "the name, and names that begin with it");
    let place = |name: &str| order.iter().position(|it| it == name);
    assert_eq!(place("a-token").map(|it| it + 1), place("b-token"), "{order:?}");
    assert_eq!(found(&project, &["Token", "Store"])[0], "token-store");
    assert_eq!(found(&project, &["token-st"])[0], "token-store");
    let limited = report(&project, &["token", "--limit", "2"]);
    assert_eq!((limited["skills"].as_array().map(Vec::len), &limited["found"]), (Some(2), &5.into()));
}

#[test]
fn only_what_agents_get_is_found_unless_all_is_asked_for() {
    let project = Project::new();
    deploy(&project, "jwt", "Old zebra.", &["testing", "dev"]);
    assert_eq!(found(&project, &["zebra"]), ["jwt"]);
    project.file("tree/waits/SKILL.md", skill_text("waits", "A zebra that waits."));
    project.cfn(["init", "--from", "tree"]).ok();
    assert_eq!(found(&project, &["zebra"]), ["jwt"], "the other one is not approved");
    assert_eq!(found(&project, &["zebra", "--all"]).len(), 2);
    project.cfn(["skill", "approve", "waits", "--approver", "me"]).ok();
    assert_eq!(found(&project, &["zebra"]).len(), 2);
    project.cfn(["skill", "archive", "waits"]).ok();
    assert_eq!(found(&project, &["zebra"]), ["jwt"]);
    // Another program's bytes wait, and the approved ones are still found.
    project.sqlite3("INSERT INTO skill_contents (hash, bytes) VALUES ('ff', 'giraffe')");
    project.sqlite3(
        "UPDATE skills SET version = '1.0.1', content_hash = 'ff', approval_level = 'human' WHERE name = 'jwt'",
    );
    assert_eq!(found(&project, &["zebra"]), ["jwt"]);
    assert!(found(&project, &["giraffe"]).is_empty());
}

#[test]
fn agents_and_tags_restrict_a_search_and_unknown_ones_get_a_hint() {
    let project = Project::new();
    project.file("tree/one/SKILL.md", "---\nname: one\ndescription: Zebra.\ntags: [Web API, git]\n---\n\nx\n");
    project.cfn(["init", "--from", "tree", "--approve-as", "me", "--agents", "backend"]).ok();
    deploy(&project, "two", "Zebra.", &["testing", "ops"]);
    assert_eq!(found(&project, &["zebra", "--agent", "backend"]), ["one"]);
    assert_eq!(found(&project, &["zebra", "--tag", "web api"]), ["one"]);
    assert_eq!(found(&project, &["web"]), ["one"], "tags have words too");
    let unknown = report(&project, &["zebra", "--agent", "backent"]);
    assert_eq!((&unknown["did_you_mean"][0], &unknown["found"]), (&"backend".into(), &0.into()));
    let unknown = report(&project, &["zebra", "--tag", "gitt"]);
    assert_eq!(unknown["did_you_mean"][0], "git");
    let ran = project.cfn(["search", "zebro"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "no skill matches\n"));
    assert!(ran.stderr.contains("did you mean zebra?"), "{}", ran.stderr);
}

#[test]
fn hostile_queries_are_answered_or_refused() {
    let project = with_skills();
    for words in ["!!!", "", "\u{1f600}"] {
        project.fails_as(["search", words], 1, "invalid_input");
    }
    let words: Vec<String> = (0..10).map(|it| format!("w{it} ").repeat(25_000)).collect();
    assert_eq!(project.cfn(["search"].into_iter().chain(words.iter().map(String::as_str))).code, Some(0));
    for words in ["'); DROP TABLE skills; --", "NEAR(a b) OR \"", "=jwt", "#git", "%_*x", "\u{202e}token\u{7}"] {
        let ran = project.cfn(["search", "--", words]);
        assert!(ran.code == Some(0) && !ran.stdout.contains('\u{7}'), "{ran:?}");
    }
    assert_eq!(project.cfn(["search", "x", "--limit", "0"]).code, Some(1));
    let project = Project::new();
    deploy(&project, "bell", "Rings a be\u{1b}[31mll zebra.", &["testing"]);
    let text = project.cfn(["search", "zebra"]).ok();
    assert!(text.contains("\\u{1b}") && !text.contains('\u{1b}'), "{text:?}");
}
