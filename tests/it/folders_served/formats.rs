//! Each format, with plain skills and with skills of several files.

use std::fs;

use serde_json::{Value, json};

use super::{BESIDE, Scene, locations, plain, require_same};
use crate::scene::{deploy, sha256, skill_text};

#[test]
fn a_listing_names_copies_of_exactly_the_approved_files() {
    let scene = Scene::new();
    let several = scene.deploy("pdf", BESIDE);
    scene.deploy("sql", &[]);
    let root = scene.root();
    let expected = [&several, &plain("sql")].map(|it| it.hash().to_string());
    let expected = [root.join(&expected[0]).join("pdf/SKILL.md"), root.join(&expected[1]).join("sql/SKILL.md")];
    for _ in 0..2 {
        assert_eq!(scene.locations(&[]), expected);
        require_same(expected[0].parent().expect("a folder"), &several);
        require_same(expected[1].parent().expect("a folder"), &plain("sql"));
    }
    assert_eq!(scene.locations(&["--verify", "full"]), expected);
}

#[test]
fn a_changed_working_tree_takes_nothing_away_and_adds_nothing() {
    let scene = Scene::new();
    let folder = scene.deploy("pdf", BESIDE);
    fs::write(scene.project.path().join(".claude/skills/pdf/scripts/run.sh"), "rm -rf /\n").expect("written");
    scene.project.skill("pdf", "Other.");
    let found = scene.locations(&[]);
    require_same(found[0].parent().expect("a folder"), &folder);
    fs::remove_dir_all(scene.project.path().join(".claude/skills/pdf")).expect("removed");
    assert_eq!(scene.locations(&[]), found);
}

#[test]
fn with_source_paths_every_file_must_be_as_it_was_approved() {
    let scene = Scene::new();
    scene.deploy("pdf", BESIDE);
    scene.deploy("sql", &[]);
    let folder = fs::canonicalize(scene.project.path()).expect("a path").join(".claude/skills");
    let both = [folder.join("pdf/SKILL.md"), folder.join("sql/SKILL.md")];
    assert_eq!(scene.locations(&["--paths", "source"]), both);
    assert!(!scene.root().exists(), "nothing is written");
    let script = folder.join("pdf/scripts/run.sh");
    let good = fs::read(&script).expect("a file");
    fs::write(&script, "#!/bin/sh\necho other\n").expect("written");
    let left_out = |args: &[&str]| {
        let ran = scene.cfn(args);
        assert!(ran.stderr.contains("left out pdf: its files are missing or differ from the approved ones"), "{ran:?}");
        ran.ok()
    };
    assert_eq!(locations(&left_out(&["load", "dev", "--format", "xml", "--paths", "source"])), both[1..]);
    assert!(!left_out(&["load", "dev", "--paths", "source"]).contains("pdf"), "in a prompt too");
    fs::write(&script, good).expect("written");
    assert_eq!(scene.locations(&["--paths", "source"]), both);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(&script, mode).expect("its mode");
    assert_eq!(scene.locations(&["--paths", "source"]), both[1..], "a mode counts");
}

#[test]
fn a_block_says_where_the_files_of_a_skill_are_if_it_has_more_than_one() {
    let scene = Scene::new();
    let folder = scene.deploy("pdf", BESIDE);
    scene.deploy("sql", &[]);
    let (pdf, sql) = (skill_text("pdf", "Body."), skill_text("sql", "Body."));
    let path = scene.root().join(folder.hash().to_string()).join("pdf");
    let expected = format!(
        "<skill_content_{0} name=\"pdf\" version=\"1.0.0\" files=\"{path}\">\n{pdf}\n</skill_content_{0}>\n\
         <skill_content_{1} name=\"sql\" version=\"1.0.0\">\n{sql}\n</skill_content_{1}>\n",
        &sha256(&pdf)[..8],
        &sha256(&sql)[..8],
        path = path.display(),
    );
    assert_eq!(scene.cfn(&["load", "dev"]).ok(), expected);
    require_same(&path, &folder);
    let json = scene.cfn(&["load", "dev", "--json"]).json();
    let file = |index: usize| {
        let file = &folder.files()[index];
        json!({"path": file.path, "mode": file.mode.as_str(), "hash": file.hash, "size": file.size})
    };
    let skill = &json["skills"][0];
    assert_eq!(skill["files"], (0..3).map(file).collect::<Value>());
    assert_eq!(skill["path"], path.to_str().expect("UTF-8"));
    assert_eq!(skill["folder_hash"], folder.hash().to_string());
    for field in ["files", "path", "folder_hash"] {
        assert_eq!(json["skills"][1].get(field), None, "a plain skill has none");
    }
    assert_eq!(
        fs::read_dir(scene.root()).expect("a folder").count(),
        2,
        "a plain skill is not written for that, only the tag of a cache"
    );
}

