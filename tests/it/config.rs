//! Settings that stay: the project's file, the user's own, and what neither may say.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::faults::as_root;
use crate::harness::{Project, Ran, binary, cfn_in};
use crate::scene::{deploy, with_skill};

/// A command of a user whose own file says this.
fn cfn(folder: &Path, home: &Path, args: &str) -> Command {
    let mut command = cfn_in(folder);
    command.env_remove("XDG_CONFIG_HOME").env("HOME", home).args(args.split(' '));
    command
}

fn run(command: &mut Command) -> Ran {
    command.output().expect("cfn runs").into()
}

/// A home whose own file says this.
fn home(says: &str) -> Project {
    let home = Project::empty();
    home.file(".config/cfn/config.toml", says);
    home
}

/// A setting of `cfn config --json`.
#[track_caller]
fn setting(command: &mut Command, name: &str) -> (Value, String) {
    let report = run(command.args(["config", "--json"])).json();
    let found = report["settings"].as_array().into_iter().flatten().find(|it| it["name"] == name);
    let found = found.unwrap_or_else(|| panic!("{name} in {report}"));
    (found["value"].clone(), found["source"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_flag_beats_the_environment_the_project_the_user_and_the_default() {
    let (project, nobody, somebody) = (with_skill("jwt", "domain", "dev"), Project::empty(), home("cache = 'always'"));
    let below = project.path().join("below");
    fs::create_dir(&below).expect("a folder");
    let bare = |home: &Project| {
        let mut command = cfn_in(&below);
        command.env_remove("XDG_CONFIG_HOME").env("HOME", home.path());
        command
    };
    let is = |value: &str, source: &str| (Value::from(value), source.to_owned());
    assert_eq!(setting(&mut bare(&nobody), "cache"), is("auto", "default"));
    assert_eq!(setting(&mut bare(&somebody), "cache"), is("always", "user"));
    project.file("cfn.toml", "cache = 'never'");
    assert_eq!(setting(&mut bare(&somebody), "cache"), is("never", "project"));
    assert_eq!(setting(bare(&somebody).env("CFN_CACHE", "auto"), "cache"), is("auto", "environment"));
    let flag = setting(bare(&somebody).env("CFN_CACHE", "auto").args(["--cache", "always"]), "cache");
    assert_eq!(flag, is("always", "flag"));
    // As the rules for such folders say.
    let mut elsewhere = bare(&nobody);
    let config = somebody.path().join(".config");
    fs::remove_file(project.path().join("cfn.toml")).expect("a file");
    assert_eq!(setting(elsewhere.env("XDG_CONFIG_HOME", config), "cache"), is("always", "user"));
    assert_eq!(setting(bare(&somebody).env("XDG_CONFIG_HOME", "not/absolute"), "cache"), is("always", "user"));
}

#[test]
fn the_file_beside_the_claude_of_a_named_database_counts() {
    let project = with_skill("jwt", "domain", "dev");
    project.file("cfn.toml", "cache = 'never'");
    let elsewhere = Project::empty();
    elsewhere.file("cfn.toml", "this is no toml");
    let mut command = cfn_in(elsewhere.path());
    command.arg("--db").arg(project.database());
    assert_eq!(setting(&mut command, "cache").1, "project");
}

#[test]
fn every_value_is_explained_and_no_secret_is_shown() {
    let project = with_skill("jwt", "domain", "dev");
    let somebody = home("redis_url = 'redis://u:hunter2@h:1/2'\napprover = 'ann'");
    for more in ["", " --json"] {
        let ran = run(cfn(project.path(), somebody.path(), &format!("config{more}"))
            .env("CFN_POSTGRES_URL", "postgresql://u:hunter2@h/d")
            .env("CFN_BUSY_TIMEOUT_MS", "soon"));
        let text = ran.clone().ok();
        for known in ["h:1/2", "ann", "h:5432/d", "soon", "config.toml, line 2", "CFN_POSTGRES_URL"] {
            assert!(text.contains(known), "{known}: {text}");
        }
        assert!(!text.contains("hunter2") && ran.stderr.is_empty(), "{ran:?}");
    }
    let ran = run(&mut cfn(project.path(), somebody.path(), "--db postgresql://u:hunter2@h/d config"));
    assert!(!ran.clone().ok().contains("hunter2"), "{ran:?}");
}

#[test]
fn a_project_may_not_decide_and_the_error_says_where_it_tries() {
    let project = with_skill("jwt", "domain", "dev");
    let nobody = Project::empty();
    for (text, said) in [
        ("cache = 'auto'\napprover = 'me'", "a project's file must not set approver"),
        ("\nredis_url = 'redis://h'", "a project's file must not set redis_url"),
        ("\nredis-url = 'redis://h'", "a project's file must not set redis_url"),
        ("# yes\nyes = true", "a file must not set yes"),
        ("\noverride-rejection = true", "a file must not set override_rejection"),
        ("\nfrom_any = true", "a file must not set from_any"),
        ("\ntrust_levels = true", "a file must not set trust_levels"),
        ("\nagnets = 'a'", "Did you mean agents?"),
        ("\ncache = 3", "cache must be a string"),
        ("\nnonsense", "invalid TOML"),
    ] {
        let file = project.file("cfn.toml", text);
        for args in ["load dev", "config", "init", "deploy 1 a SKILL.md", "skill list"] {
            let failed = run(&mut cfn(project.path(), nobody.path(), args)).fails(1);
            let place = format!("{}, line 2: ", file.display());
            assert!(failed.contains(said) && failed.contains(&place), "{text}: {failed}");
        }
        run(&mut cfn(project.path(), nobody.path(), "completions bash")).ok();
    }
    fs::remove_file(project.path().join("cfn.toml")).expect("a file");
    let somebody = home("trust_levels = true");
    let failed = run(&mut cfn(project.path(), somebody.path(), "load dev")).fails(1);
    assert!(failed.contains(".config/cfn/config.toml, line 1: a file must not set trust_levels"), "{failed}");
}

#[test]
fn a_project_brings_no_password_and_no_key_for_its_server() {
    let (project, nobody) = (Project::empty(), Project::empty());
    for url in [
        "postgresql://u:hunter2@127.0.0.1:1/d",
        "postgres://127.0.0.1:1/d?user=u&password=hunter2",
        "postgresql://u@127.0.0.1:1/d?passfile=hunter2",
        "postgresql://u@127.0.0.1:1/d?sslcert=c.pem&sslkey=hunter2",
    ] {
        let file = project.file("cfn.toml", format!("cache = 'auto'\ndb = '{url}'\n"));
        let place = format!("db in {}, line 2 is ", file.display());
        for args in ["load dev", "skill list", "init", "db status", "log jwt --agent-id a --agent-type b"] {
            let failed = run(&mut cfn(project.path(), nobody.path(), args)).fails(1);
            assert!(failed.contains(&place) && !failed.contains("hunter2"), "{args}: {failed}");
        }
        let shown = run(&mut cfn(project.path(), nobody.path(), "config")).ok();
        assert!(shown.contains("without a password") && !shown.contains("hunter2"), "{shown}");
        // One's own file, a flag and a variable may.
        fs::remove_file(project.path().join("cfn.toml")).expect("a file");
        let somebody = home(&format!("db = '{url}'"));
        let own = run(&mut cfn(project.path(), somebody.path(), "skill list"));
        let named = run(cfn(project.path(), nobody.path(), "skill list").env("CFN_SKILLS_DB_PATH", url));
        for ran in [own, named] {
            ran.fails(3);
        }
    }
}

/// What stands in the place of a file, and what puts it there.
type Maker = (&'static str, fn(&Path));

#[test]
fn what_is_no_readable_file_is_an_error_and_never_waited_for() {
    let project = with_skill("jwt", "domain", "dev");
    let file = project.path().join("cfn.toml");
    let makers: [Maker; 5] = [
        ("a pipe", |path| {
            let made = rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0);
            made.expect("a pipe");
        }),
        ("a device", |path| std::os::unix::fs::symlink("/dev/zero", path).expect("a link")),
        ("nothing", |path| std::os::unix::fs::symlink("nothing", path).expect("a link")),
        ("too much", |path| fs::write(path, "#".repeat(1 << 20)).expect("a file")),
        ("bytes", |path| fs::write(path, [0xff; 10]).expect("a file")),
    ];
    for (what, make) in makers {
        make(&file);
        let failed = project.cfn(["load", "dev"]).fails(2);
        assert!(failed.contains("cfn.toml: cannot be read"), "{what}: {failed}");
        fs::remove_file(&file).expect("it was there");
    }
    fs::create_dir(&file).expect("a folder");
    project.cfn(["load", "dev"]).fails(2);
}

#[test]
fn a_setting_of_a_service_that_is_not_used_stops_nothing() {
    let project = with_skill("jwt", "domain", "dev");
    let somebody = home("redis_url = 'rediss://h:6379/0?ssl_cert_reqs=none'\ncache = 'auto'");
    for args in ["load dev", "skill list", "skill show jwt"] {
        run(&mut cfn(project.path(), somebody.path(), args)).ok();
    }
    run(cfn(project.path(), somebody.path(), "load dev").env("CFN_MAX_STALENESS", "x")).ok();
    let failed = run(&mut cfn(project.path(), somebody.path(), "cache status")).fails(1);
    assert!(failed.contains("redis_url in ") && failed.contains("config.toml, line 1"), "{failed}");
    // A value is judged where it is used, and the place that it comes from is named.
    project.file("cfn.toml", "category = 'nonsense'\nagents = ['a b']");
    run(&mut cfn(project.path(), somebody.path(), "load dev")).ok();
    let failed = run(&mut cfn(project.path(), somebody.path(), "init --from .claude")).fails(1);
    assert!(failed.contains("agents in ") && failed.contains("cfn.toml, line 2"), "{failed}");
}

#[test]
fn new_skills_get_what_the_project_says_and_no_weaker_review() {
    let project = Project::empty();
    project.skill("plain", "Text.");
    project.file("cfn.toml", "agents = ['dev', 'tester']\ncategory = 'testing'");
    project.cfn(["init", "--from", ".claude/skills"]).ok();
    let row = "SELECT name, category, approval_level FROM skills ORDER BY name";
    assert_eq!(project.sqlite3(row), "plain|testing|human");
    assert_eq!(project.sqlite3("SELECT group_concat(agent_type) FROM agent_skill_mappings"), "dev,tester");
    assert_eq!(project.cfn(["load", "dev"]).ok(), "", "it waits for review");
    // The command line says otherwise, and the user's own file is the user's.
    project.skill("other", "Text.");
    project.cfn(["init", "--from", ".claude/skills", "--category", "foundation", "--agents", ""]).ok();
    fs::remove_file(project.path().join("cfn.toml")).expect("a file");
    project.skill("third", "Text.");
    let somebody = home("category = 'testing'");
    run(&mut cfn(project.path(), somebody.path(), "init --from .claude/skills")).ok();
    assert_eq!(project.sqlite3(row), "other|foundation|auto\nplain|testing|human\nthird|testing|auto");
}

#[test]
fn a_file_that_names_a_database_is_a_project() {
    let project = Project::empty();
    let (nobody, below) = (Project::empty(), project.path().join("a/b"));
    fs::create_dir_all(&below).expect("folders");
    let file = project.file("cfn.toml", "db = 'data/team.db'");
    let database = project.path().join("data/team.db");
    let failed = run(&mut cfn(&below, nobody.path(), "load dev")).fails(3);
    assert!(failed.contains(&*database.to_string_lossy()), "{failed}");
    let failed = run(&mut cfn(&below, nobody.path(), "init")).fails(1);
    assert!(failed.contains(&*file.to_string_lossy()) && failed.contains("--here"), "{failed}");
    let made = run(&mut cfn(project.path(), nobody.path(), "init")).ok();
    assert!(made.starts_with("created ") && database.is_file(), "{made}");
    let (value, source) = setting(&mut cfn_in(&below), "db");
    assert_eq!((value, source.as_str()), (Value::from(database.to_string_lossy()), "project"));
    run(&mut cfn(&below, nobody.path(), "load dev")).ok();
    // One that says nothing of a database is passed by.
    fs::write(below.join("cfn.toml"), "cache = 'never'").expect("a file");
    assert_eq!(setting(&mut cfn_in(&below), "db").1, "project");
    assert_eq!(setting(&mut cfn_in(&below), "cache").1, "default");
    let made = run(&mut cfn(&below, nobody.path(), "init --here")).ok();
    assert!(made.contains("a/b/.claude/skills-database/skills.db"), "{made}");
    assert_eq!(setting(&mut cfn_in(&below), "cache").1, "project");
}

#[test]
fn the_url_of_a_database_is_shown_without_its_password() {
    let project = Project::empty();
    for args in ["load dev", "init", "db status"] {
        project.file("cfn.toml", "db = 'mysql://u:hunter2@h/d'");
        let failed = project.cfn(args.split(' ')).fails(1);
        assert!(failed.contains("cfn.toml, line 1") && failed.contains("postgresql://HOST/DATABASE"), "{failed}");
        assert!(!failed.contains("hunter2"), "{failed}");
        fs::remove_file(project.path().join("cfn.toml")).expect("a file");
        let somebody = home("db = 'postgresql://u:hunter2@127.0.0.1:1/d'");
        let failed = run(&mut cfn(project.path(), somebody.path(), args)).fails(3);
        assert!(failed.contains("postgresql://127.0.0.1:1/d cannot be reached"), "{failed}");
        assert!(!failed.contains("hunter2"), "{failed}");
    }
}

#[test]
fn the_users_database_is_taken_where_no_project_is_found() {
    let (project, folder) = (with_skill("jwt", "domain", "dev"), Project::empty());
    let somebody = home(&format!("db = '{}'", project.database().display()));
    assert!(run(&mut cfn(folder.path(), somebody.path(), "skill list")).ok().contains("jwt"));
    let made = run(&mut cfn(folder.path(), somebody.path(), "init --here")).ok();
    assert!(made.starts_with("created "), "{made}");
    assert!(!run(&mut cfn(folder.path(), somebody.path(), "skill list")).ok().contains("jwt"));
}

#[test]
fn a_file_that_somebody_else_planted_is_not_believed() {
    let project = with_skill("jwt", "domain", "dev");
    let file = project.file("cfn.toml", "cache = 'never'");
    let give = |path: &Path, owner: &str| {
        let words = as_root("chown");
        let mut chown = Command::new(words[0]);
        chown.args(&words[1..]).args(["-h", owner]).arg(path);
        assert!(chown.status().expect("chown runs").success());
    };
    give(&file, "54321");
    let (nobody, below) = (Project::empty(), project.path().join("below"));
    fs::create_dir(&below).expect("a folder");
    for folder in [project.path(), &below] {
        for args in ["load dev", "config", "skill list"] {
            let failed = run(&mut cfn(folder, nobody.path(), args)).fails(3);
            assert!(failed.contains("cfn.toml belongs to user 54321") && failed.contains("--db"), "{failed}");
        }
    }
    // Who names the database is believed about that, and the file is passed over.
    let ran = project.cfn(["--db", ".claude/skills-database/skills.db", "load", "dev"]);
    assert!(ran.stderr.contains("cfn.toml belongs to user 54321") && ran.stderr.contains("ignored"), "{ran:?}");
    assert!(ran.ok().contains("jwt"));
    // The target of a link must belong to the user, too.
    let planted = project.file("planted.db", "");
    give(&planted, "54321");
    fs::remove_file(&file).expect("a file");
    fs::write(&file, "db = 'planted.db'").expect("a file");
    let failed = project.cfn(["load", "dev"]).fails(3);
    assert!(failed.contains("planted.db belongs to user 54321"), "{failed}");
}

/// Who decided last.
fn approver(project: &Project) -> String {
    project.sqlite3("SELECT approver FROM approval_history ORDER BY id DESC LIMIT 1")
}

#[test]
fn decisions_name_the_person_who_decides() {
    let project = with_skill("jwt", "domain", "dev");
    let (somebody, nobody) = (home("approver = 'ann'"), Project::empty());
    // A repository does not choose who decides.
    project.file(".git/config", "[user]\n\temail = repository@example.com\n");
    project.file(".git/HEAD", "ref: refs/heads/main\n");
    let decide = |home: &Project, more: &str| {
        let mut command = cfn(project.path(), home.path(), &format!("skill reject jwt{more}"));
        command.env_remove("GIT_CONFIG_GLOBAL");
        command
    };
    run(&mut decide(&somebody, "")).ok();
    assert_eq!(approver(&project), "ann");
    run(decide(&somebody, "").env("CFN_APPROVER", "eve")).ok();
    assert_eq!(approver(&project), "eve");
    run(decide(&somebody, " --approver bob").env("CFN_APPROVER", "eve")).ok();
    assert_eq!(approver(&project), "bob");
    run(&mut decide(&nobody, "")).ok();
    let user = String::from_utf8(Command::new("id").arg("-un").output().expect("id runs").stdout).expect("a name");
    assert_eq!(approver(&project), user.trim());
    nobody.file(".gitconfig", "[user]\n\temail = dora@example.com\n");
    run(&mut decide(&nobody, "")).ok();
    assert_eq!(approver(&project), "dora@example.com");
    nobody.file("bin/git", "#!/bin/sh\necho forged@example.com\n");
    fs::set_permissions(nobody.path().join("bin/git"), fs::Permissions::from_mode(0o755)).expect("a mode");
    let planted = [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "user.email"), ("GIT_CONFIG_VALUE_0", "forged")];
    run(decide(&nobody, "").env("PATH", nobody.path().join("bin")).envs(planted)).ok();
    assert_eq!(approver(&project), "dora@example.com", "the environment names nobody");
    // What never answers costs a second.
    fs::remove_file(nobody.path().join(".gitconfig")).expect("removed");
    let pipe = nobody.path().join(".gitconfig");
    assert!(Command::new("mkfifo").arg(pipe).status().is_ok_and(|it| it.success()));
    for decision in ["reject jwt", "approve jwt --override-rejection --reason r"] {
        let mut command = cfn(project.path(), nobody.path(), &format!("skill {decision}"));
        let since = Instant::now();
        run(&mut command).ok();
        assert!(since.elapsed() < Duration::from_secs(30), "{decision}: {:?}", since.elapsed());
        assert_eq!(approver(&project), user.trim(), "{decision}");
    }
    // A decision that no person made keeps its own name.
    deploy(&project, "sql", "Body.", &["domain", "dev"]);
    assert_eq!(approver(&project), "phase4-system");
    project.file("two.md", "Other.");
    run(&mut cfn(project.path(), somebody.path(), "update sql 1.0.1 two.md")).ok();
    assert_eq!(approver(&project), "ann");
}

#[test]
fn a_name_that_is_none_decides_nothing() {
    use std::os::unix::ffi::OsStrExt as _;
    let (project, somebody) = (with_skill("jwt", "domain", "dev"), home("approver = 'ann'"));
    project.file("two.md", "Other.");
    let decisions = || project.sqlite3("SELECT count(*) FROM approval_history");
    let before = decisions();
    for args in ["skill approve jwt", "skill reject jwt", "update jwt 1.0.1 two.md", "skill edit jwt --owner o"] {
        for bad in [b"\xff".as_slice(), b"  ", b"ja\nne", b"a\x1b[2Kb"] {
            let mut command = cfn(project.path(), somebody.path(), args);
            let failed = run(command.env("CFN_APPROVER", std::ffi::OsStr::from_bytes(bad))).fails(1);
            assert!(failed.contains("CFN_APPROVER is "), "{args} {bad:?}: {failed}");
        }
        let failed = run(cfn(project.path(), somebody.path(), args).args(["--approver", "ja\nne"])).fails(1);
        assert!(failed.contains("--approver is "), "{args}: {failed}");
    }
    assert_eq!(decisions(), before);
    run(cfn(project.path(), somebody.path(), "load dev").env("CFN_APPROVER", "ja\nne")).ok();
    let own = home("approver = \"ja\\nne\"");
    let failed = run(&mut cfn(project.path(), own.path(), "skill approve jwt")).fails(1);
    assert!(failed.contains("approver in "), "{failed}");
}

#[test]
fn a_load_without_files_of_settings_looks_for_each_once() {
    let project = with_skill("jwt", "domain", "dev");
    let (nobody, log) = (Project::empty(), project.path().join("calls"));
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=%file", "-o"]).arg(&log).arg(binary()).args(["load", "dev"]);
    command.env_clear().env("HOME", nobody.path()).current_dir(project.path());
    let output = command.output().expect("strace must be installed");
    assert!(output.status.success(), "{output:?}");
    let calls = fs::read_to_string(log).expect("the log of strace");
    let about: Vec<_> = calls.lines().filter(|it| it.contains("cfn.toml") || it.contains("config.toml")).collect();
    assert_eq!(about.len(), 2, "{about:?}");
    assert!(about.iter().all(|it| it.contains("ENOENT") && !it.contains("open")), "{about:?}");
    assert!(calls.contains("skills.db"), "{calls}");
}
