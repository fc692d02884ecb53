//! `cfn load`: selection, order, and skills that are left out.

use crate::harness::Project;
use crate::scene::{deploy, names, path_of, sha256, skill_text, tokens, with_skill};

/// Skills of level auto for the agent type `dev`: name, priority, required.
fn staffed(skills: &[(&str, &str, bool)]) -> Project {
    let project = Project::new();
    for (name, priority, required) in skills {
        let mut more = vec!["testing", "dev", "--priority", priority];
        more.extend(required.then_some("--required"));
        deploy(&project, name, &format!("Body of {name}."), &more);
    }
    project
}

fn mapping(project: &Project, column: &str, json: &str) {
    project.sqlite3(&format!("UPDATE agent_skill_mappings SET {column} = '{json}'"));
}

#[test]
fn prints_content_in_blocks_as_deployed() {
    let project = with_skill("jwt", "domain", "dev");
    let ran = project.cfn(["load", "dev"]);
    let body = skill_text("jwt", "First.");
    let tag = format!("skill_content_{}", &sha256(&body)[..8]);
    assert_eq!(ran.stdout, format!("<{tag} name=\"jwt\" version=\"1.0.0\">\n{body}\n</{tag}>\n"));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(project.cfn(["skill", "load", "dev"]), ran);
    let text = project.cfn(["load", "dev", "--json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["skills"][0]["content"], body);
    assert_eq!(json["skills"][0]["content_hash"], sha256(&body));
    let estimated = json["estimated_tokens"].as_u64().expect("a number");
    assert!(
        text.len().div_ceil(4) as u64 - estimated <= 1,
        "what is written is counted: {estimated} for {}",
        text.len()
    );
}

#[test]
fn required_come_first_then_priority_then_name() {
    let project = staffed(&[
        ("b", "5", false),
        ("a", "5", false),
        ("last", "10", false),
        ("first", "1", false),
        ("must", "9", true),
    ]);
    assert_eq!(names(&project, &["dev"]), ["must", "first", "a", "b", "last"]);
    assert_eq!(names(&project, &["dev", "--max-skills", "2"]), ["must", "first"]);
    let ran = project.cfn(["load", "dev", "--max-skills", "0", "--format", "names"]);
    assert_eq!(ran.stdout, "must\n", "required skills are never cut");
    assert_eq!(ran.stderr.lines().filter(|it| it.contains("over the limit of 0 skills")).count(), 3, "{ran:?}");
    assert!(ran.stderr.ends_with("note: and 1 more; -v shows all\n"), "{ran:?}");
    let all = project.cfn(["load", "dev", "--max-skills", "0", "-v"]).stderr;
    assert_eq!(all.lines().filter(|it| it.contains("over the limit of 0 skills")).count(), 4, "{all}");
}

#[test]
fn a_token_budget_is_filled_in_order_and_is_an_estimate() {
    let project = Project::new();
    for (name, size) in [("a", 400), ("b", 4000), ("c", 400)] {
        project.file("s.md", "x".repeat(size));
        project.cfn(["deploy", "1", name, "s.md", "testing", "dev"]).ok();
    }
    let ran = project.cfn(["load", "dev", "--max-tokens", "250"]);
    assert!(
        ran.stdout.contains("name=\"a\"") && ran.stdout.contains("name=\"c\"") && ran.stdout.len() <= 1000,
        "{ran:?}"
    );
    assert!(ran.stderr.contains("left out b: over the budget of 250 tokens (estimated)"), "{ran:?}");
    let estimate = format!("about {} tokens, estimated as bytes / 4", ran.stdout.len().div_ceil(4));
    assert!(ran.stderr.contains(&estimate), "{ran:?}");
    project.sqlite3("UPDATE agent_skill_mappings SET required = 1 WHERE skill_id = 2");
    assert_eq!(names(&project, &["dev", "--max-tokens", "0"]), ["b"], "required skills are never cut");
}

#[test]
fn conditions_restrict_only_what_the_caller_states() {
    let project = staffed(&[("jwt", "5", false)]);
    mapping(&project, "conditions", r#"{"taskContext": ["auth", "Login"], "phase": ["loop3"]}"#);
    project.sqlite3("UPDATE skills SET tags = '[\"Security\"]'");
    for args in [
        vec!["dev"],
        vec!["dev", "--context", "AUTH"],
        vec!["dev", "--context", "sql,login"],
        vec!["dev", "--context", "security"],
        vec!["dev", "--phase", "LOOP3"],
        vec!["dev", "--context", " , "],
    ] {
        assert_eq!(names(&project, &args), ["jwt"], "{args:?}");
    }
    for args in [
        vec!["dev", "--context", "sql"],
        vec!["dev", "--phase", "loop2"],
        vec!["dev", "--context", "auth", "--phase", "x"],
    ] {
        let ran = project.cfn(["load"].iter().chain(&args));
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "", ""), "{args:?}");
    }
    project.sqlite3("UPDATE agent_skill_mappings SET required = 1");
    assert_eq!(names(&project, &["dev", "--context", "sql"]), ["jwt"], "conditions do not apply to required skills");
}

#[test]
fn a_gate_on_test_figures_fails_where_a_figure_is_unknown() {
    let project = staffed(&[("jwt", "5", false)]);
    let gate = r#"{"min_coverage": 0.9, "min_pass_rate": 0.95, "require_tests": true}"#;
    mapping(&project, "tdd_condition", gate);
    let left_out = |reason: &str| {
        let ran = project.cfn(["load", "dev"]);
        assert_eq!(ran.stderr, format!("note: left out jwt: {reason}\n"));
        assert_eq!(ran.ok(), "");
    };
    left_out("its test coverage is unknown or below min_coverage");
    project.sqlite3("UPDATE skills SET test_coverage = 0.9");
    left_out("its latest test pass rate is unknown or below min_pass_rate");
    let log = |rate: &str| {
        project.sqlite3(&format!(
            "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, test_pass_rate) VALUES ('a', 'dev', 1, {rate})"
        ));
    };
    log("1.0");
    log("0.5");
    log("NULL");
    left_out("its latest test pass rate is unknown or below min_pass_rate");
    log("0.95");
    left_out("it has no test suite, and require_tests is set");
    project.sqlite3("UPDATE skills SET test_suite_path = 'tests/jwt.sh'");
    assert_eq!(names(&project, &["dev"]), ["jwt"]);
}

#[test]
fn conditions_that_cannot_be_read_leave_the_skill_out_by_name() {
    for (column, json) in [("conditions", "{oops"), ("conditions", r#"{"phase": 3}"#), ("tdd_condition", "[]")] {
        let project = staffed(&[("jwt", "5", false), ("sql", "5", false)]);
        project.sqlite3(&format!("UPDATE agent_skill_mappings SET {column} = '{json}' WHERE skill_id = 1"));
        let ran = project.cfn(["load", "dev", "--format", "names"]);
        assert!(ran.stderr.contains(&format!("warning: left out jwt: its {column} is not readable")), "{ran:?}");
        assert_eq!(ran.ok(), "sql\n");
    }
}

#[test]
fn an_agent_type_without_mappings_gets_nothing_and_a_hint() {
    let project = with_skill("jwt", "domain", "backend-developer");
    bootstrap(&project, "basics", 1, "Basics.");
    let ran = project.cfn(["load", "backend-develper"]);
    let hint = "note: no skill is mapped to agent type \"backend-develper\"; did you mean backend-developer?\n";
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "", hint));
    let json = project.cfn(["load", "backend-develper", "--json"]).json();
    assert_eq!(json["skills"].as_array().map(Vec::len), Some(0));
    assert_eq!(json["did_you_mean"][0], "backend-developer");
    for bad in ["", "a b", "$(id)", "'); DROP TABLE skills; --", "../x"] {
        project.cfn(["load", bad]).fails(1);
    }
}

