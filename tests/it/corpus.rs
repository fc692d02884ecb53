//! Skill files of strangers, where `CFN_CORPUS` names a folder of them: read where they are, imported elsewhere. Without it, the
//! project's own skills are the corpus.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Project, repository};
use crate::scene::{dump, hex, sha256, tokens};

fn corpus() -> PathBuf {
    let path = env::var_os("CFN_CORPUS").map_or_else(|| repository("tests/skills"), PathBuf::from);
    assert!(path.is_dir(), "CFN_CORPUS names {}, which is no folder", path.display());
    fs::canonicalize(path).expect("a path")
}

/// Every file below a folder that is named like a skill, links not followed.
fn skill_files(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|it| it.expect("an entry")) {
        let kind = entry.file_type().expect("a type");
        if kind.is_dir() {
            skill_files(&entry.path(), found);
        } else if entry.file_name().to_string_lossy().eq_ignore_ascii_case("skill.md") && kind.is_file() {
            found.insert(entry.path());
        }
    }
}

fn length(report: &Value, field: &str) -> u64 {
    report[field].as_array().map_or(u64::MAX, |it| it.len() as u64)
}

#[test]
fn every_file_is_imported_or_refused_with_a_reason_and_a_second_run_changes_nothing() {
    let (project, from) = (Project::empty(), corpus());
    let args = ["init", "--json", "--approve-as", "me", "--from", from.to_str().expect("UTF-8")];
    let ran = project.cfn(args);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stderr);
    let report = ran.json();
    let mut files = BTreeSet::new();
    skill_files(&from, &mut files);
    let found = report["found"].as_u64().expect("a number");
    assert!(found >= files.len() as u64 && !files.is_empty(), "{found} of {}", files.len());
    let number = |field: &str| report[field].as_u64().unwrap_or(u64::MAX);
    let sum = number("imported") + number("copies") + length(&report, "nested") + length(&report, "refused");
    assert_eq!(sum, found, "the numbers add up");
    let refused = report["refused"].as_array().expect("a list");
    assert!(
        refused.iter().all(|it| it["reason"].as_str().is_some_and(|it| !it.is_empty() && !it.contains('\n'))),
        "{refused:?}"
    );
    let imported = project.sqlite3("SELECT count(*) FROM skills");
    assert_eq!(report["imported"].to_string(), imported);

    let before = (dump(&project), tokens(&project));
    let again = project.cfn(args).json();
    assert_eq!(
        (&again["imported"], &again["unchanged"], &again["updated"]),
        (&0.into(), &report["imported"], &0.into())
    );
    assert_eq!((length(&again, "changed"), length(&again, "refused")), (0, length(&report, "refused")));
    assert_eq!((dump(&project), tokens(&project)), before);
    project.assert_whole();
}

#[test]
fn imported_bytes_are_those_of_their_files() {
    let (project, from) = (Project::empty(), corpus());
    project.cfn(["init", "--from", from.to_str().expect("UTF-8")]).ok();
    let rows = project.sqlite3(
        "SELECT s.content_hash || ' ' || lower(hex(c.bytes)) || ' ' || s.content_path
         FROM skills s JOIN skill_contents c ON c.hash = s.content_hash",
    );
    let mut count = 0;
    for row in rows.lines() {
        let mut parts = row.splitn(3, ' ');
        let (hash, bytes, path) =
            (parts.next().expect("a hash"), parts.next().expect("bytes"), parts.next().expect("a path"));
        let file = fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!((hash, bytes), (sha256(&file).as_str(), hex(&file).as_str()), "{path}");
        count += 1;
    }
    assert_eq!(project.sqlite3("SELECT count(*) FROM skills"), count.to_string());
    assert_eq!(project.cfn(["skill", "verify"]).code, Some(0));
}

#[test]
fn every_file_can_be_validated_and_deployed_or_is_refused_with_one_sentence() {
    let (project, from) = (Project::new(), corpus());
    for mode in [&[][..], &["--strict"]] {
        let ran = project.cfn(["skill", "validate", from.to_str().expect("UTF-8")].iter().chain(mode));
        assert!(matches!(ran.code, Some(0 | 1)) && ran.stderr.is_empty(), "{}", ran.stderr);
        assert!(!ran.stdout.chars().any(|it| it.is_control() && it != '\n'), "{mode:?}");
    }
    let mut files = BTreeSet::new();
    skill_files(&from, &mut files);
    for (number, file) in files.iter().enumerate() {
        let name = format!("s{number}");
        let ran = project.cfn(["deploy", "1", &name, file.to_str().expect("UTF-8"), "testing", "dev"]);
        assert!(matches!(ran.code, Some(0 | 1 | 7)) && !ran.stderr.contains("panicked"), "{}: {ran:?}", file.display());
        let raw = ran.stderr.chars().any(|it| it.is_control() && it != '\n');
        assert!(!raw && (ran.code == Some(0) || ran.stderr.lines().count() == 2), "{}: {ran:?}", file.display());
    }
    let loaded = project.cfn(["load", "dev", "--max-skills", "1000", "--json", "--quiet"]).json();
    let expected = project.sqlite3("SELECT count(*) FROM skills");
    assert_eq!(loaded["skills"].as_array().map(|it| it.len().to_string()), Some(expected));
    project.assert_whole();
}
