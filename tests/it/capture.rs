//! `cfn db capture`: which files it reads. What it takes and names is in `db_care.rs`.

use crate::harness::{Project, cfn_in};
use crate::scene::sha256;

/// Adds a skill whose row names a file by its path, with the right hash.
fn names_file(project: &Project, name: &str, path: &str, content: &str) {
    project.sqlite3(&format!(
        "INSERT INTO skills (name, category, content_path, content_hash, version)
           VALUES ('{name}', 'domain', '{path}', '{}', '1.0.0')",
        sha256(content)
    ));
}

#[test]
fn capture_reads_no_file_outside_the_project() {
    let project = Project::new();
    let outside = tempfile::tempdir().expect("a folder");
    let secret = outside.path().join("secret.md");
    std::fs::write(&secret, "Secret.").expect("a file");
    std::os::unix::fs::symlink(&secret, project.path().join("link.md")).expect("a link");
    std::os::unix::fs::symlink(outside.path(), project.path().join("folder")).expect("a link");
    let climbing = format!("../{}/secret.md", outside.path().file_name().expect("a name").to_string_lossy());
    names_file(&project, "absolute", &secret.to_string_lossy(), "Secret.");
    names_file(&project, "climbing", &climbing, "Secret.");
    names_file(&project, "linked", "link.md", "Secret.");
    names_file(&project, "through", "folder/secret.md", "Secret.");
    project.file("inside.md", "Inside.");
    names_file(&project, "inside", &project.path().join("inside.md").to_string_lossy(), "Inside.");
    project.sqlite3(&format!(
        "INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description) VALUES ('boot', '{}', 1, 'x')",
        secret.display()
    ));
    let mut here = cfn_in(outside.path());
    here.args(["db", "capture", "--bootstrap", "--db"]).arg(project.database());
    let ran: crate::harness::Ran = here.output().expect("cfn runs").into();
    let captured = ran.ok();
    for name in ["absolute", "climbing", "linked", "through", "boot"] {
        assert!(captured.contains(&format!("{name}: outside the project (")), "{name}: {captured}");
    }
    assert!(captured.ends_with("contents stored: 1, not taken: 5\n"), "{captured}");
    assert_eq!(project.sqlite3("SELECT CAST(bytes AS TEXT) FROM skill_contents"), "Inside.");
    let mut allowed = project.command(["db", "capture"]);
    allowed.env("CFN_CONTENT_ROOT", outside.path());
    let ran: crate::harness::Ran = allowed.output().expect("cfn runs").into();
    assert!(ran.clone().ok().ends_with("contents stored: 4, not taken: 1\n"), "{ran:?}");
}

#[test]
fn without_a_project_the_current_folder_and_that_of_the_database_count() {
    let (here, there, elsewhere) = (Project::empty(), Project::empty(), tempfile::tempdir().expect("a folder"));
    let database = there.path().join("s.db");
    here.cfn(["init", "--db", &database.to_string_lossy()]).ok();
    let paths = [here.file("here.md", "here"), there.file("there.md", "there"), elsewhere.path().join("elsewhere.md")];
    std::fs::write(&paths[2], "elsewhere").expect("a file");
    for path in &paths {
        let name = path.file_stem().expect("a name").to_string_lossy();
        let insert = format!(
            "INSERT INTO skills (name, category, content_path, content_hash, version)
               VALUES ('{name}', 'domain', '{}', '{}', '1.0.0')",
            path.display(),
            sha256(&*name)
        );
        assert!(std::process::Command::new("sqlite3").arg(&database).arg(insert).status().expect("sqlite3").success());
    }
    let captured = here.cfn(["db", "capture", "--db", &database.to_string_lossy()]).ok();
    assert!(captured.starts_with("elsewhere: outside the project ("), "{captured}");
    assert!(captured.ends_with("contents stored: 2, not taken: 1\n"), "{captured}");
}