#[test]
fn the_approved_version_is_served_while_a_newer_one_waits() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3(
        "UPDATE skills SET version = '2.0.0', content_hash = '0000000000000000000000000000000000000000000000000000000000000000'",
    );
    assert!(project.cfn(["load", "dev"]).ok().contains("version=\"1.0.0\">"));
    project.sqlite3("UPDATE agent_skill_mappings SET required = 1");
    assert!(project.cfn(["load", "dev"]).ok().contains("First."));
    deploy(&project, "jwt", "Third.", &["domain", "", "--version", "3.0.0"]);
    project.cfn(["skill", "reject", "jwt", "--approver", "me"]).ok();
    assert!(project.cfn(["load", "dev"]).ok().contains("version=\"1.0.0\">"), "a rejected one neither");
}

#[test]
fn skills_that_are_not_active_enabled_and_approved_are_not_served() {
    let project =
        staffed(&[("a", "5", false), ("b", "5", false), ("c", "5", false), ("d", "5", false), ("e", "5", false)]);
    project.sqlite3(
        "UPDATE skills SET status = 'deprecated' WHERE name = 'a'; UPDATE skills SET status = 'archived' WHERE name = 'b';
         UPDATE agent_skill_mappings SET enabled = 0 WHERE skill_id = 3;",
    );
    project.cfn(["skill", "reject", "d", "--approver", "me"]).ok();
    let ran = project.cfn(["load", "dev", "--format", "names"]);
    assert_eq!(ran.stdout, "e\n");
    assert_eq!(ran.stderr, "warning: left out d: no version of it is approved\n");
}