#[test]
fn a_path_in_a_block_is_escaped() {
    let scene = Scene::new();
    scene.deploy("pdf", BESIDE);
    let load = |root: &str| {
        let mut command = scene.project.command(["load", "dev"]);
        let ran: crate::harness::Ran =
            command.env("CFN_MATERIALIZE_DIR", scene.root().join(root)).output().expect("cfn runs").into();
        ran
    };
    let text = load("a \"b\" & c < d").ok();
    assert!(text.contains("/a &quot;b&quot; &amp; c &lt; d/"), "{text}");
    for bad in ["a\nb", "a<b>", "a\u{1b}b"] {
        let ran = load(bad);
        assert!(ran.stderr.contains("left out pdf: its path has control characters or tags"), "{ran:?}");
        assert_eq!(ran.ok(), "");
    }
}

#[test]
fn nothing_is_written_where_no_path_is_handed_out() {
    let scene = Scene::new();
    scene.deploy("pdf", BESIDE);
    for args in [&["load", "dev", "--format", "names"][..], &["agents", "dev"], &["load", "dev", "--budget", "codex"]] {
        scene.cfn(args).ok();
        assert!(!scene.root().exists(), "{args:?}");
    }
}

#[test]
fn a_skill_whose_other_files_were_never_approved_is_its_skill_file_alone() {
    let scene = Scene::new();
    scene.deploy("pdf", BESIDE);
    let human = "approval_level = 'human'";
    scene.project.sqlite3(&format!(
        "UPDATE approval_history SET folder_hash = NULL; UPDATE skills SET {human}; UPDATE skill_versions SET {human}"
    ));
    let ran = scene.cfn(&["load", "dev", "--format", "xml"]);
    let note = "note: the other files of pdf were never approved: only its SKILL.md is loaded\n";
    assert!(ran.stderr.contains(note), "{ran:?}");
    let found = locations(&ran.ok());
    require_same(found[0].parent().expect("a folder"), &plain("pdf"));
    let text = scene.cfn(&["load", "dev"]).ok();
    assert!(!text.contains("files="), "{text}");
    let json = scene.cfn(&["load", "dev", "--json"]).json();
    assert_eq!((&json["skills"][0]["partial"], json["skills"][0].get("files")), (&Value::Bool(true), None));
}

#[test]
fn a_folder_that_is_not_stored_as_it_was_approved_is_left_out_in_every_format() {
    for (damage, reason) in [
        (
            "DELETE FROM skill_contents WHERE hash = (SELECT hash FROM skill_files WHERE path LIKE 'scripts%')",
            "are not in the database",
        ),
        (
            "UPDATE skill_contents SET bytes = X'00' WHERE hash = (SELECT hash FROM skill_files WHERE path LIKE 'scripts%')",
            "do not match",
        ),
        ("DELETE FROM skill_files WHERE path LIKE 'scripts%'", "recorded files do not match"),
        ("UPDATE skill_files SET mode = '100644'", "recorded files do not match"),
        ("UPDATE skill_files SET path = '../x' WHERE path LIKE 'scripts%'", "recorded files do not match"),
        ("UPDATE skill_files SET size = 3 WHERE path LIKE 'scripts%'", "do not match"),
        (
            "INSERT INTO skill_files SELECT version_id, 'more', mode, hash, size FROM skill_files LIMIT 1",
            "recorded files do not match",
        ),
    ] {
        let scene = Scene::new();
        scene.deploy("pdf", BESIDE);
        scene.cfn(&["load", "dev"]).ok(); // what is materialized does not make up for it
        scene.project.sqlite3(damage);
        for format in [&["--format", "xml"][..], &["--format", "prompt"], &["--format", "names"], &["--json"]] {
            let ran = scene.cfn(&[&["load", "dev"], format].concat());
            let is_said = ran.stderr.contains("left out pdf: ") && ran.stderr.contains(reason);
            assert!(is_said || format == ["--json"], "{damage}: {ran:?}");
            assert!(!ran.ok().contains("Body."), "{damage}");
        }
        scene.project.sqlite3("UPDATE agent_skill_mappings SET required = 1");
        scene.cfn(&["load", "dev", "--json"]).fails_as(7, "integrity");
    }
}

