//! `cfn init --from`: folders as they really are.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::harness::Project;
use crate::scene::skill_text;

fn import(project: &Project) -> Value {
    project.cfn(["init", "--from", "tree", "--json"]).json()
}

/// Name and path of every skill, by path.
fn imported(project: &Project) -> String {
    project.sqlite3("SELECT name || ' ' || content_path FROM skills ORDER BY content_path")
}

/// Path and reason of what was refused.
fn refused(report: &Value) -> Vec<(String, String)> {
    let entries = report["refused"].as_array().expect("a list");
    let text = |it: &Value, field: &str| it[field].as_str().unwrap_or_default().to_owned();
    entries.iter().map(|it| (text(it, "path"), text(it, "reason"))).collect()
}

fn link(project: &Project, target: &str, at: &str) {
    let at = project.path().join(at);
    fs::create_dir_all(at.parent().expect("a parent")).expect("folders");
    symlink(target, at).expect("a link");
}

#[test]
fn every_spelling_of_the_file_name_counts() {
    let project = Project::empty();
    for (folder, file) in
        [("a", "SKILL.md"), ("b", "skill.md"), ("c", "Skill.md"), ("d", "SKILL.MD"), ("e", "sKiLl.Md")]
    {
        project.file(&format!("tree/{folder}/{file}"), skill_text(folder, "Body."));
    }
    for other in ["SKILLS.md", "SKILL.md.bak", "README.md", "SKILL", "MYSKILL.md"] {
        project.file(&format!("tree/z/{other}"), skill_text("z", "Body."));
    }
    let report = import(&project);
    assert_eq!((&report["found"], &report["imported"]), (&5.into(), &5.into()), "{report}");
}

#[test]
fn a_folder_is_one_skill_however_its_file_is_spelt() {
    let project = Project::empty();
    project.file("tree/a/skill.md", skill_text("a", "Lower."));
    project.file("tree/a/SKILL.md", skill_text("a", "Upper."));
    project.file("tree/b/skill.md", skill_text("other", "Lower."));
    project.file("tree/b/SKILL.md", skill_text("b", "Upper."));
    for spelling in ["SKILL.md", "Skill.md", "skill.md"] {
        project.file(&format!("tree/c/{spelling}"), skill_text("c", "The same."));
    }
    let report = import(&project);
    let reason =
        |folder: &str| (format!("{folder}/skill.md"), format!("{folder}/SKILL.md is the skill file of its folder"));
    assert_eq!(refused(&report), [reason("a"), reason("b")]);
    assert_eq!((&report["imported"], &report["copies"]), (&3.into(), &2.into()), "{report}");
    assert_eq!(imported(&project), "a tree/a/SKILL.md\nb tree/b/SKILL.md\nc tree/c/SKILL.md");
    assert_eq!(project.cfn(["skill", "show", "a", "--content"]).ok(), skill_text("a", "Upper."));
}

#[test]
fn the_second_of_two_is_taken_where_the_first_is_refused() {
    let project = Project::empty();
    project.file("tree/a/SKILL.md", b"---\nname: same\n---\n\xff");
    project.file("tree/b/SKILL.md", skill_text("same", "B."));
    let report = import(&project);
    assert_eq!((imported(&project), refused(&report).len()), ("same tree/b/SKILL.md".to_owned(), 1));
}

#[test]
fn a_name_that_deploy_would_refuse_gives_way_to_that_of_the_folder() {
    let project = Project::empty();
    for (folder, name) in
        [("spaces", "has spaces"), ("slash", "a/b"), ("accent", "naïve"), ("none", ""), ("long", &"x".repeat(65))]
    {
        project.file(&format!("tree/{folder}/SKILL.md"), format!("---\nname: {name}\ndescription: x\n---\nBody.\n"));
    }
    project.file("tree/number/SKILL.md", "---\nname: 42\ndescription: x\n---\nBody.\n");
    project.file("tree/--help/SKILL.md", "# No front matter\n");
    project.file("tree/-21risk/SKILL.md", "---\nname: -21risk\ndescription: x\n---\nBody.\n");
    let report = import(&project);
    let names = project.sqlite3("SELECT group_concat(name, ' ') FROM (SELECT name FROM skills ORDER BY name)");
    assert_eq!(names, "--help -21risk 42 accent long none slash spaces", "{report}");
    let warned = |folder: &str| {
        let entries = report["warnings"].as_array().expect("a list");
        let reasons = entries.iter().filter(|it| it["path"].as_str().is_some_and(|it| it.starts_with(folder)));
        reasons.filter_map(|it| it["reason"].as_str()).any(|it| it.contains("imported under its folder's name"))
    };
    assert!(["spaces", "slash", "accent", "long"].into_iter().all(warned), "{report}");
    project.assert_whole();
}

#[test]
fn where_neither_is_a_name_the_file_is_refused() {
    let project = Project::empty();
    project.file("tree/bad name/SKILL.md", "---\nname: also bad\ndescription: x\n---\nBody.\n");
    project.file("tree/no name/SKILL.md", "# Nothing\n");
    let odd = project.path().join("tree").join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&odd).expect("a folder");
    fs::write(odd.join("SKILL.md"), skill_text("odd", "Body.")).expect("a file");
    project.file("tree/red\u{1b}[31m\n/SKILL.md", "# Nothing\n");
    let ran = project.cfn(["init", "--from", "tree"]);
    assert!(!ran.stdout.contains('\u{1b}'), "{ran:?}");
    assert!(ran.stdout.contains("refused: red\\u{1b}[31m\\n/SKILL.md: "), "{ran:?}");
    assert!(ran.stdout.contains("its path is not UTF-8"), "{ran:?}");
    assert!(ran.ok().contains("4 files found: 0 imported, 0 unchanged, 0 updated, 0 changed, 4 refused"));
}