#[test]
fn missing_or_damaged_content_is_never_served() {
    for (damage, reason) in [
        ("DELETE FROM skill_contents", "its approved bytes are not in the database"),
        ("UPDATE skill_contents SET bytes = 'Poisoned.'", "its stored bytes are not the approved ones"),
        ("UPDATE skill_contents SET bytes = x''", "its stored bytes are not the approved ones"),
    ] {
        let project = with_skill("jwt", "domain", "dev");
        project.sqlite3(damage);
        let ran = project.cfn(["load", "dev"]);
        assert!(ran.stderr.contains(reason), "{ran:?}");
        assert_eq!(ran.ok(), "", "the file on disk is never read to serve a body");
        project.sqlite3("UPDATE agent_skill_mappings SET required = 1");
        let message = project.cfn(["load", "dev"]).fails(7);
        assert!(message.contains("\"jwt\" 1.0.0: ") && message.contains("Deploy the approved file again"), "{message}");
        project.cfn(["deploy", "1", "jwt", &path_of("jwt")]).ok();
        assert!(project.cfn(["load", "dev"]).ok().contains("First."), "deploying puts them back");
    }
}

/// A bootstrap skill whose bytes are stored.
fn bootstrap(project: &Project, name: &str, order: u32, body: &str) {
    let hash = sha256(body);
    project.sqlite3(&format!(
        "INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash)
         VALUES ('{name}', 'boot/{name}.md', {order}, 'About {name}', '{hash}');
         INSERT OR IGNORE INTO skill_contents (hash, bytes) VALUES ('{hash}', '{body}')"
    ));
}

#[test]
fn bootstrap_skills_come_before_all_and_a_missing_one_is_only_a_warning() {
    let project = staffed(&[("jwt", "1", true)]);
    bootstrap(&project, "zeta", 1, "Zeta.");
    bootstrap(&project, "alpha", 2, "Alpha.");
    bootstrap(&project, "off", 3, "Off.");
    bootstrap(&project, "bare", 4, "Bare.");
    bootstrap(&project, "poisoned", 5, "Poisoned.");
    project.sqlite3(&format!(
        "UPDATE bootstrap_skills SET enabled = 0 WHERE skill_name = 'off';
         UPDATE bootstrap_skills SET content_hash = NULL WHERE skill_name = 'bare';
         UPDATE skill_contents SET bytes = 'x' WHERE hash = '{}'",
        sha256("Poisoned.")
    ));
    let ran = project.cfn(["load", "dev", "--max-skills", "1", "--format", "names"]);
    assert_eq!(ran.stdout, "zeta\nalpha\njwt\n");
    assert!(ran.stderr.contains("note: left out 1 bootstrap skill without stored bytes: bare; "), "{ran:?}");
    assert!(
        ran.stderr.contains("warning: left out poisoned: bootstrap skill: its stored bytes are not the approved ones"),
        "{ran:?}"
    );
    assert_eq!(names(&project, &["dev", "--no-bootstrap"]), ["jwt"]);
    let text = project.cfn(["load", "dev", "--quiet"]);
    let tag = format!("skill_content_{}", &sha256("Zeta.")[..8]);
    assert!(text.stdout.starts_with(&format!("<{tag} name=\"zeta\">\nZeta.\n</{tag}>\n")), "{text:?}");
    assert_eq!(text.stderr, "");
}

