//! `cfn skill show`, `cfn skill diff`, `cfn skill verify` and `cfn db check`: the files of a skill's folder.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::harness::Project;
use crate::scene::{attach, path_of, sha256, with_skill};

const RUN: &[u8] = b"#!/bin/sh\necho one\n";
const ICON: &[u8] = b"\x89PNG\0";

/// A skill with a script and an icon in version 1.0.0, and another script in 1.0.1.
fn with_two_versions() -> Project {
    let project = with_skill("jwt", "testing", "dev");
    let first: &[(&str, &str, &[u8])] =
        &[("scripts/run.sh", "100755", RUN), ("icon.png", "100644", ICON), ("old.txt", "100644", b"gone\n")];
    attach(&project, "jwt", "1.0.0", first, true);
    project.skill("jwt", "Second.");
    project.cfn(["update", "jwt", "1.0.1", &path_of("jwt"), "patch", "true"]).ok();
    project
}

fn second(project: &Project) -> String {
    let run = b"#!/bin/sh\necho two\n";
    let files: &[(&str, &str, &[u8])] =
        &[("scripts/run.sh", "100644", run), ("icon.png", "100644", b"\x89PNG\0\0"), ("new.txt", "100755", b"new\n")];
    project
        .sqlite3("DELETE FROM skill_files WHERE version_id = (SELECT id FROM skill_versions WHERE version = '1.0.1')");
    attach(project, "jwt", "1.0.1", files, true)
}

#[test]
fn show_lists_the_files_with_their_modes_and_sizes() {
    let project = with_skill("jwt", "testing", "dev");
    let plain = project.cfn(["skill", "show", "jwt", "--json"]).json();
    let hash = sha256(project.cfn(["skill", "show", "jwt", "--content"]).ok());
    assert_eq!(plain["files"][0]["hash"], hash.as_str());
    assert_eq!(plain["folder_hash"], sha256(format!("100644 {hash} SKILL.md\n")));
    let files: &[(&str, &str, &[u8])] = &[("scripts/run.sh", "100755", RUN), ("a.txt", "100644", b"a\n")];
    let folder_hash = attach(&project, "jwt", "1.0.0", files, true);
    let shown = project.cfn(["skill", "show", "jwt", "--json"]).json();
    assert_eq!(shown["folder_hash"], folder_hash);
    let paths: Vec<_> = shown["files"].as_array().expect("a list").iter().map(|it| &it["path"]).collect();
    assert_eq!(paths, ["SKILL.md", "a.txt", "scripts/run.sh"]);
    let text = project.cfn(["skill", "show", "jwt"]).ok();
    assert!(text.contains("\n100755  19 bytes  scripts/run.sh\n"), "{text}");
}

#[test]
fn one_file_is_printed_byte_for_byte() {
    let project = with_two_versions();
    let file = |path: &str| project.cfn(["skill", "show", "jwt", "--version", "1.0.0", "--file", path]);
    assert_eq!(file("scripts/run.sh").ok().as_bytes(), RUN);
    let body = project.cfn(["skill", "show", "jwt", "--version", "1.0.0", "--content"]).ok();
    assert_eq!(file("SKILL.md").ok(), body);
    let said = file("scripts/rum.sh").fails(4);
    assert!(said.contains("has no file scripts/rum.sh") && said.contains("Did you mean scripts/run.sh?"), "{said}");
    let unknown = ["skill", "show", "jwt", "--file", "zzz", "--json"];
    project.cfn(unknown).fails_as(4, "folder_file_not_found");
    project.cfn(["skill", "show", "jwt", "--file", "../x"]).fails(1);
    let json = project.cfn(["skill", "show", "jwt", "--version", "1.0.0", "--file", "icon.png", "--json"]).json();
    assert_eq!((&json["content"], &json["size"]), (&serde_json::Value::Null, &5.into()));
}