#[test]
fn links_are_followed_only_inside_the_folder_and_a_file_counts_once() {
    let project = Project::empty();
    project.file("tree/real/SKILL.md", skill_text("real", "Body."));
    project.file("tree/docs/text.md", skill_text("linked", "Linked."));
    project.file("tree/docs/bare.md", "# No name\n");
    project.file("outside/SKILL.md", skill_text("outside", "Body."));
    project.file("outside/notes.txt", "Not a skill.");
    link(&project, "../real/SKILL.md", "tree/alias/SKILL.md");
    link(&project, "real", "tree/folder-alias");
    link(&project, "../docs/text.md", "tree/linked/SKILL.md");
    link(&project, "../docs/bare.md", "tree/bare/SKILL.md");
    link(&project, "../../outside/SKILL.md", "tree/out/SKILL.md");
    link(&project, "../outside", "tree/out-folder");
    link(&project, "../outside/notes.txt", "tree/notes.txt");
    link(&project, "nowhere", "tree/dangling/SKILL.md");
    link(&project, "nowhere", "tree/dangling-folder");
    link(&project, "SKILL.md", "tree/loop/SKILL.md");
    link(&project, ".", "tree/self");
    link(&project, "..", "tree/real/up");
    let report = import(&project);
    let paths: Vec<_> = refused(&report).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["dangling/SKILL.md", "loop/SKILL.md", "out-folder", "out/SKILL.md"], "{report}");
    let names = project.sqlite3("SELECT name FROM skills ORDER BY name");
    assert_eq!(names, "bare\nlinked\nreal", "a link's own folder names it: {report}");
    assert_eq!(report["found"], 7);
}

#[test]
fn what_is_named_like_a_skill_and_is_no_file_is_named() {
    let project = Project::empty();
    project.file("tree/folder/SKILL.md/inner/SKILL.md", skill_text("inner", "Body."));
    for name in ["pipe", "ignored", "socket", "link", "folder-link"] {
        fs::create_dir_all(project.path().join("tree").join(name)).expect("a folder");
    }
    let inside = |path: &str| project.path().join("tree").join(path);
    for path in ["pipe/Skill.md", "ignored/SKILL.md", "link/other"] {
        assert!(std::process::Command::new("mkfifo").arg(inside(path)).status().is_ok_and(|it| it.success()));
    }
    let _socket = std::os::unix::net::UnixListener::bind(inside("socket/SKILL.md")).expect("a socket");
    link(&project, "other", "tree/link/SKILL.md");
    link(&project, "../pipe", "tree/folder-link/SKILL.md");
    project.file("tree/.cfnignore", "ignored/SKILL.md\n");
    let report = import(&project);
    assert_eq!(imported(&project), "inner tree/folder/SKILL.md/inner/SKILL.md", "{report}");
    let expected = [
        ("folder-link/SKILL.md", "it is a link to something that is not a regular file"),
        ("folder/SKILL.md", "it is a folder, not a file"),
        ("link/SKILL.md", "it is a link to something that is not a regular file"),
        ("pipe/Skill.md", "it is a FIFO, not a file"),
        ("socket/SKILL.md", "it is a socket, not a file"),
    ];
    let expected = expected.map(|(path, why)| (path.to_owned(), why.to_owned()));
    assert_eq!(refused(&report), expected, "{report}");
    let validated = project.cfn(["skill", "validate", "tree"]);
    assert!(validated.stdout.contains("pipe/Skill.md"), "{validated:?}");
}

#[test]
fn odd_files_are_imported_byte_for_byte() {
    let project = Project::empty();
    let files: &[(&str, &[u8])] = &[
        ("crlf", b"---\r\nname: crlf\r\ndescription: x\r\n---\r\nBody.\r\n"),
        ("mixed", b"---\r\nname: mixed\ndescription: x\r\n---\nBody.\r\nMore.\n"),
        ("mark", b"\xef\xbb\xbf---\nname: mark\ndescription: x\n---\nBody.\n"),
        ("blank-first", b"\n\n---\nname: blank-first\ndescription: x\n---\nBody.\n"),
        ("colon", b"---\nname: colon\ndescription: Use when: always\n---\nBody.\n"),
        ("unclosed", b"---\nname: unclosed\ndescription: x\n\n# Title\n"),
        ("fence", b"```yaml\n---\nname: other\n---\n```\n"),
        ("nul", b"---\nname: nul\ndescription: x\n---\nA\0B\n"),
        ("one-byte", b"x"),
        ("no-end", b"---\nname: no-end\ndescription: x\n---\nNo newline"),
    ];
    for (name, bytes) in files {
        project.file(&format!("tree/{name}/SKILL.md"), bytes);
    }
    let report = import(&project);
    assert_eq!(report["imported"], files.len(), "{report}");
    for (name, bytes) in files {
        let output = project.command(["skill", "show", name, "--content"]).output().expect("cfn runs");
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), *bytes), "{name}");
    }
    project.assert_whole();
}