#[test]
fn a_token_limit_counts_the_paths_too() {
    let scene = Scene::new();
    for index in 0..6 {
        scene.deploy(&format!("s-{index}"), BESIDE);
    }
    for format in [&["--format", "prompt"][..], &["--format", "xml"], &["--json"]] {
        let mut last = 0;
        for most in [0, 150, 400, 700, 100_000] {
            let ran = scene.cfn(&[&["load", "dev", "--max-tokens", &most.to_string()], format].concat());
            let count = ran.stdout.matches(if format[0] == "--json" { "\"content\":" } else { ">\ns-" }).count();
            let count = count.max(ran.stdout.matches(" files=").count());
            assert!(ran.stdout.len() <= 4 * most || count == 0, "{format:?} {most}: {}", ran.stdout.len());
            assert!(count >= last, "{format:?} {most}: {count}");
            last = count;
        }
        assert_eq!(last, 6, "{format:?}");
    }
}

#[test]
fn a_batch_hands_out_paths_too() {
    let scene = Scene::new();
    let folder = scene.deploy("pdf", BESIDE);
    let requests = [
        json!({"agent_type": "dev", "format": "xml"}),
        json!({"agent_type": "dev", "format": "xml", "paths": "source"}),
        json!({"agent_type": "dev", "format": "prompt", "verify": "full"}),
        json!({"agent_type": "dev"}),
        json!({"agent_type": "dev", "paths": "elsewhere"}),
    ];
    let input = requests.map(|it| it.to_string() + "\n").concat();
    let requests = scene.project.file("requests", input);
    let mut command = scene.command(&["load", "--batch"]);
    let ran: crate::harness::Ran =
        command.stdin(fs::File::open(requests).expect("requests")).output().expect("cfn runs").into();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let answers: Vec<Value> = ran.stdout.lines().map(|it| serde_json::from_str(it).expect("JSON")).collect();
    let path = scene.root().join(folder.hash().to_string()).join("pdf");
    let path = path.to_str().expect("UTF-8");
    let text = |index: usize| answers[index]["text"].as_str().expect("a text").to_owned();
    assert!(text(0).contains(&format!("\n{path}/SKILL.md\n")), "{answers:?}");
    assert!(text(1).contains("/.claude/skills/pdf/SKILL.md\n"), "{answers:?}");
    assert!(text(2).contains(&format!(" files=\"{path}\"")), "{answers:?}");
    assert_eq!(answers[3]["skills"][0]["path"], path);
    assert!(
        answers[4]["error"].to_string().contains("paths") || answers[4].to_string().contains("elsewhere"),
        "{answers:?}"
    );
}

#[test]
fn bootstrap_skills_are_listed_as_copies_too() {
    let scene = Scene::new();
    let text = skill_text("first", "Body.");
    scene.project.file("first.md", &text);
    scene.project.sqlite3(&format!(
        "INSERT INTO skill_contents (hash, bytes) VALUES ('{0}', X'{1}');
         INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash)
         VALUES ('first', 'first.md', 0, 'First.', '{0}')",
        sha256(&text),
        crate::scene::hex(&text)
    ));
    deploy(&scene.project, "sql", "Body.", &["testing", "dev"]);
    let found = scene.locations(&[]);
    assert_eq!(found.len(), 2);
    require_same(found[0].parent().expect("a folder"), &plain("first"));
}
