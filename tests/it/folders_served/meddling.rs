//! Whatever happens to the files, what is handed out is what was approved: whole, or not at all.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::time::Duration;

use super::{BESIDE, Scene, locations, require_same};
use crate::harness::{Ran, binary};
use crate::patience::meanwhile;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
}

#[test]
fn while_somebody_edits_the_working_tree_every_location_has_the_approved_bytes() {
    let scene = Scene::new();
    let folder = scene.deploy("pdf", BESIDE);
    let source = scene.project.path().join(".claude/skills/pdf");
    let edit = |round: u64| {
        let text = if round.is_multiple_of(2) { "#!/bin/sh\necho fine\n" } else { "#!/bin/sh\necho evil\n" };
        fs::write(source.join("scripts/run.sh"), text).expect("written");
        fs::write(source.join("SKILL.md"), format!("Round {round}.")).expect("written");
        let (here, there) = (source.join("data"), source.join("data-2"));
        fs::rename(&here, &there).expect("moved");
        fs::rename(&there, &here).expect("moved");
    };
    meanwhile(edit, || {
        for round in 0..30 {
            if round == 20 {
                set_mode(&scene.root(), 0o700);
                Command::new("chmod").args(["-R", "u+w"]).arg(scene.root()).status().expect("chmod runs");
                fs::remove_dir_all(scene.root()).expect("removed"); // what is there is written again
            }
            let found = scene.locations(&[]);
            require_same(found[0].parent().expect("a folder"), &folder);
        }
    });
}

type Change = (&'static str, fn(&Path));

/// What somebody does to a materialized folder.
const CHANGES: &[Change] = &[
    ("other bytes, with the size and the time of before", |path| {
        let file = path.join("scripts/run.sh");
        let time = Command::new("stat").args(["-c", "%y"]).arg(&file).output().expect("stat runs").stdout;
        let time = String::from_utf8(time).expect("text");
        set_mode(&file, 0o755);
        fs::write(&file, "#!/bin/sh\necho evil\n").expect("written");
        set_mode(&file, 0o555);
        let touched = Command::new("touch").args(["-d", time.trim()]).arg(&file).status().expect("touch runs");
        assert!(touched.success());
    }),
    ("an added file", |path| {
        set_mode(path, 0o755);
        fs::write(path.join("AGENTS.md"), "obey").expect("written");
        set_mode(path, 0o555);
    }),
    ("a removed file", |path| {
        set_mode(path, 0o755);
        fs::remove_file(path.join("SKILL.md")).expect("removed");
    }),
    ("a mode", |path| set_mode(&path.join("scripts/run.sh"), 0o777)),
    ("everything writable", |path| {
        let status = Command::new("chmod").args(["-R", "777"]).arg(path).status().expect("chmod runs");
        assert!(status.success());
    }),
    ("a link for a file", |path| {
        set_mode(path, 0o755);
        fs::remove_file(path.join("SKILL.md")).expect("removed");
        symlink("/etc/passwd", path.join("SKILL.md")).expect("a link");
        set_mode(path, 0o555);
    }),
    ("a link for the folder", |path| {
        let other = ["other", "other-2"].map(|it| path.with_file_name(it)).into_iter().find(|it| !it.exists());
        let other = other.expect("a free name");
        fs::rename(path, &other).expect("moved");
        symlink(&other, path).expect("a link");
    }),
    ("a folder from elsewhere", |path| {
        let gone = ["gone", "gone-2"].map(|it| path.with_file_name(it)).into_iter().find(|it| !it.exists());
        fs::rename(path, gone.expect("a free name")).expect("moved");
        fs::create_dir(path).expect("a folder");
        fs::write(path.join("SKILL.md"), "obey").expect("written");
    }),
];

#[test]
fn what_somebody_did_to_a_materialized_folder_is_undone() {
    std::thread::scope(|scope| {
        for (what, change) in CHANGES {
            scope.spawn(move || {
                let scene = Scene::new();
                let folder = scene.deploy("pdf", BESIDE);
                let path = scene.locations(&[])[0].parent().expect("a folder").to_owned();
                scene.settle();
                change(&path);
                assert_eq!(scene.locations(&[]), [path.join("SKILL.md")], "{what}");
                require_same(&path, &folder);
                // In a prompt too, whose bodies come from the database.
                change(&path);
                assert!(scene.cfn(&["load", "dev"]).ok().contains(" files="), "{what}");
                require_same(&path, &folder);
            });
        }
    });
}

#[test]
fn a_folder_that_others_can_enter_is_refused_with_what_to_do() {
    let scene = Scene::new();
    scene.deploy("pdf", BESIDE);
    scene.locations(&[]);
    for format in ["xml", "prompt"] {
        for mode in [0o777, 0o755, 0o750] {
            set_mode(&scene.root(), mode);
            let message = scene.cfn(&["load", "dev", "--format", format]).fails(7);
            let root = scene.root();
            assert!(message.contains(&format!("{} has mode 0{mode:o}", root.display())), "{message}");
            assert!(message.contains("hint: ") && message.contains("0700"), "{message}");
        }
    }
    scene.cfn(&["load", "dev", "--format", "xml", "--json"]).fails_as(7, "folder_exposed");
    scene.cfn(&["load", "dev", "--format", "xml", "--paths", "source"]).ok();
    scene.cfn(&["load", "dev", "--format", "names"]).ok();
    set_mode(&scene.root(), 0o700);
    let other = scene.project.path().join("other");
    fs::rename(scene.root(), &other).expect("moved");
    symlink(&other, scene.root()).expect("a link");
    let message = scene.cfn(&["load", "dev"]).fails(7);
    assert!(message.contains("is a link or a file, not a folder"), "{message}");
    fs::remove_file(scene.root()).expect("removed");
    fs::rename(&other, scene.root()).expect("moved");
}

#[test]
fn sixteen_first_loads_at_once_all_get_the_whole_folder() {
    let scene = Scene::new();
    let folder = scene.deploy("pdf", BESIDE);
    let barrier = Barrier::new(16);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                barrier.wait();
                let found = scene.locations(&[]);
                require_same(found[0].parent().expect("a folder"), &folder);
            });
        }
    });
    let home = scene.root().join(folder.hash().to_string());
    assert_eq!(fs::read_dir(home).expect("a folder").count(), 2, "the folder and its manifest");
}

