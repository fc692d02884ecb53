//! The approval level in front matter: whatever a file says, it never weakens its own review.

use crate::harness::Project;
use crate::scene::{deploy, path_of, sha256, skill_text};

/// A skill of a level that is automatic, with these lines in its front matter: its level, and what was said.
fn level(lines: &str) -> (String, String) {
    let project = Project::new();
    let path = path_of("jwt");
    project.file(&path, format!("---\nname: jwt\ndescription: d\n{lines}\n---\n\nBody.\n"));
    let ran = project.cfn(["deploy", "1", "jwt", &path, "testing"]);
    let said = ran.stderr.clone();
    ran.ok();
    (project.sqlite3("SELECT approval_level FROM skills"), said)
}

#[test]
fn a_level_is_read_without_regard_to_case() {
    for lines in ["approval_level: Human", "approval_level: HUMAN", "metadata: {approval_level: ' Human '}"] {
        assert_eq!(level(lines), ("human".to_owned(), String::new()), "{lines}");
    }
    assert_eq!(level("approval_level: Escalate").0, "escalate");
    assert_eq!(level("approval_level: AUTO").0, "auto");
}

#[test]
fn a_level_that_cannot_be_read_counts_as_the_strictest() {
    for lines in
        ["approval_level: person", "approval_level: [human]", "metadata: {approval_level: 3}", "approval_level: no"]
    {
        let (level, said) = level(lines);
        assert!(level == "human" && said.contains("it counts as human, the strictest level"), "{lines}: {said}");
    }
    for lines in ["approval_level:", "approval_level: ''", "metadata: {approval_level: ~}"] {
        assert_eq!(level(lines), ("auto".to_owned(), String::new()), "{lines}");
    }
}

#[test]
fn of_two_levels_the_stricter_one_counts() {
    for lines in [
        "approval_level: auto\nmetadata: {approval_level: human}",
        "metadata: {approval_level: human}\napproval_level: auto",
        "approval_level: human\nmetadata: {approval_level: auto}",
    ] {
        let (level, said) = level(lines);
        assert!(level == "human" && said.contains("the stricter one counts"), "{lines}: {said}");
    }
}

#[test]
fn an_unknown_category_does_not_hide_one_that_raises_the_level() {
    for lines in [
        "category: bogus\nmetadata: {category: infrastructure}",
        "metadata: {category: infrastructure}\ncategory: Infrastructure!",
        "category: [testing]\nmetadata: {category: ' infrastructure '}",
    ] {
        let (level, said) = level(lines);
        assert_eq!(level, "escalate", "{lines}: {said}");
        assert!(said.contains("\"category\"") && said.contains("infrastructure"), "{lines}: {said}");
    }
    for lines in
        ["category: testing\nmetadata: {category: infrastructure}", "category: bogus\nmetadata: {category: odd}"]
    {
        assert_eq!(level(lines).0, "auto", "{lines}");
    }
    let (_, said) = level("category: bogus\nmetadata: {category: odd}");
    assert!(said.contains("bogus"), "{said}");
}

#[test]
fn a_hash_in_upper_case_is_no_changed_file() {
    let project = Project::new();
    deploy(&project, "jwt", "First.", &["domain", "dev"]);
    let hash = sha256(skill_text("jwt", "First.")).to_uppercase();
    project.sqlite3(&format!(
        "UPDATE skills SET content_hash = '{hash}';
         INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash)
         SELECT 'boot', content_path, 1, 'd', content_hash FROM skills"
    ));
    let verified = project.cfn(["skill", "verify"]);
    assert_eq!(verified.code, Some(7), "{verified:?}");
    assert!(verified.stdout.contains("its hash is recorded in upper case"), "{verified:?}");
    assert!(!format!("{verified:?}").contains("its file changed since"), "{verified:?}");
}
