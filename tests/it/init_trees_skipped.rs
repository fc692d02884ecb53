//! `cfn init --from`: skipped files and folders.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::Value;

use crate::harness::Project;
use crate::init::counts;
use crate::scene::skill_text;

fn import(project: &Project, more: &[&str]) -> Value {
    let mut args = vec!["init", "--from", "tree", "--json"];
    args.extend(more);
    project.cfn(args).json()
}

fn names(project: &Project) -> String {
    project.sqlite3("SELECT group_concat(name, ' ') FROM (SELECT name FROM skills ORDER BY name)")
}

/// A skill at each path, named like its folder.
fn with_skills(paths: &[&str]) -> Project {
    let project = Project::empty();
    for path in paths {
        let name = path.rsplit('/').next().expect("a name");
        project.file(&format!("tree/{path}/SKILL.md"), skill_text(name, path));
    }
    project
}

#[test]
fn folders_of_version_control_dependencies_builds_caches_and_agents_are_skipped() {
    let project = with_skills(&[
        "web",
        "web/skills/part",
        ".git/modules/a",
        ".hg/b",
        ".svn/c",
        "web/node_modules/dep/skills/d",
        ".venv/lib/e",
        "venv/lib/f",
        "odd-name/lib/g",
        "lib/python3/site-packages/h",
        "target/debug/i",
        "dist/j",
        "web/__pycache__/k",
        ".cache/l",
        "tagged/m",
        ".pytest_cache/n",
        ".cfn-workspaces/agent-1/.claude/skills/o",
    ]);
    project.file("tree/odd-name/pyvenv.cfg", "home = /usr/bin\n");
    project.file("tree/tagged/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
    let report = import(&project, &[]);
    assert_eq!(names(&project), "part web", "{report}");
    assert_eq!(counts(&report)[0], 2);
    let skipped = report["skipped"].as_array().expect("a list");
    assert_eq!(skipped.len(), 15, "{skipped:?}");
    assert!(skipped.iter().any(|it| it["path"] == "web/node_modules/"), "{skipped:?}");
    let text = project.cfn(["init", "--from", "tree"]).ok();
    assert!(text.contains("skipped: .cache/, .cfn-workspaces/, "), "{text}");
    assert!(text.contains(" and 5 more\n"), "{text}");
}

#[test]
fn the_imported_folder_itself_is_never_skipped() {
    let project = with_skills(&["node_modules/dep/a", "node_modules/dep/dist/b"]);
    project.file("tree/node_modules/dep/pyvenv.cfg", "");
    project.cfn(["init", "--from", "tree/node_modules/dep"]).ok();
    assert_eq!(names(&project), "a");
}

#[test]
fn files_inside_a_skill_are_its_parts_unless_they_are_directly_below_skills() {
    let project = with_skills(&[
        "maker",
        "maker/assets/template",
        "maker/references/example",
        "maker/parts/piece",
        "maker/skills/own",
        "maker/skills/own/skills/deeper",
        "maker/skills/group/far",
        "maker/assets/skills/hidden",
        "maker/Examples/skills/shown",
        "maker/plugins/tools/skills/plugin",
        "templates/free",
        "other/assets/loose",
    ]);
    let report = import(&project, &[]);
    assert_eq!(names(&project), "deeper free loose maker own plugin", "{report}");
    let nested = "maker/Examples/skills/shown maker/assets/skills/hidden maker/assets/template maker/parts/piece \
                  maker/references/example maker/skills/group/far";
    let paths = report["nested"].as_array().expect("a list").iter().filter_map(Value::as_str);
    let paths: Vec<_> = paths.map(|it| it.trim_end_matches("/SKILL.md")).collect();
    assert_eq!(paths.join(" "), nested);
    assert_eq!(counts(&report)[..2], [12, 6]);
    let text = project.cfn(["init", "--from", "tree"]).ok();
    assert!(text.contains("nested: maker/parts/piece/SKILL.md: part of another skill\n"), "{text}");
    assert!(
        text.contains("12 files found: 0 imported, 6 unchanged, 0 updated, 0 changed, 0 refused, 6 nested"),
        "{text}"
    );
    let all = import(&project, &["--nested"]);
    assert_eq!(counts(&all)[..3], [12, 6, 6], "{all}");
}

#[test]
fn a_cfnignore_applies_to_its_folder_and_everything_below() {
    let project =
        with_skills(&["a", "b", "keep/b", "x/draft-1", "x/draft-2", "x/y/draft-3", "z/c", "z/deep/c2", "SKILLS"]);
    project.file("tree/.cfnignore", "# Comments and blank lines are none\n\n/b\nSKILLS/\n");
    project.file("tree/x/.cfnignore", "draft-*\n!draft-2\n");
    project.file("tree/z/.cfnignore", "\u{feff}**/c2/SKILL.md\r\n");
    let report = import(&project, &[]);
    assert_eq!(names(&project), "a b c draft-2", "{report}");
    assert_eq!(project.sqlite3("SELECT content_path FROM skills WHERE name = 'b'"), "tree/keep/b/SKILL.md");
    let ignored: Vec<_> = report["skipped"].as_array().expect("a list").iter().map(|it| it["path"].clone()).collect();
    assert_eq!(ignored, ["SKILLS/", "b/", "x/draft-1/", "x/y/draft-3/", "z/deep/c2/SKILL.md"]);
}

#[test]
fn cfnignore_files_above_apply_up_to_the_root_of_the_project() {
    let project = Project::empty();
    let tree = "outer/project/.claude/skills";
    for name in ["a", "b", "c", "d"] {
        project.file(&format!("{tree}/{name}/SKILL.md"), skill_text(name, "Body."));
    }
    project.file("outer/.cfnignore", "a\n");
    project.file("outer/project/.cfnignore", ".claude/skills/b\nc\n");
    project.file("outer/project/.claude/.cfnignore", "!skills/c\nd\n");
    for from in [tree, "outer/project/.claude"] {
        let report = project.cfn(["init", "--from", from, "--json"]).json();
        assert_eq!(report["found"], 2, "{report}");
    }
    assert_eq!(names(&project), "a c");
    project.file("outer/project/.cfnignore", b"\xff");
    let report = project.cfn(["init", "--from", tree, "--json"]).json();
    let reason = report["refused"][0]["reason"].as_str().expect("a reason");
    assert!(report["found"] == 1 && reason.ends_with("so its folder was skipped"), "{report}");
}

#[test]
fn an_ignored_skill_file_makes_its_folder_no_skill() {
    let project = with_skills(&["", "a", "b/c"]);
    assert_eq!(counts(&import(&project, &[]))[..2], [3, 1], "all of it is one skill");
    project.file("tree/.cfnignore", "/SKILL.md\n");
    assert_eq!(counts(&import(&project, &[]))[..2], [2, 2]);
}

#[test]
fn the_folder_of_an_unreadable_cfnignore_is_skipped() {
    let project = with_skills(&["a", "large/b", "link/c", "folder/d", "latin/e", "pipe/f"]);
    project.file("tree/large/.cfnignore", "x\n".repeat(40_000));
    symlink("/etc/hostname", project.path().join("tree/link/.cfnignore")).expect("a link");
    fs::create_dir(project.path().join("tree/folder/.cfnignore")).expect("a folder");
    project.file("tree/latin/.cfnignore", b"caf\xe9\n");
    let pipe = project.path().join("tree/pipe/.cfnignore");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().is_ok_and(|it| it.success()));
    let report = import(&project, &[]);
    assert_eq!(names(&project), "a", "{report}");
    let refused = report["refused"].as_array().expect("a list");
    assert_eq!(refused.len(), 5, "{report}");
    for entry in refused {
        let reason = entry["reason"].as_str().unwrap_or_default();
        assert!(reason.ends_with("so its folder was skipped"), "{entry}");
        assert!(entry["path"].as_str().is_some_and(|it| it.ends_with("/.cfnignore")), "{entry}");
    }
}

