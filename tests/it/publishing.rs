//! What deploy and update take from the command, from the file and from what is there: names, levels, fields, mappings, approvers.

use crate::harness::{Project, Ran};
use crate::scene::{deploy, dump, path_of, skill_text, with_skill};

#[test]
fn a_name_that_differs_in_case_alone_is_refused_with_the_other_name() {
    let project = Project::new();
    for name in ["foo", "Zeta-9", "a_B"] {
        deploy(&project, name, "Body.", &[]);
    }
    let before = dump(&project);
    for (name, other) in [("Foo", "foo"), ("FOO", "foo"), ("zeta-9", "Zeta-9"), ("A_b", "a_B")] {
        let error = project.fails_as(["deploy", "1", name, &path_of("foo")], 7, "name_taken");
        assert!(error["message"].as_str().is_some_and(|it| it.contains(&format!("\"{other}\""))), "{error}");
    }
    assert_eq!(dump(&project), before);
    for name in ["fo", "fooo", "foo-", "zeta9", "a-b"] {
        deploy(&project, name, "Body.", &[]);
    }
}

#[test]
fn twins_that_are_there_stay_usable() {
    let project = with_skill("foo", "domain", "dev");
    deploy(&project, "bar", "Other.", &["domain", "dev"]);
    project.sqlite3("UPDATE skills SET name = 'Foo' WHERE name = 'bar'");
    assert_eq!(deploy(&project, "Foo", "Newer.", &[]), "2");
    assert_eq!(deploy(&project, "foo", "Newest.", &[]), "1");
    project.skill("Foo", "Last.");
    let ran = project.cfn(["update", "Foo", "1.0.2", &path_of("Foo")]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    project.cfn(["deploy", "1", "FOO", &path_of("Foo")]).fails(7);
}

#[test]
fn a_file_that_names_another_skill_is_said() {
    let project = with_skill("sql", "domain", "dev");
    deploy(&project, "jwt", "Body.", &[]);
    project.file("s.md", skill_text("jwt", "Of another."));
    let warning = "warning: the file declares the name \"jwt\", which is another skill than";
    let ran = project.cfn(["deploy", "1", "sql", "s.md"]);
    assert!(ran.code == Some(0) && ran.stderr.starts_with(&format!("{warning} \"sql\"")), "{ran:?}");
    let ran = project.cfn(["deploy", "1", "third", "s.md"]);
    assert!(ran.code == Some(0) && ran.stderr.starts_with(&format!("{warning} \"third\"")), "{ran:?}");
    project.file("s.md", skill_text("JWT", "Of another, once more."));
    let ran = project.cfn(["update", "sql", "1.0.2", "s.md"]);
    assert!(ran.code == Some(0) && ran.stderr.starts_with(&format!("{warning} \"sql\"")), "{ran:?}");
    project.file("s.md", skill_text("unknown-name", "Of nobody."));
    assert_eq!(project.cfn(["update", "sql", "1.0.3", "s.md"]).stderr, "");
    project.file("s.md", skill_text("SQL", "Its own in capitals."));
    assert_eq!(project.cfn(["update", "sql", "1.0.4", "s.md"]).stderr, "");
}

#[test]
fn a_file_does_not_choose_a_weaker_review() {
    for (category, front_matter, becomes) in [
        ("", "category: foundation", "foundation|human"),
        ("", "category: testing\napproval_level: human", "testing|human"),
        ("domain", "category: testing", "domain|human"),
        ("infrastructure", "category: coordination", "infrastructure|escalate"),
        ("testing", "category: infrastructure", "testing|escalate"),
        ("testing", "approval_level: escalate", "testing|escalate"),
        ("testing", "metadata:\n  approval_level: human", "testing|human"),
        ("foundation", "description: d", "foundation|auto"),
    ] {
        let project = Project::new();
        project.file("s.md", format!("---\nname: s\n{front_matter}\n---\nBody.\n"));
        project.cfn(["deploy", "1", "s", "s.md", category]).ok();
        assert_eq!(
            project.sqlite3("SELECT category, approval_level FROM skills"),
            becomes,
            "{category} {front_matter}"
        );
    }
    for front_matter in ["approval_level: auto", "approval_level: escalate", "metadata:\n  approval_level: auto"] {
        let project = Project::new();
        project.file("s.md", format!("---\nname: s\n{front_matter}\n---\nBody.\n"));
        project.fails_as(["deploy", "1", "s", "s.md"], 7, "lowers_approval_level");
        assert_eq!(project.sqlite3("SELECT count(*) FROM skills"), "0");
    }
}

#[test]
fn other_bytes_bring_their_fields_and_the_command_wins() {
    let project = Project::new();
    let fields = || project.sqlite3("SELECT category, tags, owner, approval_level FROM skills");
    let deploy = |front_matter: &str, body: &str, more: &[&str]| {
        project.file("s.md", format!("---\nname: s\ndescription: d\n{front_matter}\n---\n{body}\n"));
        project.cfn(["deploy", "1", "s", "s.md"].iter().chain(more)).ok();
    };
    deploy("category: testing\ntags: [a]\nowner: ann", "1", &["testing"]);
    assert_eq!(fields(), "testing|[\"a\"]|ann|auto");
    deploy("license: MIT", "2", &[]);
    assert_eq!(fields(), "testing|[\"a\"]|ann|auto", "kept");
    deploy("metadata:\n  category: infrastructure\n  tags: b, c\n  owner: bob", "3", &[]);
    assert_eq!(fields(), "infrastructure|[\"b\",\"c\"]|bob|escalate", "below metadata too");
    deploy("category: domain\ntags: [d]\nowner: cy", "4", &["infrastructure", "", "--tags", "x", "--owner", "zoe"]);
    assert_eq!(fields(), "infrastructure|[\"x\"]|zoe|human", "the file's category raises the level");
    project.sqlite3("UPDATE skills SET owner = 'by hand', tags = '[]'");
    deploy("category: domain\ntags: [d]\nowner: cy", "4", &[]);
    assert_eq!(fields(), "infrastructure|[]|by hand|human", "the current bytes had their say");
    project.file("s.md", "---\nname: s\nmetadata:\n  tags: [u]\n  owner: upd\n  approval_level: human\n---\n5\n");
    project.cfn(["update", "s", "1.0.4", "s.md"]).ok();
    assert_eq!(fields(), "infrastructure|[\"u\"]|upd|human");
}

#[test]
fn flags_that_are_given_change_a_mapping_and_the_others_keep_it() {
    let project = Project::new();
    project.file("s.md", skill_text("s", "Body."));
    let deploy = |more: &[&str]| {
        let args = ["deploy", "1", "s", "s.md", "", "dev,tester", "--json"];
        project.cfn(args.iter().chain(more)).json()
    };
    let mapping = |agent: &str| {
        project.sqlite3(&format!(
            "SELECT priority, required, coalesce(conditions, '-'), enabled FROM agent_skill_mappings WHERE agent_type = '{agent}'"
        ))
    };
    let first = deploy(&["--priority", "3", "--context", "auth"]);
    assert_eq!(
        (&first["agents_added"], &first["agents_changed"]),
        (&["dev", "tester"][..].into(), &serde_json::json!([]))
    );
    assert_eq!(mapping("dev"), r#"3|0|{"taskContext":["auth"]}|1"#);
    let kept = deploy(&[]);
    assert_eq!((&kept["agents_added"], &kept["agents_changed"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert_eq!(mapping("dev"), r#"3|0|{"taskContext":["auth"]}|1"#, "nothing given, all kept");

    project.sqlite3("UPDATE agent_skill_mappings SET priority = 1 WHERE agent_type = 'dev'");
    let changed = deploy(&["--priority", "1"]);
    assert_eq!(changed["agents_changed"], serde_json::json!(["tester"]), "one had it already");
    deploy(&["--phase", "build"]);
    assert_eq!(mapping("tester"), r#"1|0|{"taskContext":["auth"],"phase":"build"}|1"#);
    deploy(&["--required", "--context", "api, web"]);
    assert_eq!(mapping("dev"), r#"1|1|{"taskContext":["api","web"],"phase":"build"}|1"#);
    deploy(&["--priority", "9"]);
    assert_eq!(mapping("dev"), r#"9|1|{"taskContext":["api","web"],"phase":"build"}|1"#);

    project.sqlite3("UPDATE agent_skill_mappings SET enabled = 0 WHERE agent_type = 'dev'");
    let ran = project.cfn(["deploy", "1", "s", "s.md", "", "dev", "--priority", "2"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "1\n"));
    assert!(ran.stderr.contains("the mapping to dev remains disabled"), "{ran:?}");
    assert_eq!(mapping("dev"), r#"2|1|{"taskContext":["api","web"],"phase":"build"}|0"#);
}

/// Who approved last, at which level, and why.
fn approval(project: &Project) -> String {
    project.sqlite3("SELECT approver, approval_level, reasoning FROM approval_history ORDER BY id DESC LIMIT 1")
}

#[test]
fn who_and_why_are_recorded_whoever_says_it() {
    let project = with_skill("sql", "domain", "dev");
    let with_approver = |args: &[&str]| -> Ran {
        project.command(args).env("CFN_APPROVER", "env@example.com").output().expect("cfn runs").into()
    };
    let path = path_of("sql");
    let mut number = 0;
    let mut next = |more: &[&'static str]| {
        number += 1;
        project.skill("sql", &format!("Body {number}."));
        (format!("1.0.{number}"), more.to_vec())
    };
    let (version, _) = next(&[]);
    project.cfn(["update", "sql", &version, &path]).ok();
    assert!(approval(&project).starts_with("phase4-edge-case-tracker|auto|Edge-case correction"));
    for (flags, recorded) in [
        (&["--approver", "ann", "--reason", "read"][..], "ann|human|read"),
        (&["--reason", "read"], "phase4-edge-case-tracker|human|read"),
        (&["--approver", "ann"], "ann|human|Edge-case correction, validated by an expert and propagated"),
    ] {
        let (version, flags) = next(flags);
        project.cfn([&["update", "sql", &version, &path], &flags[..]].concat()).ok();
        assert_eq!(approval(&project), recorded);
    }
    let (version, _) = next(&[]);
    with_approver(&["update", "sql", &version, &path, "--reason", "env"]).ok();
    assert_eq!(approval(&project), "env@example.com|human|env");
    next(&[]);
    with_approver(&["deploy", "1", "sql", &path]).ok();
    assert!(approval(&project).starts_with("env@example.com|human|Approved by expert review"));
    next(&[]);
    with_approver(&["deploy", "1", "sql", &path, "--approver", "flag"]).ok();
    assert!(approval(&project).starts_with("flag|human|"), "a flag beats the environment");
    with_approver(&["skill", "rollback", "sql", "1.0.1"]).ok();
    assert_eq!(approval(&project), "env@example.com|human|Rolled back to the bytes of 1.0.1");
    project.cfn(["skill", "rollback", "sql", "1.0.2", "--approver", "ann", "--reason", "back"]).ok();
    assert_eq!(approval(&project), "ann|human|back");
    with_approver(&["skill", "reject", "sql", "--reason", "no"]).ok();
    assert_eq!(approval(&project), "env@example.com|human|no");
}

/// Whoever may start cfn as another user must not read that user's files by its messages.
#[test]
fn nothing_of_a_refused_file_is_in_any_message() {
    let project = with_skill("sql", "domain", "dev");
    let secret = "root:$6$hunter2$0123456789abcdef:19000:0:99999:7:::";
    let nested = format!("{}{secret}{}", "[".repeat(99), "]".repeat(99));
    let mut latin = secret.as_bytes().to_vec();
    latin.extend(b"\n\xff\n");
    let files: [(&str, Vec<u8>); 6] = [
        ("latin", latin),
        ("long", format!("{secret}\n").repeat(30_000).into_bytes()),
        (
            "long-front-matter",
            format!("---\nname: {secret}\n{}---\n", format!("k: {secret}\n").repeat(2000)).into_bytes(),
        ),
        ("nested", format!("---\nname: x\nkey: {nested}\n---\n").into_bytes()),
        (
            "lowers",
            format!("---\nname: {secret}\nowner: {secret}\nversion: {secret}\napproval_level: auto\n---\n{secret}\n")
                .into_bytes(),
        ),
        ("category", format!("---\nname: x\ncategory: testing\nowner: {secret}\n---\n").into_bytes()),
    ];
    for (name, bytes) in &files {
        project.file("s.md", bytes);
        for args in [
            &["deploy", "1", "sql", "s.md"][..],
            &["deploy", "1", "sql", "s.md", "--json"],
            &["deploy", "1", "sql", "s.md", "-vv"],
            &["update", "sql", "1.0.1", "s.md"],
            &["update", "sql", "1.0.1", "s.md", "--json"],
        ] {
            let ran = project.cfn([args, &["--dry-run"]].concat());
            assert!(matches!(ran.code, Some(1 | 7)), "{name} {args:?}: {ran:?}");
            assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"), "{name} {args:?}: {ran:?}");
        }
    }
}

#[test]
fn a_pattern_id_that_is_no_number_is_named() {
    let project = with_skill("sql", "domain", "dev");
    for bad in ["abc", "-1", "1.5", "", "99999999999999999999", "0x1"] {
        let error = project.fails_as(["deploy", bad, "sql", &path_of("sql")], 1, "invalid_arguments");
        assert!(error["message"].as_str().is_some_and(|it| it.contains("pattern id")), "{bad}: {error}");
    }
}