#[test]
fn missing_bootstrap_skills_share_one_line_that_says_how_to_disable_them() {
    let project = staffed(&[("jwt", "5", false)]);
    for index in 0..7 {
        project.sqlite3(&format!(
            "INSERT INTO bootstrap_skills (skill_name, file_path, description, load_order) VALUES ('b{index}', 'b', 'd', {index})"
        ));
    }
    let ran = project.cfn(["load", "dev", "--format", "names"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.lines().count()), ("jwt\n", 1), "{ran:?}");
    assert!(
        ran.stderr.contains("left out 7 bootstrap skills without stored bytes: b0, b1, b2 and 4 more; "),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("UPDATE bootstrap_skills SET enabled = 0"), "{ran:?}");
    assert!(project.cfn(["load", "dev", "-v"]).stderr.contains("b0, b1, b2, b3, b4, b5, b6; "));
    assert_eq!(project.cfn(["load", "dev", "--no-bootstrap"]).stderr, "");
    let (_, disable) = ran.stderr.trim_end().split_once("this disables them: ").expect("a command");
    assert!(std::process::Command::new("sh").args(["-c", disable]).status().expect("sh runs").success(), "{disable}");
    assert_eq!(project.cfn(["load", "dev"]).stderr, "");
}

#[test]
fn reading_writes_nothing_and_an_agent_id_logs_one_row_a_skill() {
    let project = staffed(&[("a", "5", false), ("b", "5", false)]);
    bootstrap(&project, "basics", 1, "Basics.");
    let before = tokens(&project);
    project.cfn(["load", "dev"]).ok();
    assert_eq!(tokens(&project), before);
    let args = ["load", "dev", "--agent-id", "dev-1", "--task-id", "t-9", "--phase", "loop3", "--format", "names"];
    assert_eq!(project.cfn(args).ok(), "basics\na\nb\n");
    let rows = project.sqlite3(
        "SELECT u.agent_id, u.agent_type, s.name, u.task_id, u.phase, u.approval_level, u.phase4_generated, u.version,
           u.content_hash = s.content_hash, u.loaded_at GLOB '????-??-?? ??:??:??'
         FROM skill_usage_log u JOIN skills s ON s.id = u.skill_id ORDER BY u.id",
    );
    assert_eq!(rows, "dev-1|dev|a|t-9|loop3|auto|1|1.0.0|1|1\ndev-1|dev|b|t-9|loop3|auto|1|1.0.0|1|1");
    let after = tokens(&project);
    assert!(after.0 == before.0 && after.1 != before.1, "only the usage log changed");
    assert!(project.cfn(["load", "dev", "--task-id", "t"]).fails(1).contains("--agent-id"));
}

/// Scripts pass `--phase "$PHASE"` whether or not there is one.
#[test]
fn empty_arguments_state_nothing() {
    let project = with_skill("jwt", "testing", "dev");
    mapping(&project, "conditions", r#"{"taskContext": ["auth"], "phase": "loop3"}"#);
    assert_eq!(names(&project, &["dev", "--phase", "", "--context", "", "--agent-id", "", "--task-id", " "]), ["jwt"]);
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log"), "0", "nobody is logged for no agent");
    assert_eq!(names(&project, &["dev", "--phase", "loop2"]), [""; 0]);
    mapping(&project, "conditions", r#"{"taskContext": [""], "phase": ""}"#);
    assert_eq!(names(&project, &["dev", "--phase", "loop2", "--context", "sql"]), ["jwt"], "nor do empty conditions");
}
