//! `cfn deploy`: compatibility with the old script, and refusals.

use crate::harness::{Project, binary};
use crate::scene::{deploy, dump, path_of, sha256, skill_text, tokens, versions, with_skill};

#[test]
fn prints_only_the_id() {
    let project = Project::new();
    project.skill("jwt", "Body.");
    let ran = project.cfn(["deploy", "42", "jwt", &path_of("jwt"), "domain", "backend-developer,api-designer"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "1\n", ""));
    project.skill("sql", "Body.");
    assert_eq!(project.cfn(["skill", "deploy", "7", "sql", &path_of("sql")]).ok(), "2\n");
    project.assert_whole();
}

#[test]
fn a_script_of_two_lines_replaces_the_old_one() {
    let project = Project::new();
    project.skill("jwt", "Body.");
    let wrapper = format!("#!/usr/bin/env bash\nexec {} deploy \"$@\"\n", binary().display());
    project.file("deploy-approved-skill.sh", wrapper);
    let caller = "SKILL_ID=$(bash deploy-approved-skill.sh 42 jwt .claude/skills/jwt/SKILL.md domain 'a, b') && echo \"id=$SKILL_ID\"";
    let output = std::process::Command::new("bash").args(["-c", caller]).current_dir(project.path()).output();
    let output = output.expect("bash runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "id=1\n", "{output:?}");
}

#[test]
fn writes_every_column_that_the_old_script_wrote() {
    let project = Project::new();
    let text = skill_text("jwt", "Body.");
    deploy(&project, "jwt", "Body.", &["infrastructure", "dev"]);
    let row = project.sqlite3(
        "SELECT name, category, content_path, content_hash, version, status, approval_level, phase4_pattern_id, generated_by,
           is_auto_generated, last_approved_by, last_approval_date = created_at FROM skills",
    );
    let hash = sha256(&text);
    assert_eq!(
        row,
        format!(
            "jwt|infrastructure|.claude/skills/jwt/SKILL.md|{hash}|1.0.0|active|escalate|1|phase4|1|phase4-system|1"
        )
    );
    let approval = "SELECT skill_id, version, approval_level, approver, decision, reasoning <> '', content_hash FROM approval_history";
    assert_eq!(project.sqlite3(approval), format!("1|1.0.0|escalate|phase4-system|approved|1|{hash}"));
    let mapping =
        "SELECT agent_type, skill_id, priority, required, conditions IS NULL, enabled FROM agent_skill_mappings";
    assert_eq!(project.sqlite3(mapping), "dev|1|5|0|1|1");
    assert_eq!(
        project.sqlite3("SELECT hash, CAST(bytes AS TEXT) FROM skill_contents"),
        format!("{hash}|{text}").trim_end()
    );
    assert_eq!(project.sqlite3("SELECT created_at = strftime('%Y-%m-%d %H:%M:%S', created_at) FROM skills"), "1");
}

#[test]
fn the_category_decides_the_level() {
    let project = Project::new();
    let levels = [
        ("coordination", "auto"),
        ("testing", "auto"),
        ("foundation", "auto"),
        ("infrastructure", "escalate"),
        ("domain", "human"),
    ];
    for (category, level) in levels {
        deploy(&project, category, "Body.", &[category]);
        let found = project.sqlite3(&format!("SELECT approval_level FROM skills WHERE name = '{category}'"));
        assert_eq!(found, level, "{category}");
    }
    deploy(&project, "unsaid", "Body.", &[]);
    assert_eq!(project.sqlite3("SELECT category, approval_level FROM skills WHERE name = 'unsaid'"), "domain|human");
}

#[test]
fn the_same_bytes_again_add_only_what_is_missing() {
    let project = with_skill("jwt", "domain", "dev");
    let before = (dump(&project), tokens(&project));
    assert_eq!(project.cfn(["deploy", "1", "jwt", &path_of("jwt"), "domain", "dev"]).ok(), "1\n");
    assert_eq!((dump(&project), tokens(&project)), before, "nothing was missing");

    assert_eq!(project.cfn(["deploy", "1", "jwt", &path_of("jwt"), "", "dev,tester"]).ok(), "1\n");
    assert_eq!(project.sqlite3("SELECT agent_type FROM agent_skill_mappings ORDER BY id"), "dev\ntester");
    assert_eq!(versions(&project, "jwt"), "1.0.0 deploy");

    project.sqlite3("DELETE FROM skill_contents; DELETE FROM approval_history");
    assert_eq!(project.cfn(["deploy", "1", "jwt", &path_of("jwt")]).ok(), "1\n");
    assert_eq!(project.sqlite3("SELECT count(*), (SELECT count(*) FROM approval_history) FROM skill_contents"), "1|1");
    project.assert_whole();
}

#[test]
fn rejected_bytes_are_accepted_only_with_an_override_and_a_reason() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["skill", "reject", "jwt", "--approver", "me"]).ok();
    assert_eq!(project.cfn(["load", "dev"]).ok(), "");
    let before = dump(&project);
    let path = path_of("jwt");
    project.fails_as(["deploy", "1", "jwt", &path], 7, "rejected");
    project.fails_as(["deploy", "1", "jwt", &path, "--version", "1.5.0"], 7, "rejected");
    project.fails_as(["deploy", "1", "jwt", &path, "--override-rejection"], 1, "invalid_arguments");
    project.cfn(["deploy", "1", "jwt", &path, "--override-rejection", "--reason", " "]).fails(1);
    assert_eq!(dump(&project), before);
    let overrides = ["--override-rejection", "--reason", "it was a mistake", "--approver", "ann"];
    let ran = project.cfn(["deploy", "1", "jwt", &path].into_iter().chain(overrides));
    assert_eq!(ran.ok(), "1\n");
    assert!(project.cfn(["load", "dev"]).ok().contains("First."));
    assert_eq!(project.sqlite3("SELECT group_concat(decision) FROM approval_history"), "approved,rejected,approved");
    let recorded = project
        .sqlite3("SELECT approver, reasoning, approval_criteria_check FROM approval_history ORDER BY id DESC LIMIT 1");
    assert_eq!(recorded, r#"ann|it was a mistake|{"overrides_rejection":2}"#);
}

