//! A full disk, and a limit on the size of files.

use std::ffi::OsStr;
use std::fs;

use rustix::process::{getegid, geteuid};

use super::tools::{as_root, assert_one_message, finish, must, number, run, sha256, under};
use super::victims::assert_clean;
use crate::harness::{Project, Ran};
use crate::small_disk::SmallDisk;

/// A project whose database is on a small disk of its own.
struct Confined {
    disk: SmallDisk,
    project: Project,
}

impl Confined {
    fn new(bytes: usize) -> Self {
        let project = Project::empty();
        let folder = project.path().join(".claude");
        fs::create_dir(&folder).expect("a folder");
        let disk = SmallDisk::at(&folder, bytes, (geteuid().as_raw(), getegid().as_raw()));
        project.cfn(["init"]).ok();
        Self { disk, project }
    }
}

/// Skill files lie on the other disk.
fn skill(project: &Project, turn: usize) -> (String, String) {
    let text = format!("---\nname: s\ndescription: d\n---\n{turn} {}", "x".repeat(20_000));
    let hash = sha256(text.as_bytes());
    (project.file("SKILL.md", text).to_string_lossy().into_owned(), hash)
}

#[test]
fn a_disk_that_fills_up_refuses_with_what_was_acknowledged_intact() {
    let confined = Confined::new(2 * 1024 * 1024);
    let mut acknowledged = Vec::new();
    let refused = loop {
        let (path, hash) = skill(&confined.project, acknowledged.len());
        let ran = run(confined.project.command(["deploy", "1", &format!("s-{}", acknowledged.len()), &path, "--json"]));
        if ran.code != Some(0) {
            break ran;
        }
        acknowledged.push(hash);
        assert!(acknowledged.len() < 500, "the disk never fills up");
    };
    let error = refused.fails_as(3, "disk_full");
    assert!(error["message"].as_str().is_some_and(|it| it.contains("bytes free")), "{error}");
    assert!(acknowledged.len() > 10);
    let hashes = confined.project.sqlite3("SELECT content_hash FROM skills ORDER BY id");
    assert_eq!(hashes.lines().collect::<Vec<_>>(), acknowledged);
    assert_clean(&confined.project);
}

#[test]
fn without_space_a_read_works_or_names_the_shared_memory() {
    let confined = Confined::new(1024 * 1024);
    let (path, _) = skill(&confined.project, 0);
    confined.project.cfn(["deploy", "1", "one", &path, "domain", "agent"]).ok();
    let answers: Vec<_> =
        [vec!["load", "agent"], vec!["skill", "list"], vec!["skill", "verify"], vec!["db", "status"]].into();
    let before: Vec<Ran> = answers.iter().map(|args| confined.project.cfn(args)).collect();
    let filler = confined.disk.fill();
    for (args, before) in answers.iter().zip(before) {
        let ran = run(confined.project.command(args));
        if ran.code == Some(3) {
            assert_one_message(&ran);
            assert!(ran.stderr.contains("skills.db-shm") && ran.stderr.contains("0 bytes free"), "{args:?}: {ran:?}");
        } else {
            assert_eq!(ran.code, before.code, "{args:?}: {ran:?}");
        }
    }
    let (path, hash) = skill(&confined.project, 1);
    for args in [
        vec!["deploy", "1", "two", &path],
        vec!["load", "agent", "--agent-id", "a"],
        vec!["update", "one", "1.0.1", &path],
    ] {
        let ran = run(confined.project.command(args.iter().chain(&["--json"])));
        let error = ran.fails_as(3, "disk_full");
        assert!(error["message"].as_str().is_some_and(|it| it.contains("0 bytes free")), "{args:?}: {error}");
    }
    for args in [["db", "backup", ".claude/b.db"], ["init", "--db", ".claude/other.db"]] {
        let ran = run(confined.project.command(args));
        assert_one_message(&ran);
        ran.fails(3);
        let names: Vec<_> =
            fs::read_dir(&confined.disk.mounted).expect("a folder").flatten().map(|it| it.file_name()).collect();
        assert!(names.iter().all(|it| it == "filler" || it == "skills-database"), "{args:?}: {names:?}");
    }
    fs::remove_file(filler).expect("space");
    confined.project.cfn(["deploy", "1", "two", &path]).ok();
    assert_eq!(confined.project.sqlite3("SELECT content_hash FROM skills WHERE name = 'two'"), hash);
    assert_clean(&confined.project);
}

#[test]
fn an_adoption_without_space_leaves_the_old_database_as_it_was() {
    let legacy = super::victims::legacy();
    let confined = Confined::new(512 * 1024);
    fs::copy(legacy.database(), confined.project.database()).expect("a copy");
    confined.disk.fill();
    let bytes = fs::read(confined.project.database()).expect("the file");
    let ran = run(confined.project.command(["skill", "list"]));
    assert_one_message(&ran);
    ran.fails(3);
    assert_eq!(fs::read(confined.project.database()).expect("the file").len(), bytes.len());
    assert_eq!(
        confined.project.sqlite3("PRAGMA user_version; PRAGMA quick_check; SELECT count(*) FROM skills"),
        "0\nok\n5"
    );
    assert_eq!(confined.project.leftovers(), [] as [&str; 0]);
}

