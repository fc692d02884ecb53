//! Versions declared in files: used if higher, and never ignored silently.

use crate::harness::{Project, Ran};
use crate::scene::{dump, skill_text, versions};

fn declares(version: &str, body: &str) -> String {
    format!("---\nname: a\ndescription: d\nmetadata:\n  version: \"{version}\"\n---\n{body}\n")
}

fn deploy(project: &Project, text: &str, more: &[&str]) -> Ran {
    project.file("a.md", text);
    let ran = project.cfn(["deploy", "1", "a", "a.md"].iter().chain(more));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "1\n"), "{ran:?}");
    ran
}

#[test]
fn a_higher_version_is_used_and_a_lower_one_reported() {
    let project = Project::new();
    assert_eq!(deploy(&project, &declares("2.5.0", "One."), &[]).stderr, "");
    assert_eq!(deploy(&project, &declares("3.0.0", "Two."), &[]).stderr, "");
    assert_eq!(deploy(&project, &skill_text("a", "Three."), &[]).stderr, "", "nothing declared, nothing said");
    for (declared, becomes) in [("2.5.0", "3.0.2"), ("3.0.2", "3.0.3"), ("1.0", "3.0.4"), ("latest", "3.0.5")] {
        let ran = deploy(&project, &declares(declared, becomes), &[]);
        let warning = format!("warning: the file declares the version \"{declared}\"");
        assert!(ran.stderr.starts_with(&warning) && ran.stderr.contains(becomes), "{ran:?}");
        assert_eq!(project.sqlite3("SELECT version FROM skills"), becomes);
    }
    let ran = deploy(&project, &declares("9.0.0", "Ten."), &["--version", "4.0.0"]);
    assert!(ran.stderr.contains("\"9.0.0\"; this one is recorded as 4.0.0"), "{ran:?}");
    assert_eq!(deploy(&project, &declares("5.0.0", "Ten."), &["--version", "5.0.0"]).stderr, "");
}

#[test]
fn a_number_in_use_is_not_used_again() {
    let project = Project::new();
    deploy(&project, &declares("1.0.0", "One."), &[]);
    deploy(&project, &declares("2.0.0", "Two."), &[]);
    project.sqlite3(
        "UPDATE skills SET version = '1.0.0', content_hash = (SELECT content_hash FROM skill_versions LIMIT 1)",
    );
    let ran = deploy(&project, &declares("2.0.0", "Three."), &[]);
    assert!(ran.stderr.contains("\"2.0.0\"; this one is recorded as 1.0.1"), "{ran:?}");
    assert_eq!(versions(&project, "a"), "1.0.0 deploy, 2.0.0 deploy, 1.0.1 deploy");
}

#[test]
fn the_same_bytes_keep_their_number() {
    let project = Project::new();
    deploy(&project, &declares("2.0.0", "One."), &[]);
    let before = dump(&project);
    assert_eq!(deploy(&project, &declares("2.0.0", "One."), &[]).stderr, "");
    assert_eq!(dump(&project), before);
    project.sqlite3("UPDATE skill_versions SET version = '1.0.0'; UPDATE skills SET version = '1.0.0'");
    let ran = deploy(&project, &declares("2.0.0", "One."), &[]);
    assert!(ran.stderr.contains("\"2.0.0\"; this one is recorded as 1.0.0"), "{ran:?}");
}

#[test]
fn an_invalid_version_becomes_the_nearest_one_with_a_warning() {
    for (declared, nearest) in [
        ("26.08.00", "26.8.0"),
        ("2026.3.4-1", "2026.3.4"),
        ("2.0.1-beta", "2.0.1"),
        ("v1.1.0", "1.1.0"),
        ("1.0", "1.0.0"),
        ("2.x.x", "2.0.0"),
        ("0.9.0rc1", "0.9.0"),
        ("1.2.3+build7", "1.2.3"),
        ("2025-11-03", "2025.11.3"),
    ] {
        for text in [
            declares(declared, "Body."),
            format!("---\nname: a\ndescription: d\nversion: {declared}\n---\nBody.\n"),
            format!("---\nname: a\ndescription: d\nversion: '{declared}'\n---\nBody.\n"),
        ] {
            let project = Project::new();
            let ran = deploy(&project, &text, &[]);
            assert!(
                ran.stderr.contains(&format!("\"{declared}\", which is not X.Y.Z; it is recorded as {nearest}")),
                "{ran:?}"
            );
            assert_eq!(project.sqlite3("SELECT version FROM skills"), nearest, "{text}");
        }
    }
    for declared in ["latest", "x.y.z", "99999999999999999999.1.0"] {
        let project = Project::new();
        let ran = deploy(&project, &declares(declared, "Body."), &[]);
        assert!(ran.stderr.contains(declared) && ran.stderr.contains("recorded as 1.0.0"), "{ran:?}");
    }
}

#[test]
fn an_update_reports_an_unused_declared_version() {
    let project = Project::new();
    deploy(&project, &declares("1.0.0", "One."), &[]);
    project.file("a.md", declares("1.1.0", "Two."));
    let ran = project.cfn(["update", "a", "1.0.1", "a.md"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "1.0.1\n"));
    assert_eq!(ran.stderr, "warning: the file declares the version \"1.1.0\"; this one is recorded as 1.0.1\n");
    project.file("a.md", declares("1.1.0", "Three."));
    assert_eq!(project.cfn(["update", "a", "1.1.0", "a.md", "minor"]).stderr, "");
    let json = {
        project.file("a.md", declares("v7", "Four."));
        project.cfn(["update", "a", "1.1.1", "a.md", "--json"]).json()
    };
    assert!(
        json["warnings"][0]["message"].as_str().is_some_and(|it| it.contains("v7") && it.contains("1.1.1")),
        "{json}"
    );
    let ran = project.cfn(["skill", "rollback", "a", "1.0.0"]);
    assert_eq!(ran.stderr, "", "an earlier version's number is no news");
}