#[test]
fn other_bytes_become_the_next_patch_version_and_the_old_ones_stay() {
    let project = with_skill("jwt", "domain", "dev");
    assert_eq!(deploy(&project, "jwt", "Second.", &[]), "1");
    assert_eq!(deploy(&project, "jwt", "Third.", &["domain", "", "--version", "2.0.0"]), "1");
    assert_eq!(versions(&project, "jwt"), "1.0.0 deploy, 1.0.1 deploy, 2.0.0 deploy");
    let first = project.cfn(["skill", "show", "jwt", "--version", "1.0.0", "--content"]).ok();
    assert_eq!(first, skill_text("jwt", "First."));
    assert_eq!(project.sqlite3("SELECT count(*) FROM approval_history WHERE decision = 'approved'"), "3");
    project.assert_whole();
}

#[test]
fn a_new_number_must_be_higher_and_new_bytes_need_one() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "jwt", "Second.", &["domain", "", "--version", "1.5.0"]);
    let before = dump(&project);
    let path = path_of("jwt");
    let same = project.cfn(["deploy", "1", "jwt", &path, "--version", "1.6.0"]);
    assert!(same.fails(6).starts_with("error: \"jwt\" 1.5.0 "), "the version that has them is named");
    assert_eq!(project.cfn(["deploy", "1", "jwt", &path, "--version", "1.5.0"]).ok(), "1\n");
    project.skill("jwt", "Third.");
    for lower in ["1.5.0", "1.4.9", "0.0.0", "1.0.0"] {
        let message = project.cfn(["deploy", "1", "jwt", &path, "--version", lower]).fails(5);
        assert!(message.contains(lower) && message.contains("1.5.0"), "{message}");
    }
    assert_eq!(dump(&project), before);
}

#[test]
fn a_number_that_other_bytes_once_had_is_never_given_again() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "jwt", "Second.", &[]);
    project.sqlite3(
        "UPDATE skills SET version = '1.0.0',
         content_hash = (SELECT content_hash FROM skill_versions WHERE version = '1.0.0')",
    );
    project.skill("jwt", "Third.");
    let path = path_of("jwt");
    project.fails_as(["deploy", "1", "jwt", &path, "--version", "1.0.1"], 5, "version_taken");
    project.cfn(["deploy", "1", "jwt", &path]).ok();
    assert_eq!(versions(&project, "jwt"), "1.0.0 deploy, 1.0.1 deploy, 1.0.2 deploy");
}