#[test]
fn an_invalid_pattern_in_a_cfnignore_is_reported() {
    let project = with_skills(&["a", "b"]);
    project.file("tree/.cfnignore", "a\n{z\n");
    let report = import(&project, &[]);
    assert_eq!(names(&project), "b", "{report}");
    let reason = report["refused"][0]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("line 2 is not a pattern: "), "{reason}");
}

/// Root can read every folder, so the program runs as another user.
fn as_nobody(project: &Project, args: &[&str]) -> (Option<i32>, String) {
    fs::set_permissions(project.path(), fs::Permissions::from_mode(0o777)).expect("permissions");
    let program = project.path().join("cfn");
    crate::harness::install(&crate::harness::binary(), &program);
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program).args(args);
    let output = command.current_dir(project.path()).env_clear().output().expect("setpriv runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn an_unreadable_folder_exits_2_and_one_inside_it_is_reported() {
    if !rustix::process::geteuid().is_root() {
        let project = with_skills(&["a", "closed/b"]);
        let closed = project.path().join("tree/closed");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("permissions");
        let report = import(&project, &[]);
        assert_eq!((report["refused"][0]["path"].as_str(), counts(&report)[1]), (Some("closed"), 1), "{report}");
        project.cfn(["init", "--from", "tree/closed"]).fails(2);
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).expect("permissions");
        return;
    }
    let project = with_skills(&["a", "closed/b"]);
    let closed = project.path().join("tree/closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("permissions");
    let (code, text) = as_nobody(&project, &["--db", "one.db", "init", "--from", "tree/closed"]);
    assert!(code == Some(2) && text.contains("tree/closed: Permission denied"), "{code:?} {text}");
    assert!(!project.path().join("one.db").exists());
    let (code, text) = as_nobody(&project, &["--db", "two.db", "init", "--from", "tree"]);
    assert!(code == Some(0) && text.contains("refused: closed: Permission denied"), "{code:?} {text}");
    assert!(text.contains("2 files found: 1 imported, "), "{text}");
}
