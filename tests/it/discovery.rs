//! Finding the database if none is named.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::faults::as_root;
use crate::harness::{Project, Ran, cfn_in};
use crate::scene::deploy;

/// cfn in a folder, with this home.
fn cfn(folder: &Path, home: &Path, args: &str) -> Ran {
    fs::create_dir_all(folder).expect("a folder");
    cfn_in(folder).env("HOME", home).args(args.split(' ')).output().expect("cfn runs").into()
}

/// A user's home elsewhere.
const ELSEWHERE: &str = "/nonexistent";

fn with_a_skill() -> Project {
    let project = Project::new();
    deploy(&project, "jwt", "Text.", &["domain", "dev"]);
    project
}

#[test]
fn commands_find_the_database_of_the_project_from_any_folder_in_it() {
    let project = with_a_skill();
    let below = project.path().join("src/deep/er");
    for (args, said) in [
        ("load dev", "Text."),
        ("skill list", "jwt"),
        ("log jwt --agent-id a --agent-type dev", ""),
        ("analytics usage", "jwt"),
        ("db status", "skills.db"),
        ("db check", ""),
    ] {
        let answer = cfn(&below, Path::new(ELSEWHERE), args).ok();
        assert!(answer.contains(said), "{args}: {answer}");
    }
    // Paths count from where one is.
    fs::write(below.join("SKILL.md"), "---\nname: two\ndescription: d\n---\nTwo.\n").expect("a file");
    cfn(&below, Path::new(ELSEWHERE), "deploy 1 two SKILL.md domain dev").ok();
    assert_eq!(project.sqlite3("SELECT content_path FROM skills WHERE name = 'two'"), "src/deep/er/SKILL.md");
    assert!(!below.join(".claude").exists());
}

#[test]
fn a_named_database_is_not_searched_for() {
    let project = with_a_skill();
    let below = project.path().join("below");
    let said = cfn(&below, Path::new(ELSEWHERE), "--db .claude/skills-database/skills.db skill list").fails(3);
    assert!(said.contains("below/.claude/skills-database/skills.db"), "{said}");
    let mut command = cfn_in(&below);
    command.env("CFN_SKILLS_DB_PATH", "none.db").args(["skill", "list"]);
    Ran::from(command.output().expect("cfn runs")).fails(3);
}

#[test]
fn the_error_says_what_was_searched_for() {
    let project = with_a_skill();
    for (folder, home) in [("home/work", "home"), ("home/work/a/b", "home"), ("home", "home")] {
        let (folder, home) = (project.path().join(folder), project.path().join(home));
        for args in ["load dev", "skill list", "deploy 1 a SKILL.md", "db check"] {
            let said = cfn(&folder, &home, args).fails(3);
            let looked_for =
                format!("there is no .claude/skills-database/skills.db in {} or a folder above it", folder.display());
            assert!(said.contains(&looked_for) && said.contains("'cfn init'") && said.contains("--db"), "{said}");
        }
        assert!(!folder.join(".claude").exists(), "nothing is made");
    }
}

#[test]
fn init_makes_one_here_unless_one_is_above() {
    let project = with_a_skill();
    let below = project.path().join("below");
    let elsewhere = Path::new(ELSEWHERE);
    for args in ["init", "init --from ."] {
        let said = cfn(&below, elsewhere, args).fails(1);
        let path = project.database();
        assert!(said.contains(&*path.to_string_lossy()) && said.contains("--here"), "{said}");
        assert!(!below.join(".claude").exists());
    }
    let made = cfn(&below, elsewhere, "init --here").ok();
    assert!(made.starts_with("created ") && made.contains("below/.claude/skills-database/skills.db"), "{made}");
    assert_eq!(cfn(&below.join("deeper"), elsewhere, "load dev").ok(), "", "the nearest counts");
    assert!(cfn(&below, elsewhere, "init").ok().contains("exists already"));
    assert!(cfn(project.path(), elsewhere, "init").ok().contains("exists already"));
    // The home folder's is not the project's.
    let work = project.path().join("work");
    assert!(cfn(&work, project.path(), "init").ok().starts_with("created "));
    cfn(&work, elsewhere, "init --here --db x.db").fails(1);
}

#[test]
fn a_folder_without_a_database_is_passed_by_and_a_link_is_not() {
    let project = with_a_skill();
    let below = project.path().join("below");
    fs::create_dir_all(below.join(".claude/skills-database")).expect("folders");
    assert!(cfn(&below, Path::new(ELSEWHERE), "load dev").ok().contains("Text."));
    std::os::unix::fs::symlink("nothing", below.join(".claude/skills-database/skills.db")).expect("a link");
    let said = cfn(&below, Path::new(ELSEWHERE), "load dev").fails(3);
    assert!(said.contains("below/.claude/skills-database/skills.db"), "{said}");
}