#[test]
fn bytes_that_another_program_put_under_the_current_number_get_a_number_of_their_own() {
    let project = with_skill("jwt", "domain", "dev");
    let other = skill_text("jwt", "Edited.");
    project.skill("jwt", "Edited.");
    project.sqlite3(&format!("UPDATE skills SET content_hash = '{}'", sha256(&other)));
    assert!(project.cfn(["load", "dev"]).ok().contains("First."), "what was approved stays served");
    project.cfn(["deploy", "1", "jwt", &path_of("jwt")]).ok();
    assert_eq!(versions(&project, "jwt"), "1.0.0 deploy, 1.0.1 deploy");
    assert_eq!(project.cfn(["skill", "show", "jwt", "--content"]).ok(), other);
    project.assert_whole();
}

#[test]
fn nothing_lowers_the_level_of_a_skill() {
    let project = with_skill("jwt", "domain", "dev");
    let before = dump(&project);
    let path = path_of("jwt");
    for category in ["testing", "infrastructure"] {
        project.fails_as(["deploy", "1", "jwt", &path, category], 7, "lowers_approval_level");
    }
    for level in ["auto", "escalate"] {
        project.file(&path, format!("---\nname: jwt\ndescription: x\napproval_level: {level}\n---\nNew.\n"));
        project.fails_as(["deploy", "1", "jwt", &path], 7, "lowers_approval_level");
    }
    assert_eq!(dump(&project), before);
}

#[test]
fn a_category_and_front_matter_may_raise_it() {
    let project = with_skill("jwt", "testing", "dev");
    let level = |project: &Project| project.sqlite3("SELECT category, approval_level FROM skills");
    project.file(&path_of("jwt"), "---\nname: jwt\ndescription: x\napproval_level: escalate\n---\nNew.\n");
    project.cfn(["deploy", "1", "jwt", &path_of("jwt")]).ok();
    assert_eq!(level(&project), "testing|escalate");
    project.skill("jwt", "Newer.");
    project.cfn(["deploy", "1", "jwt", &path_of("jwt")]).ok();
    assert_eq!(level(&project), "testing|escalate", "a raised level stays");
    project.cfn(["deploy", "1", "jwt", &path_of("jwt"), "domain"]).ok();
    assert_eq!(level(&project), "domain|human");
    project.cfn(["deploy", "1", "jwt", &path_of("jwt")]).ok();
    assert_eq!(level(&project), "domain|human", "a category that is left out is kept");
}

#[test]
fn flags_describe_the_skill_and_its_new_mappings() {
    let project = Project::new();
    project.file("s.md", "---\nname: jwt\ndescription: x\ntags: [a, b]\nowner: front\n---\nBody.\n");
    let args = "deploy 1 jwt s.md domain dev --priority 1 --required --context auth,sql --phase loop3 --team t --approver me@x --reason why";
    project.cfn(args.split(' ')).ok();
    assert_eq!(project.sqlite3("SELECT tags, owner, team, last_approved_by FROM skills"), "[\"a\",\"b\"]|front|t|me@x");
    let mapping = project.sqlite3("SELECT priority, required, conditions FROM agent_skill_mappings");
    assert_eq!(mapping, r#"1|1|{"taskContext":["auth","sql"],"phase":"loop3"}"#);
    assert_eq!(project.sqlite3("SELECT approver, reasoning FROM approval_history"), "me@x|why");
    project.cfn(["deploy", "1", "jwt", "s.md", "--tags", "c", "--owner", "flag"]).ok();
    assert_eq!(project.sqlite3("SELECT tags, owner, team FROM skills"), "[\"c\"]|flag|t");
    let kept = project.sqlite3("SELECT priority, required FROM agent_skill_mappings");
    assert_eq!(kept, "1|1", "a mapping that is there is left as it is");
}

#[test]
fn empty_options_state_nothing_and_words_lose_their_blanks() {
    let project = Project::new();
    project.file("s.md", "Body.");
    let empty = ["--phase", "", "--context", " ,", "--owner", "", "--team", " ", "--approver", "", "--reason", ""];
    let mut args = vec!["deploy", "1", "jwt", "s.md", "", "dev", "--tags", " auth, tokens,,"];
    args.extend(empty);
    project.cfn(args).ok();
    let row = project.sqlite3(
        "SELECT quote(owner), quote(team), tags, quote(conditions), last_approved_by, reasoning <> ''
         FROM skills s JOIN agent_skill_mappings m ON m.skill_id = s.id JOIN approval_history a ON a.skill_id = s.id",
    );
    assert_eq!(row, r#"NULL|NULL|["auth","tokens"]|NULL|phase4-system|1"#);
}