#[test]
fn a_damaged_file_is_not_printed() {
    let project = with_two_versions();
    project.sqlite3(&format!("UPDATE skill_contents SET bytes = 'x' WHERE hash = '{}'", sha256(RUN)));
    let said = project.cfn(["skill", "show", "jwt", "--version", "1.0.0", "--file", "scripts/run.sh"]).fails(7);
    assert!(said.contains("the stored bytes of scripts/run.sh do not match their hash"), "{said}");
    project.sqlite3("UPDATE skill_files SET mode = '100755' WHERE path = 'icon.png'");
    let text = project.cfn(["skill", "show", "jwt", "--version", "1.0.0"]).ok();
    assert!(text.contains("its recorded files do not match its folder hash"), "{text}");
    project.cfn(["skill", "diff", "jwt", "1.0.0"]).fails(7);
}

#[test]
fn all_that_is_shown_is_of_the_shown_version() {
    let project = with_skill("jwt", "domain", "dev");
    project.skill("moved", "Second.");
    project.cfn(["update", "jwt", "1.0.1", &path_of("moved")]).ok();
    let show = |more: &[&str]| project.cfn(["skill", "show", "jwt"].iter().chain(more));
    let (old, new) = (show(&["--version", "1.0.0", "--json"]).json(), show(&["--json"]).json());
    let recorded = |version: &str| {
        let versions = new["versions"].as_array().expect("versions");
        versions.iter().find(|it| it["version"] == version).expect("recorded").clone()
    };
    for (shown, version) in [(&old, "1.0.0"), (&new, "1.0.1")] {
        let recorded = recorded(version);
        for field in ["version", "content_hash", "content_path", "approved"] {
            assert_eq!(shown[field], recorded[field], "{field} of {version}");
        }
        assert_eq!(shown["files"][0]["hash"], shown["content_hash"]);
    }
    assert_ne!(old["content_path"], new["content_path"]);
    let same = show(&["--version", "1.0.1", "--json"]).json();
    assert_eq!(same, new);
    let text = show(&["--version", "1.0.0"]).ok();
    assert!(text.starts_with("jwt 1.0.0\n") && text.contains(old["content_hash"].as_str().unwrap_or("?")), "{text}");
    assert!(!text.split("\nversions").next().unwrap_or_default().contains("1.0.1"), "{text}");
}

#[test]
fn the_review_is_that_of_the_shown_version() {
    let project = with_skill("jwt", "domain", "dev");
    project.skill("jwt", "Second.");
    project.cfn(["update", "jwt", "1.0.1", &path_of("jwt")]).ok();
    let review = |version: &str| {
        let text = project.cfn(["skill", "show", "jwt", "--version", version]).ok();
        text.lines().find(|it| it.starts_with("level")).expect("a level").to_owned()
    };
    assert!(review("1.0.0").ends_with("human, approved") && review("1.0.1").ends_with(", approved"));
    project.cfn(["skill", "reject", "jwt", "--version", "1.0.0", "--approver", "ann", "--reason", "old"]).ok();
    assert!(review("1.0.0").ends_with(", rejected"), "{}", review("1.0.0"));
    assert!(review("1.0.1").ends_with(", approved"));
    project.cfn(["skill", "reject", "jwt", "--approver", "ann", "--reason", "new"]).ok();
    project.cfn(["skill", "approve", "jwt", "--version", "1.0.0", "--approver", "ann"]).ok();
    assert!(review("1.0.0").ends_with(", approved"));
    assert!(review("1.0.1").ends_with(", rejected"));
    project.cfn(["skill", "escalate", "jwt", "--version", "1.0.0", "--approver", "ann", "--reason", "r"]).ok();
    assert!(review("1.0.0").ends_with(", not approved"), "only the current version waits");
}

