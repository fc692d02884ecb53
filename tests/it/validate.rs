//! `cfn skill validate`: a file or a folder against the format.

use crate::harness::{Project, repository};
use crate::scene::skill_text;

#[test]
fn a_good_skill_is_good_in_both_modes_and_needs_no_database() {
    let project = Project::empty();
    project.file("pdf/SKILL.md", skill_text("pdf", "Body."));
    for args in [&["pdf/SKILL.md"][..], &["pdf"], &["pdf/SKILL.md", "--strict"], &["pdf", "--strict"]] {
        let ran = project.cfn(["skill", "validate"].iter().chain(args));
        assert_eq!(
            (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
            (Some(0), "1 file, 0 with errors\n", ""),
            "{args:?}"
        );
    }
    assert!(!project.path().join(".claude").exists());
}

#[test]
fn lenient_warns_where_strict_refuses() {
    let project = Project::empty();
    project.file("pdf/SKILL.md", "---\nname: Other Name\ndescription: Use when: always\nversion: 1.0\n---\nBody.\n");
    let lenient = project.cfn(["skill", "validate", "pdf/SKILL.md"]);
    assert!(
        lenient.code == Some(0) && lenient.stdout.contains("pdf/SKILL.md:") && lenient.stdout.contains("warning: "),
        "{lenient:?}"
    );
    let strict = project.cfn(["skill", "validate", "pdf/SKILL.md", "--strict"]);
    assert!(strict.code == Some(1) && strict.stdout.contains(": error: "), "{strict:?}");
    assert!(strict.stdout.ends_with("1 file, 1 with errors\n"), "{strict:?}");
}

#[test]
fn what_cannot_be_read_is_an_error_with_its_line_in_both_modes() {
    let project = Project::empty();
    project.file("tree/empty/SKILL.md", "");
    project.file("tree/latin/SKILL.md", b"---\nname: latin\n---\n\xff\n");
    project.file("tree/good/SKILL.md", skill_text("good", "Body."));
    let ran = project.cfn(["skill", "validate", "tree"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("tree/empty/SKILL.md: error: line 1: "), "{ran:?}");
    assert!(ran.stdout.contains("tree/latin/SKILL.md: error: line 4: "), "{ran:?}");
    assert!(ran.stdout.ends_with("3 files, 2 with errors\n"), "{ran:?}");
    let json: serde_json::Value =
        serde_json::from_str(&project.cfn(["skill", "validate", "tree", "--json"]).stdout).expect("JSON");
    let valid: Vec<_> = json["files"].as_array().expect("a list").iter().map(|it| it["valid"].clone()).collect();
    assert_eq!((valid, &json["invalid"]), (vec![false.into(), true.into(), false.into()], &2.into()));
}

#[test]
fn a_path_that_names_nothing_is_not_a_finding() {
    let project = Project::empty();
    project.cfn(["skill", "validate", "missing.md"]).fails(2);
    project.cfn(["skill", "validate", "/dev/null"]).fails(2);
    project.cfn(["skill", "validate"]).fails(1);
}

#[test]
fn findings_never_print_control_characters() {
    let project = Project::empty();
    project
        .file("red\u{1b}[31m/SKILL.md", "---\nname: \"a\\u001b[2J\"\ndescription: x\n\u{1b}key: 1\n---\nA\u{202e}B\n");
    let ran = project.cfn(["skill", "validate", ".", "--strict"]);
    let raw = ran.stdout.chars().any(|it| (it.is_control() && it != '\n') || it == '\u{202e}');
    assert!(ran.code == Some(1) && !raw, "{ran:?}");
}

#[test]
fn a_link_is_judged_by_the_folder_in_which_it_lies() {
    let project = Project::empty();
    project.file("real/source.md", skill_text("linked", "Body."));
    project.file("real/other/SKILL.md", skill_text("other", "Body."));
    for (folder, target) in [("linked", "../real/source.md"), ("not-linked", "../real/source.md")] {
        std::fs::create_dir_all(project.path().join(folder)).expect("a folder");
        std::os::unix::fs::symlink(target, project.path().join(folder).join("SKILL.md")).expect("a link");
    }
    for (args, code) in [
        (&["linked"][..], 0),
        (&["linked/SKILL.md"], 0),
        (&["./real/../linked/SKILL.md"], 0),
        (&["not-linked"], 1),
        (&["not-linked/SKILL.md"], 1),
    ] {
        let ran = project.cfn(["skill", "validate", "--strict"].iter().chain(args));
        assert_eq!(ran.code, Some(code), "{args:?}: {ran:?}");
        assert_eq!(ran.stdout.contains("is not the name of its folder, \"not-linked\""), code == 1, "{ran:?}");
    }
    let inside = |path: &str| {
        let mut command = project.command(["skill", "validate", "--strict", path]);
        command.current_dir(project.path().join("real/other/"));
        crate::harness::Ran::from(command.output().expect("cfn runs")).code
    };
    assert_eq!((inside("SKILL.md"), inside("../other/SKILL.md")), (Some(0), Some(0)));
    std::fs::create_dir_all(project.path().join("real/other/deep")).expect("a folder");
    assert_eq!(inside("deep/../SKILL.md"), Some(0));
}

#[test]
fn each_oddity_of_a_file_is_a_finding() {
    let project = Project::empty();
    for (body, said) in [
        ("a\u{34f}b", "U+034F"),
        ("a\u{180b}b", "U+180B"),
        ("a\u{1d173}b", "U+1D173"),
        ("a\rb", "carriage return"),
        ("<<<<<<< a\nx\n=======\ny\n>>>>>>> b", "conflict markers"),
    ] {
        project.file("odd/SKILL.md", skill_text("odd", body));
        let ran = project.cfn(["skill", "validate", "odd"]);
        assert!(ran.code == Some(0) && ran.stdout.contains(said), "{ran:?}");
    }
    project.file("odd/SKILL.md", "---\nname: odd\ndescription: \"a\\u202eb\\0\"\n---\nBody.\n");
    let ran = project.cfn(["skill", "validate", "odd"]);
    assert!(ran.stdout.contains("SKILL.md:3: warning: ") && ran.stdout.contains("U+0000, U+202E"), "{ran:?}");
}

#[test]
fn the_skills_of_the_repository_keep_the_format() {
    let project = Project::empty();
    let path = repository("tests/skills");
    let ran = project.cfn(["skill".as_ref(), "validate".as_ref(), path.as_os_str()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn files_for_which_a_folder_is_refused_are_errors_and_those_for_which_it_is_left_are_warnings() {
    let project = Project::empty();
    for name in ["good", "leaving", "pipe", "twins", "root"] {
        project.file(&format!("tree/{name}/SKILL.md"), skill_text(name, "Body."));
        project.file(&format!("tree/{name}/run.sh"), "echo\n");
    }
    let tree = project.path().join("tree");
    std::os::unix::fs::symlink("/etc/passwd", tree.join("leaving/out")).expect("a link");
    assert!(std::process::Command::new("mkfifo").arg(tree.join("pipe/fifo")).status().is_ok_and(|it| it.success()));
    project.file("tree/twins/RUN.sh", "echo\n");
    project.file("tree/root/package.json", "{}");
    let ran = project.cfn(["skill", "validate", "tree"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for expected in [
        "leaving/SKILL.md: error: out: it is a link that leaves the skill's folder",
        "pipe/SKILL.md: error: fifo: ",
        "twins/SKILL.md: error: its folder: ",
        "root/SKILL.md: warning: only SKILL.md is taken: package.json marks its folder as a project's root",
    ] {
        assert!(ran.stdout.contains(expected), "{expected}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("good/SKILL.md"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("5 files, 3 with errors\n"), "{}", ran.stdout);
}
