//! Several exports at once, and what a killed one left.

use std::fs;
use std::process::Stdio;

use super::{entries, export, tree, with_skills};

#[test]
fn exports_to_one_folder_wait_for_each_other() {
    let project = with_skills();
    let start = |args: &[&str]| {
        let mut command = project.command(["export", "out"].iter().chain(args));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts")
    };
    for _ in 0..5 {
        let started: Vec<_> =
            [&["--agent", "dev"][..], &["--agent", "ops"], &["--all"], &["--agent", "dev", "--check"]]
                .into_iter()
                .map(start)
                .collect();
        for child in started {
            let output = child.wait_with_output().expect("it ends");
            assert!([Some(0), Some(7)].contains(&output.status.code()), "{output:?}");
        }
        assert_eq!(entries(&project.path().join("out")), ["cfn-export.lock", "jwt", "pdf", "sql"]);
        let lock = fs::read_to_string(project.path().join("out/cfn-export.lock")).expect("the record");
        assert!(lock.contains("\"dev\"") && lock.contains("\"ops\"") && lock.contains("\"all\": true"), "{lock}");
        fs::remove_dir_all(project.path().join("out")).expect("it goes");
    }
}

#[test]
fn an_export_that_waits_too_long_is_busy() {
    let project = with_skills();
    export(&project, &["--all"]).ok();
    let folder = fs::File::open(project.path().join("out")).expect("the folder");
    folder.lock().expect("a lock");
    let mut command = project.command(["export", "out", "--all", "--json"]);
    let output = command.env("CFN_BUSY_TIMEOUT_MS", "50").output().expect("cfn runs");
    crate::harness::Ran::from(output).fails_as(8, "busy");
}

#[test]
fn what_a_killed_export_left_is_mended_by_the_next_one() {
    let project = with_skills();
    export(&project, &["--agent", "dev"]).ok();
    let out = project.path().join("out");
    let before = tree(&out);
    project.file("out/.cfn-tmp/pdf.new/SKILL.md", "half");
    fs::create_dir_all(out.join(".cfn-tmp/pdf.old")).expect("a folder");
    fs::copy(out.join("pdf/SKILL.md"), out.join(".cfn-tmp/pdf.old/SKILL.md")).expect("a copy");
    project.file("out/.cfn-tmp/jwt.old/SKILL.md", "changed by somebody");
    project.file("out/.cfn-export.lock.tmp", "half");
    fs::remove_dir_all(out.join("jwt")).expect("it goes");
    export(&project, &["--agent", "dev"]).ok();
    assert_eq!(tree(&out.join(".cfn-quarantine")), ["jwt.1/SKILL.md 644 changed by somebody"]);
    fs::remove_dir_all(out.join(".cfn-quarantine")).expect("it goes");
    let staged = fs::remove_file(out.join(".cfn-export.lock.tmp"));
    assert_eq!(tree(&out), before, "{staged:?}");
}