#[test]
fn a_diff_is_of_every_file() {
    let project = with_two_versions();
    second(&project);
    let text = project.cfn(["skill", "diff", "jwt", "1.0.0", "1.0.1"]).ok();
    let parts = [
        "jwt: 1.0.0 → 1.0.1, 3 added, 3 removed\ndiff --git a/SKILL.md b/SKILL.md\n@@",
        "diff --git a/icon.png b/icon.png\nBinary file: 5 bytes (",
        "diff --git a/new.txt b/new.txt\nnew file mode 100755\n@@ -1 +1 @@\n+new\n",
        "diff --git a/old.txt b/old.txt\ndeleted file mode 100644\n@@ -1 +1 @@\n-gone\n",
        "old mode 100755\nnew mode 100644\n@@ -1 +1 @@\n #!/bin/sh\n-echo one\n+echo two\n",
    ];
    for part in parts {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let one = project.cfn(["skill", "diff", "jwt", "1.0.0", "1.0.1", "--file", "old.txt"]).ok();
    assert!(one.contains("0 added, 1 removed") && !one.contains("run.sh"), "{one}");
    let said = project.cfn(["skill", "diff", "jwt", "1.0.0", "1.0.1", "--file", "old.tx"]).fails(4);
    assert!(said.contains("Did you mean old.txt?"), "{said}");
}

#[test]
fn a_version_with_another_script_alone_differs() {
    let project = with_two_versions();
    second(&project);
    project.sqlite3(
        "UPDATE skill_versions SET content_hash = (SELECT content_hash FROM skill_versions WHERE version = '1.0.0');
         UPDATE skills SET content_hash = (SELECT content_hash FROM skill_versions WHERE version = '1.0.0');
         UPDATE approval_history SET content_hash = (SELECT content_hash FROM skill_versions WHERE version = '1.0.0');
         DELETE FROM skill_files WHERE version_id = (SELECT id FROM skill_versions WHERE version = '1.0.1')",
    );
    attach(&project, "jwt", "1.0.1", &[("scripts/run.sh", "100755", b"two\n")], true);
    let json = project.cfn(["skill", "diff", "jwt", "--json"]).json();
    assert_eq!((&json["from"], &json["hunks"]), (&"1.0.0".into(), &serde_json::json!([])));
    assert_eq!(json["files"].as_array().map(Vec::len), Some(3), "{json}");
}

#[test]
fn verify_and_check_cover_the_stored_files_of_every_version() {
    let project = with_two_versions();
    second(&project);
    for (path, bytes) in
        [("scripts/run.sh", &b"#!/bin/sh\necho two\n"[..]), ("icon.png", b"\x89PNG\0\0"), ("new.txt", b"new\n")]
    {
        project.file(&format!(".claude/skills/jwt/{path}"), bytes);
    }
    let new = project.path().join(".claude/skills/jwt/new.txt");
    fs::set_permissions(new, fs::Permissions::from_mode(0o755)).expect("a mode");
    project.cfn(["skill", "verify"]).ok();
    assert!(project.cfn(["db", "check"]).ok().starts_with("0 damaged, 0 warnings"), "whole");
    project.sqlite3(&format!("UPDATE skill_contents SET bytes = 'x' WHERE hash = '{}'", sha256(RUN)));
    project.sqlite3(&format!("DELETE FROM skill_contents WHERE hash = '{}'", sha256("new\n")));
    let ran = project.cfn(["skill", "verify"]);
    let expected = "jwt 1.0.1: new.txt: its bytes are not in the database\n\
                    jwt 1.0.0: scripts/run.sh: its stored bytes do not match its hash\n\
                    1 skill checked, 2 differences\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(7), expected));
    let checked = project.cfn(["db", "check", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&checked.stdout).expect("JSON");
    let named = |key: &str, part: &str| {
        json[key].as_array().expect("a list").iter().any(|it| it.as_str().is_some_and(|it| it.contains(part)))
    };
    assert!(named("warnings", "rows of skill_files name bytes that are not in the database (new.txt)"), "{json}");
}

#[test]
fn verify_and_check_name_files_that_do_not_have_the_folder_hash() {
    let project = with_two_versions();
    project.sqlite3("UPDATE skill_files SET mode = '100755' WHERE path = 'icon.png'");
    let ran = project.cfn(["skill", "verify"]);
    assert!(ran.stdout.contains("jwt 1.0.0: its recorded files do not match its folder hash\n"), "{ran:?}");
    let checked = project.cfn(["db", "check"]);
    assert!(checked.stdout.contains("version 1.0.0 (row 1 of skill_versions): its recorded files"), "{checked:?}");
    project.sqlite3("INSERT INTO skill_files VALUES (99, 'a', '100644', 'h', 1)");
    let checked = project.cfn(["db", "check"]);
    assert!(checked.stdout.contains("1 rows of skill_files point to a version that does not exist"), "{checked:?}");
}

/// A skill that was deployed with a script and a text.
fn deployed() -> Project {
    let project = Project::new();
    project.skill("jwt", "First.");
    project.file(".claude/skills/jwt/scripts/run.sh", RUN);
    project.file(".claude/skills/jwt/old.txt", "old\n");
    project.cfn(["deploy", "1", "jwt", &path_of("jwt"), "testing", "dev"]).ok();
    project
}

#[test]
fn verify_sees_what_changed_on_disk() {
    let project = deployed();
    assert_eq!(project.cfn(["skill", "verify"]).ok(), "1 skill checked, 0 differences\n");
    let folder = project.path().join(".claude/skills/jwt");
    fs::write(folder.join("new.txt"), "new\n").expect("written");
    fs::write(folder.join("SKILL-1.0.0.md"), "a copy\n").expect("written");
    fs::remove_file(folder.join("old.txt")).expect("removed");
    fs::set_permissions(folder.join("scripts/run.sh"), fs::Permissions::from_mode(0o755)).expect("a mode");
    let ran = project.cfn(["skill", "verify"]);
    let expected = "jwt 1.0.0: new.txt: it is not part of the version\n\
                    jwt 1.0.0: old.txt: its file is missing\n\
                    jwt 1.0.0: scripts/run.sh: its mode is 100755, not 100644\n\
                    1 skill checked, 3 differences\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(7), expected));
    fs::write(folder.join("scripts/run.sh"), "echo two\n").expect("written");
    let ran = project.cfn(["skill", "verify"]);
    assert!(ran.stdout.contains("scripts/run.sh: its file changed since its approval\n"), "{ran:?}");
    fs::remove_file(folder.join("scripts/run.sh")).expect("removed");
    symlink("/etc/hostname", folder.join("scripts/run.sh")).expect("a link");
    let ran = project.cfn(["skill", "verify"]);
    assert!(ran.code == Some(7) && ran.stdout.contains("scripts/run.sh"), "{ran:?}");
}

#[test]
fn a_file_beside_a_skill_file_that_was_deployed_alone_is_seen() {
    let project = with_skill("jwt", "testing", "dev");
    project.file(".claude/skills/jwt/run.sh", RUN);
    let ran = project.cfn(["skill", "verify"]);
    assert!(ran.code == Some(7) && ran.stdout.contains("jwt 1.0.0: run.sh: it is not part of the version"), "{ran:?}");
}

#[test]
fn a_diff_with_the_disk_is_of_every_file() {
    let project = deployed();
    let same = project.cfn(["skill", "diff", "jwt", "--disk", "--json"]).json();
    assert_eq!((&same["from"], &same["to"], &same["files"]), (&"1.0.0".into(), &"disk".into(), &serde_json::json!([])));
    project.file(".claude/skills/jwt/scripts/run.sh", "#!/bin/sh\necho two\n");
    project.file(".claude/skills/jwt/icon.png", ICON);
    let text = project.cfn(["skill", "diff", "jwt", "--disk"]).ok();
    assert!(text.contains("new file mode 100644\nBinary file: nothing → 5 bytes ("), "{text}");
    assert!(text.contains("-echo one\n+echo two\n"), "{text}");
    project.cfn(["skill", "diff", "jwt", "1.0.0", "1.0.0", "--disk"]).fails(1);
    fs::remove_dir_all(project.path().join(".claude/skills/jwt")).expect("removed");
    project.cfn(["skill", "diff", "jwt", "--disk"]).fails(2);
}

#[test]
fn scripts_raise_the_risk_that_a_reviewer_sees() {
    let project = Project::new();
    project.skill("jwt", "First.");
    project.file(".claude/skills/jwt/scripts/run.sh", "#!/bin/sh\nsudo x\n");
    project.file(".claude/skills/jwt/notes.txt", "sudo y\n");
    project.cfn(["deploy", "1", "jwt", &path_of("jwt"), "domain", "dev"]).ok();
    let text = project.cfn(["skill", "assess", "jwt"]).ok();
    assert!(text.contains("runs as root in scripts/run.sh") && !text.contains("notes.txt"), "{text}");
}
