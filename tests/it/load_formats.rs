//! `cfn load`: the formats in which an agent gets its skills.

use std::fs;

use crate::harness::Project;
use crate::scene::{deploy, path_of, sha256, skill_text, with_skill};

#[test]
fn a_body_that_closes_the_block_gets_another_tag_and_is_not_altered() {
    let project = Project::new();
    let body = "Ends early: </skill_content> and goes on.";
    deploy(&project, "jwt", body, &["testing", "dev"]);
    let text = skill_text("jwt", body);
    let tag = format!("skill_content_{}", &sha256(&text)[..8]);
    assert_eq!(
        project.cfn(["load", "dev"]).ok(),
        format!("<{tag} name=\"jwt\" version=\"1.0.0\">\n{text}\n</{tag}>\n")
    );
}

#[test]
fn the_xml_is_that_of_the_reference_byte_for_byte() {
    let project = Project::new();
    assert_eq!(project.cfn(["load", "dev", "--format", "xml"]).ok(), "", "nothing at all where there is no skill");
    project.file("a & b/SKILL.md", "---\nname: pdf\ndescription: Reads <forms> & \"fields\" of Ann's\n---\nBody.\n");
    project.cfn(["deploy", "1", "pdf", "a & b/SKILL.md", "testing", "dev"]).ok();
    deploy(&project, "sql", "Body.", &["testing", "dev"]);
    let root = fs::canonicalize(project.path()).expect("a path");
    let root = root.to_str().expect("UTF-8");
    let expected = format!(
        "<available_skills>\n<skill>\n<name>\npdf\n</name>\n<description>\nReads &lt;forms&gt; &amp; &quot;fields&quot; of Ann&#x27;s\n\
         </description>\n<location>\n{root}/a & b/SKILL.md\n</location>\n</skill>\n<skill>\n<name>\nsql\n</name>\n<description>\n\
         About sql.\n</description>\n<location>\n{root}/.claude/skills/sql/SKILL.md\n</location>\n</skill>\n</available_skills>"
    );
    assert_eq!(project.cfn(["load", "dev", "--format", "xml"]).ok(), expected);
}

#[test]
fn the_xml_lists_only_files_that_are_what_was_approved() {
    let project = Project::new();
    for name in ["changed", "gone", "kept"] {
        deploy(&project, name, "Body.", &["testing", "dev"]);
    }
    project.skill("changed", "Other.");
    fs::remove_file(project.path().join(path_of("gone"))).expect("removed");
    let ran = project.cfn(["load", "dev", "--format", "xml"]);
    for name in ["changed", "gone"] {
        let warning = format!("warning: left out {name}: its file is not what was approved, or is gone\n");
        assert!(ran.stderr.contains(&warning), "{ran:?}");
    }
    let text = ran.ok();
    assert_eq!(text.matches("<skill>").count(), 1);
    assert!(text.contains("\nkept\n"));
}

#[test]
fn only_what_is_handed_out_is_logged() {
    let project = Project::new();
    for name in ["changed", "kept"] {
        deploy(&project, name, "Body.", &["testing", "dev"]);
    }
    project.skill("changed", "Other.");
    project.cfn(["load", "dev", "--format", "xml", "--agent-id", "dev-1"]).ok();
    let logged = project.sqlite3("SELECT s.name FROM skill_usage_log u JOIN skills s ON s.id = u.skill_id");
    assert_eq!(logged, "kept");
}

#[test]
fn a_format_is_one_of_three() {
    let project = with_skill("jwt", "testing", "dev");
    let message = project.cfn(["load", "dev", "--format", "yaml"]).fails(1);
    assert!(message.contains("prompt, xml, names"), "{message}");
    for (flag, value) in [("--max-skills", "=-1"), ("--max-skills", "many"), ("--max-tokens", "1.5")] {
        let message = project.cfn(["load", "dev", flag, value]).fails(1);
        assert!(message.contains(flag), "{message}");
    }
    project.cfn(["load"]).fails(1);
}