#[test]
fn a_file_size_limit_is_an_error_and_does_not_kill_the_process() {
    let project = Project::new();
    let size = fs::metadata(project.database()).expect("the file").len();
    let steps = number("CFN_LIMITS", 40) as u64;
    let (mut refused, mut done) = (0, 0);
    for step in 0..=steps {
        let limit = format!("--fsize={}", step * (size + 100_000) / steps);
        let name = format!("s-{step}");
        let (path, hash) = skill(&project, usize::try_from(step).expect("small"));
        let ran = Ran::from(finish(under(&project, &["prlimit", &limit], ["deploy", "1", &name, &path, "--json"])));
        let now = super::tools::current(&project, &name);
        if ran.code == Some(0) {
            assert_eq!(now.map(|it| it.1), Some(hash));
            done += 1;
        } else {
            ran.fails_as(3, "disk_full");
            assert_eq!(now, None, "{limit}");
            refused += 1;
        }
        assert_clean(&project);
    }
    assert!(refused > 0 && done > 0, "{refused} {done}");
    let fresh = Project::empty();
    let ran = Ran::from(finish(under(&fresh, &["prlimit", "--fsize=20000"], ["init"])));
    assert_one_message(&ran);
    ran.fails(3);
    assert!(!fresh.database().exists());
    assert_eq!(fresh.leftovers(), [] as [&str; 0]);
}

#[test]
fn an_export_without_space_leaves_each_folder_whole_and_the_next_one_mends_it() {
    let (confined, project) = (Confined::new(1024 * 1024), Project::new());
    let disk = &confined.disk;
    let update = |turn: usize| {
        let (path, _) = skill(&project, turn);
        let name = format!("s-{turn}");
        project.cfn(["deploy", "1", &name, &path, "domain", "agent"]).ok();
    };
    let out = disk.mounted.join("out").to_string_lossy().into_owned();
    update(0);
    project.cfn(["export", &out, "--all"]).ok();
    let (before, filler) = (crate::export::tree(out.as_ref()), disk.fill());
    (1..4).for_each(update);
    for _ in 0..2 {
        run(project.command(["export", &out, "--all", "--json"])).fails_as(3, "disk_full");
        let skill = |it: &&String| it.starts_with("s-");
        let now = crate::export::tree(out.as_ref());
        assert!(now.iter().filter(skill).eq(before.iter().filter(skill)), "{now:?}");
    }
    fs::remove_file(filler).expect("space");
    project.cfn(["export", &out, "--all"]).ok();
    project.cfn(["export", &out, "--all", "--check"]).ok();
    assert_eq!(crate::export::entries(out.as_ref()), ["cfn-export.lock", "s-0", "s-1", "s-2", "s-3"]);
    let limited = under(&project, &["prlimit", "--fsize=1000"], ["export", "other", "--all", "--json"]);
    Ran::from(finish(limited)).fails_as(3, "disk_full");
}

#[test]
fn an_export_to_a_disk_that_may_not_be_written_says_so() {
    let (confined, project) = (Confined::new(1024 * 1024), Project::new());
    let disk = &confined.disk;
    let (path, _) = skill(&project, 0);
    project.cfn(["deploy", "1", "one", &path, "domain", "agent"]).ok();
    let out = disk.mounted.to_string_lossy().into_owned();
    let remount = |option| must(&[as_root("mount"), vec!["-o", option]].concat(), &[disk.mounted.as_os_str()]);
    remount("remount,ro");
    let error = run(project.command(["export", &out, "--all", "--json"])).fails_as(2, "file_failed");
    assert!(error["message"].to_string().contains(".claude"), "{error}");
    assert_eq!(run(project.command(["export", &out, "--all", "--check"])).code, Some(7));
    remount("remount,rw");
    project.cfn(["export", &out, "--all"]).ok();
    remount("remount,ro");
    project.cfn(["export", &out, "--all", "--check"]).ok();
    project.cfn(["export", &out, "--all"]).ok();
}

#[test]
fn a_disk_that_may_not_be_written_refuses_and_says_so() {
    let confined = Confined::new(1024 * 1024);
    let (path, _) = skill(&confined.project, 0);
    confined.project.cfn(["deploy", "1", "one", &path, "domain", "agent"]).ok();
    let words = [as_root("mount"), vec!["-o", "remount,ro"]].concat();
    must(&words, &[confined.disk.mounted.as_os_str() as &OsStr]);
    for args in [
        vec!["deploy", "1", "two", &path],
        vec!["update", "one", "1.0.1", &path],
        vec!["init", "--db", ".claude/x/y.db"],
    ] {
        let ran = run(confined.project.command(&args));
        assert_one_message(&ran);
        assert!(ran.clone().fails(3).contains(".claude/"), "{args:?}: {ran:?}");
    }
    let ran = run(confined.project.command(["load", "agent"]));
    assert!(ran.code == Some(0) || ran.clone().fails(3).contains("skills.db"), "{ran:?}");
}

