//! `cfn load --budget`: what a client would cut from its listing of an agent's skills.

use serde_json::Value;

use crate::harness::Project;
use crate::scene::with_skill;

/// 300 approved skills of the agent type `dev`, with descriptions of 100 characters.
fn three_hundred() -> Project {
    let project = Project::empty();
    for number in 0..300 {
        let name = format!("skill-{number:03}");
        let text = format!("---\nname: {name}\ndescription: {}\n---\n\nBody.\n", "d".repeat(100));
        project.file(&format!("tree/{name}/SKILL.md"), text);
    }
    project.cfn(["init", "--from", "tree", "--approve-as", "me", "--agents", "dev"]).ok();
    project
}

/// The names with this verdict.
fn with_verdict<'a>(report: &'a Value, verdict: &str) -> Vec<&'a str> {
    let skills = report["skills"].as_array().expect("a list").iter();
    skills.filter(|it| it["verdict"] == verdict).filter_map(|it| it["name"].as_str()).collect()
}

#[test]
fn each_client_cuts_three_hundred_skills_in_its_way() {
    let project = three_hundred();
    for name in ["skill-299", "skill-150"] {
        project.cfn(["log", name, "--agent-id", "a-1", "--agent-type", "dev"]).ok();
    }
    project.cfn(["log", "skill-298", "--agent-id", "a-2", "--agent-type", "other"]).ok();
    let report = |client: &str| project.cfn(["load", "dev", "--budget", client, "--json"]).json();

    let claude = report("claude");
    assert_eq!((&claude["budget"], &claude["used"], &claude["cut"]), (&8000.into(), &7985.into(), &257.into()));
    let kept = with_verdict(&claude, "kept");
    assert_eq!((kept.len(), &kept[..3]), (43, &["skill-150", "skill-299", "skill-000"][..]), "the most used first");
    assert_eq!(claude["rules"]["percent"]["value"], 1);
    assert!(claude["rules"]["percent"]["source"].as_str().is_some_and(|it| it.starts_with("https://")), "{claude}");

    let codex = report("codex");
    assert_eq!((&codex["unit"], &codex["budget"], &codex["cut"]), (&"tokens".into(), &5440.into(), &300.into()));
    assert_eq!(with_verdict(&codex, "shortened").len(), 300);

    let copilot = report("copilot");
    assert_eq!((&copilot["budget"], &copilot["cut"]), (&15000.into(), &227.into()));
    assert_eq!(with_verdict(&copilot, "kept").last(), Some(&"skill-072"));
}

#[test]
fn strict_fails_where_anything_is_cut() {
    let project = three_hundred();
    let cut = project.cfn(["load", "dev", "--budget", "claude", "--strict"]);
    assert_eq!(cut.code, Some(7), "{cut:?}");
    assert!(cut.stdout.starts_with("Claude Code lists skills in 8,000 characters in a context window of"), "{cut:?}");
    assert!(cut.stdout.contains("it lists 7,985 characters and cuts 257 skills\n"), "{cut:?}");
    assert_eq!(cut.stdout.lines().filter(|it| it.contains("no description")).count(), 257, "{cut:?}");
    let wide = ["load", "dev", "--budget", "claude", "--strict", "--context-window", "1000000"];
    assert_eq!(project.cfn(wide).code, Some(0));
    let few = ["load", "dev", "--budget", "claude", "--strict", "--max-skills", "20"];
    assert_eq!(project.cfn(few).code, Some(0));
}

#[test]
fn the_paths_that_codex_lists_count() {
    let project = with_skill("jwt", "testing", "dev");
    let report = project.cfn(["load", "dev", "--budget", "codex", "--context-window", "0", "--json"]).json();
    let path = project.path().canonicalize().expect("a path").join(".agents/skills/jwt/SKILL.md");
    let line = format!("- jwt: About jwt. (file: {})\n", path.display());
    assert_eq!((&report["unit"], &report["used"]), (&"characters".into(), &line.len().into()), "{report}");
    assert_eq!((&report["budget"], &report["context_window"]), (&8000.into(), &Value::Null));
}

#[test]
fn an_unknown_client_is_refused_with_the_known_ones() {
    let project = with_skill("jwt", "testing", "dev");
    let said = project.cfn(["load", "dev", "--budget", "cladue"]).fails(1);
    assert!(said.contains("claude") && said.contains("copilot"), "{said}");
    project.cfn(["load", "dev", "--strict"]).fails(1);
    project.cfn(["load", "dev", "--budget", "claude", "--format", "xml"]).fails(1);
    project.cfn(["load", "dev", "--budget", "claude", "--agent-id", "a"]).fails(1);
    assert!(project.cfn(["load", "devv", "--budget", "claude"]).stderr.contains("did you mean dev?"));
}

#[test]
fn an_export_is_measured_before_it_is_made() {
    let project = three_hundred();
    let load = project.cfn(["load", "dev", "--budget", "claude", "--json"]).json();
    let export = project.cfn(["export", "out", "--agent", "dev", "--client", "claude", "--json"]).json();
    assert_eq!(export, load, "the same skills, the same listing");
    let strict = project.cfn(["export", "out", "--all", "--client", "copilot", "--strict"]);
    assert_eq!(strict.code, Some(7), "{strict:?}");
    assert!(strict.stdout.contains("cuts 227 skills"), "{strict:?}");
    let wide = ["export", "out", "--all", "--client", "claude", "--strict", "--context-window", "1000000"];
    assert_eq!(project.cfn(wide).code, Some(0));
    assert!(!project.path().join("out").exists(), "nothing is exported");
    project.cfn(["export", "out", "--all", "--strict"]).fails(1);
}
