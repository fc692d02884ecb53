//! `cfn skill lint`.

use super::searching::with_skills;

#[test]
fn stored_skills_are_linted_like_files() {
    let project = with_skills();
    assert!(project.cfn(["skill", "lint"]).ok().ends_with(", 0 with errors\n"));
    project.file("tree/odd/SKILL.md", "---\nname: odd\ndescription: Odd.\nunknown: 1\n---\n\nx\n");
    project.cfn(["init", "--from", "tree"]).ok();
    let lenient = project.cfn(["skill", "lint"]).ok();
    assert!(lenient.contains("odd:4: warning: "), "{lenient}");
    let strict = project.cfn(["skill", "lint", "--strict"]);
    assert_eq!(strict.code, Some(1));
    assert!(strict.stdout.contains("odd:4: error: "), "{}", strict.stdout);
    project.sqlite3(
        "UPDATE skill_contents SET bytes = 'x' WHERE hash = (SELECT content_hash FROM skills WHERE name = 'odd')",
    );
    assert_eq!(project.cfn(["skill", "lint"]).code, Some(1));
}

#[test]
fn descriptions_that_an_agent_may_confuse_are_paired() {
    let project = with_skills();
    let none = project.cfn(["skill", "lint", "--confusable", "--json"]).json();
    assert_eq!(none["pairs"].as_array().map(Vec::len), Some(0), "{none}");
    for name in ["one", "two"] {
        let text = format!("---\nname: {name}\ndescription: Rotates signing keys of {name} vaults safely.\n---\n\nx\n");
        project.file(&format!("tree/{name}/SKILL.md"), text);
    }
    project.cfn(["init", "--from", "tree", "--approve-as", "me"]).ok();
    let report = project.cfn(["skill", "lint", "--confusable", "--json"]).json();
    assert_eq!(report["pairs"][0]["names"], serde_json::json!(["one", "two"]), "{report}");
    assert!(report["pairs"][0]["shared"].as_array().is_some_and(|it| it.contains(&"rotates".into())), "{report}");
    for typed in ["0", "2", "x", "NaN"] {
        assert_eq!(project.cfn(["skill", "lint", "--confusable", "--threshold", typed]).code, Some(1), "{typed}");
    }
}