#[test]
fn a_database_planted_by_another_user_is_refused() {
    let project = with_a_skill();
    let below = project.path().join("below");
    let give = |path: &str, owner: &str| {
        let words = as_root("chown");
        let mut chown = Command::new(words[0]);
        chown.args(&words[1..]).args(["-h", owner]).arg(project.path().join(path));
        assert!(chown.status().expect("chown runs").success());
    };
    let me = rustix::process::geteuid().as_raw().to_string();
    for path in [".claude", ".claude/skills-database", ".claude/skills-database/skills.db"] {
        give(path, "54321");
        for folder in [project.path(), &below] {
            for args in ["load dev", "skill list", "deploy 1 a SKILL.md", "db backup b.db"] {
                let said = cfn(folder, Path::new(ELSEWHERE), args).fails(3);
                let named = project.path().join(path);
                let foreign = format!("{} belongs to user 54321", named.display());
                assert!(said.contains(&foreign) && said.contains("--db"), "{said}");
            }
        }
        cfn(project.path(), Path::new(ELSEWHERE), "init").fails(3);
        // Who needs none does not stop, and who names it is believed.
        cfn(project.path(), Path::new(ELSEWHERE), "completions bash").ok();
        let database = project.database().display().to_string();
        if me == "0" {
            cfn(&below, Path::new(ELSEWHERE), &format!("--db {database} load dev")).ok();
        }
        give(path, &me);
    }
    give(".claude", "54321");
    let made = cfn(&below, Path::new(ELSEWHERE), "init").ok();
    assert!(made.contains("below/.claude/skills-database/skills.db"), "{made}");
    give(".claude", &me);
}

#[test]
fn paths_are_shown_without_detours() {
    let project = with_a_skill();
    let below = project.path().join("a/b");
    let root = fs::canonicalize(project.path()).expect("a folder");
    for (args, path) in [
        ("--db ../../x/../new.db init", "new.db"),
        ("--db ../../a/../.claude/skills-database/skills.db db backup ../../a/../copy.db", "copy.db"),
        ("--db ../../.claude/skills-database/skills.db analytics --html ../page.html", "a/page.html"),
    ] {
        let answer = cfn(&below, Path::new(ELSEWHERE), args).ok();
        assert!(answer.contains(&*root.join(path).to_string_lossy()) && !answer.contains("/../"), "{answer}");
        assert!(root.join(path).is_file(), "{args}");
    }
    let said = cfn(&below, Path::new(ELSEWHERE), "--db ../none.db load dev").fails(3);
    assert!(said.contains(&*root.join("a/none.db").to_string_lossy()) && !said.contains("/../"), "{said}");
}

#[test]
fn an_empty_file_is_a_place_for_a_database_and_nothing_else() {
    let project = Project::empty();
    for (name, mode, args) in [("one.db", 0o600, "init"), ("two.db", 0o640, "init --from skills")] {
        project.file("skills/a/SKILL.md", "---\nname: a\ndescription: d\n---\nText.\n");
        let path = project.file(name, "");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("permissions");
        for other in ["skill list", "load dev", "log a --agent-id a --agent-type t", "db check"] {
            project.fails_as(format!("--db {name} {other}").split(' '), 3, "not_a_skills_database");
            assert_eq!(fs::metadata(&path).expect("a file").len(), 0, "{other}");
        }
        let answer = project.cfn(format!("--db {name} {args}").split(' ')).ok();
        assert!(answer.starts_with("created "), "{answer}");
        project.cfn(["--db", name, "skill", "list"]).ok();
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, mode);
    }
    project.file("other.db", "some text");
    project.cfn(["--db", "other.db", "init"]).fails(3);
    assert_eq!(fs::read_to_string(project.path().join("other.db")).expect("a file"), "some text");
    let mut names: Vec<_> =
        fs::read_dir(project.path()).expect("a folder").flatten().map(|it| it.file_name()).collect();
    names.retain(|it| !it.to_string_lossy().ends_with("-wal") && !it.to_string_lossy().ends_with("-shm"));
    names.sort();
    assert_eq!(names, ["one.db", "other.db", "skills", "two.db"]);
}

#[test]
fn many_that_make_one_of_the_same_empty_file_make_it_once() {
    let project = Project::empty();
    let path = project.file("x.db", "");
    let start = || {
        let mut command = project.command(["--db", "x.db", "init"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("cfn starts")
    };
    let started: Vec<_> = (0..8).map(|_| start()).collect();
    let answers: Vec<String> =
        started.into_iter().map(|it| Ran::from(it.wait_with_output().expect("cfn ends")).ok()).collect();
    assert_eq!(answers.iter().filter(|it| it.starts_with("created ")).count(), 1, "{answers:?}");
    assert!(path.is_file());
}
