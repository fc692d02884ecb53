//! Purged files of folders are not stored again, whatever else is revoked.

use super::skill_with_files;
use crate::harness::Project;
use crate::scene::{sha256, skill_text};

const SCRIPT: &[u8] = b"#!/bin/sh\necho 1\n";
const NOTES: [u8; 4] = [0, 159, 146, 150];
const BY: [&str; 4] = ["--reason", "a secret", "--approver", "ann"];

/// `pdf` with its files, imported from `skills`.
fn imported() -> Project {
    let project = Project::new();
    skill_with_files(&project, "pdf");
    project.cfn(["init", "--from", "skills"]).ok();
    project
}

fn purge(project: &Project, path: &str) {
    project.cfn(["skill", "purge", "pdf", "1.0.0", "--file", path, "--yes"].into_iter().chain(BY)).ok();
}

fn revoke(project: &Project, bytes: &[u8]) {
    let hash = sha256(bytes);
    project.cfn(["skill", "revoke", "--hash", &hash].into_iter().chain(BY)).ok();
}

#[track_caller]
fn is_stored(project: &Project, bytes: &[u8]) -> bool {
    project.sqlite3(&format!("SELECT count(*) FROM skill_contents WHERE hash = '{}'", sha256(bytes))) == "1"
}

/// Imports the unchanged folder in every way that an import can add to a skill.
#[track_caller]
fn is_refused_by_every_import(project: &Project) {
    for more in [&[][..], &["--update"], &["--update", "--from-any"], &["--agents", "dev"], &["--approve-as", "eve"]] {
        let ran = project.cfn(["init", "--from", "skills", "--json"].iter().chain(more).copied());
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        assert_eq!(report["refused"][0]["path"], "pdf/SKILL.md", "{more:?}: {ran:?}");
        assert_eq!(report["unchanged"], 0, "{more:?}: {ran:?}");
        assert!(!is_stored(project, SCRIPT), "{more:?}");
    }
    project.fails_as(["deploy", "1", "copy", "skills/pdf"], 7, "rejected");
    project.fails_as(["update", "pdf", "1.0.1", "skills/pdf"], 7, "rejected");
    assert!(!is_stored(project, SCRIPT));
}

#[test]
fn a_repeated_import_of_an_unchanged_skill_does_not_bring_a_purged_file_back() {
    let project = imported();
    purge(&project, "scripts/run.sh");
    is_refused_by_every_import(&project);
}

#[test]
fn a_purged_file_among_revoked_ones_is_never_stored_again() {
    let project = imported();
    revoke(&project, &NOTES); // it goes before the script
    purge(&project, "scripts/run.sh");
    is_refused_by_every_import(&project);
    revoke(&project, skill_text("pdf", "Run scripts/run.sh.").as_bytes());
    is_refused_by_every_import(&project);
}

#[test]
fn a_revocation_of_a_purged_file_leaves_it_purged() {
    let project = imported();
    purge(&project, "scripts/run.sh");
    revoke(&project, SCRIPT);
    is_refused_by_every_import(&project);
    let verified = project.cfn(["skill", "verify", "pdf", "--json"]);
    assert!(!verified.stdout.contains("run.sh: its bytes are not in the database"), "{verified:?}");
}

#[test]
fn an_override_accepts_every_refused_file_at_once() {
    let project = imported();
    revoke(&project, &NOTES);
    purge(&project, "scripts/run.sh");
    let again = ["deploy", "1", "pdf", "skills/pdf"];
    project.cfn(again.into_iter().chain(["--override-rejection"]).chain(BY)).ok();
    assert!(is_stored(&project, SCRIPT));
    assert_eq!(project.sqlite3("SELECT count(*) FROM cfn_events WHERE event = 'accepted'"), "2");
    project.cfn(["skill", "approve", "pdf", "--approver", "eve"]).ok();
    project.fails_as(["deploy", "1", "copy", "skills/pdf"], 7, "rejected");
}

#[test]
fn a_document_does_not_bring_a_purged_file_of_an_earlier_version_back() {
    let project = imported();
    project.file("skills/pdf/scripts/run.sh", "#!/bin/sh\necho 2\n");
    project.cfn(["update", "pdf", "1.0.1", "skills/pdf"]).ok();
    let document = project.cfn(["skill", "export-yaml", "--include-history"]).ok();
    project.cfn(["skill", "purge", "pdf", "1.0.0", "--file", "scripts/run.sh", "--yes"].into_iter().chain(BY)).ok();
    project.file("skills.yaml", document.replace("name: pdf", "name: copy"));
    project.cfn(["skill", "import-yaml", "skills.yaml"]);
    assert!(!is_stored(&project, SCRIPT));
}