#[test]
fn a_killed_load_leaves_a_whole_folder_or_none() {
    let scene = Scene::new();
    let folder = scene.deploy("pdf", BESIDE);
    let home = scene.root().join(folder.hash().to_string());
    for call in ["mkdirat", "openat", "write", "fchmod", "renameat2", "renameat", "fsync", "unlinkat"] {
        for nth in 1..=6 {
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-o", "/dev/null", "-P"]).arg(&home).arg("-P").arg(scene.root());
            let inject = format!("inject={call}:signal=KILL:when={nth}");
            command.args(["-e", &inject]).arg(binary()).args(["load", "dev", "--format", "xml"]);
            for (name, value) in scene.command(&[]).get_envs() {
                match value {
                    Some(value) => command.env(name, value),
                    None => command.env_remove(name),
                };
            }
            command.current_dir(scene.project.path()).stdin(Stdio::null());
            let ran: Ran = command.output().expect("strace must be installed").into();
            if ran.code == Some(0) {
                require_same(locations(&ran.stdout)[0].parent().expect("a folder"), &folder);
            }
            if home.join("pdf").exists() {
                require_same(&home.join("pdf"), &folder);
            }
            let found = scene.locations(&[]);
            require_same(found[0].parent().expect("a folder"), &folder);
            let left = fs::read_dir(&home).expect("a folder").count();
            assert_eq!(left, 2, "{call} {nth}: nothing is left of the killed one");
            scene.cfn(&["load", "dev"]).ok();
            Command::new("chmod").args(["-R", "u+w"]).arg(scene.root()).status().expect("chmod runs");
            fs::remove_dir_all(scene.root()).expect("removed");
        }
    }
}

#[test]
fn where_nothing_can_be_written_the_source_is_handed_out_if_it_is_the_same() {
    let scene = Scene::new();
    scene.deploy("pdf", BESIDE);
    let source = fs::canonicalize(scene.project.path()).expect("a path").join(".claude/skills/pdf");
    // A file is in the way; a folder cannot be made in it, whoever runs this.
    let blocked = scene.project.file("blocked", "");
    let load = |set: &dyn Fn(&mut Command), args: &[&str]| -> Ran {
        let mut command = scene.project.command([&["load", "dev"], args].concat());
        set(&mut command);
        command.output().expect("cfn runs").into()
    };
    let in_the_way = |it: &mut Command| {
        it.env("CFN_MATERIALIZE_DIR", blocked.join("below"));
    };
    let homeless = |it: &mut Command| {
        it.env_remove("HOME").env_remove("XDG_CACHE_HOME").env_remove("CFN_MATERIALIZE_DIR");
    };
    let cases: [&dyn Fn(&mut Command); 2] = [&in_the_way, &homeless];
    for set in cases {
        assert_eq!(locations(&load(set, &["--format", "xml"]).ok()), [source.join("SKILL.md")]);
        let text = load(set, &[]).ok();
        assert!(text.contains(&format!(" files=\"{}\"", source.display())), "{text}");
    }
    fs::write(source.join("scripts/run.sh"), "other").expect("written");
    for set in cases {
        for args in [&["--format", "xml"][..], &[], &["--json"]] {
            let ran = load(set, args);
            let json = ran.stdout.clone() + &ran.stderr;
            assert!(
                json.contains("it was not materialized (") && json.contains("its files are missing or differ"),
                "{json}"
            );
            assert!(!ran.ok().contains("Body."));
        }
    }
}

#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let scene = Scene::new();
    scene.deploy("pdf", BESIDE);
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-P"]).arg(scene.root());
    command.args(["-e", "inject=mkdirat:error=ENOSPC:when=2+"]).arg(binary()).args(["load", "dev", "--format", "xml"]);
    command.current_dir(scene.project.path()).env("CFN_MATERIALIZE_DIR", scene.root()).stdin(Stdio::null());
    let ran: Ran = command.output().expect("strace must be installed").into();
    let found = locations(&ran.ok());
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("pdf/SKILL.md"));
    std::thread::sleep(Duration::from_millis(1));
    assert_eq!(scene.locations(&[]).len(), 1);
}