/// What writes a file that the user names, on a disk of its own.
const OUTPUTS: [&[&str]; 9] = [
    &["analytics", "--html", ".claude/out"],
    &["bench", "--from", "run.json", "--html", ".claude/out"],
    &["skill", "export-yaml", "--output", ".claude/out"],
    &["metrics", "--textfile", ".claude/out"],
    &["init", "--from", "skills", "--update", "--report", ".claude/out"],
    &["bench", "--skills", "5", "--usage-rows", "5", "--runs", "1", "--no-fail", "--samples", ".claude/out"],
    &["db", "backup", ".claude/out"],
    &["db", "archive", "--before", "2021-01-01", "--to", ".claude/out"],
    &["agent", "wave", "plan.json", "--wave", "1", "--output", ".claude/out", "--", "true"],
];

#[test]
fn an_output_file_without_space_is_about_the_disk_and_leaves_nothing() {
    let (confined, project) = (Confined::new(1024 * 1024), Project::new());
    let out = confined.disk.mounted.join("out");
    let with = |args: &[&str]| -> Vec<String> {
        args.iter().map(|it| it.replace(".claude/out", &out.to_string_lossy())).collect()
    };
    for number in 0..3 {
        let text = format!("---\nname: s-{number}\ndescription: d\n---\n{}", "x".repeat(9000));
        project.file(&format!("skills/s-{number}/SKILL.md"), text);
    }
    project.cfn(["init", "--from", "skills", "--approve-as", "me@example.com", "--agents", "agent"]).ok();
    project.sqlite3(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at) VALUES ('a', 'agent', 1, '2020-01-01 00:00:00')",
    );
    let measured = project.cfn(["bench", "--skills", "5", "--usage-rows", "5", "--runs", "2", "--no-fail", "--json"]);
    project.file("run.json", &measured.stdout);
    let batch = "{\"batch_id\":\"b\",\"tier\":1,\"agent_type\":\"agent\",\"task_prompt\":\"p\",\"files\":[]}";
    project.file("plan.json", format!("{{\"task_id\":\"t\",\"waves\":[{{\"wave_number\":1,\"batches\":[{batch}]}}]}}"));
    project.file("skills/late/SKILL.md", "---\nname: late\ndescription: d\n---\nText.\n");
    confined.disk.fill();
    let before = crate::export::entries(&confined.disk.mounted);
    for args in OUTPUTS {
        let ran = run(project.command(["--json".to_owned()].into_iter().chain(with(args))));
        let error: serde_json::Value = serde_json::from_str(ran.stderr.lines().last().unwrap_or_default())
            .unwrap_or_else(|error| panic!("{args:?}: {error}: {ran:?}"));
        assert_eq!((ran.code, &error["kind"]), (Some(3), &"disk_full".into()), "{args:?}: {ran:?}");
        let (message, hint) = (error["message"].to_string(), error["hint"].to_string());
        assert!(message.contains("out") && hint.contains("Free space"), "{args:?}: {error}");
        assert_eq!(message.contains("the import is done"), args[0] == "init", "{args:?}: {error}");
        if args.contains(&"--samples") {
            fs::remove_file(&out).expect("what was measured until then");
        }
        assert_eq!(crate::export::entries(&confined.disk.mounted), before, "{args:?}");
    }
    assert_eq!(project.sqlite3("SELECT count(*) FROM skills WHERE name = 'late'"), "1", "the import is done");
}

#[test]
fn an_export_without_space_leaves_nothing_that_it_needs_only_while_it_works() {
    let (confined, project) = (Confined::new(1024 * 1024), Project::new());
    let (path, _) = skill(&project, 0);
    project.cfn(["deploy", "1", "s", &path, "domain", "agent"]).ok();
    let out = confined.disk.mounted.join("out");
    let name = out.to_string_lossy().into_owned();
    fs::create_dir(&out).expect("a folder");
    let filler = confined.disk.fill();
    for layout in ["plain", "agents", "claude"] {
        let args = ["export", &name, "--all", "--layout", layout, "--json"];
        run(project.command(args)).fails_as(3, "disk_full");
        let left = crate::export::tree(&out);
        assert_eq!(left, [] as [&str; 0], "{layout}");
        assert!(!has_staging(&out), "{layout}");
    }
    fs::remove_file(filler).expect("space");
    project.cfn(["export", &name, "--all"]).ok();
    assert_eq!(crate::export::entries(&out).last().map(String::as_str), Some("s"));
}

/// Whether there is a folder for building, at any depth.
fn has_staging(folder: &std::path::Path) -> bool {
    let folders = fs::read_dir(folder).into_iter().flatten().flatten().filter(|it| it.path().is_dir());
    folders.into_iter().any(|it| it.file_name() == ".cfn-tmp" || has_staging(&it.path()))
}
