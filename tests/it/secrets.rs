//! Passwords of servers appear in nothing that cfn prints, starts or leaves behind.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::harness::{Project, Ran, install};
use crate::postgres_server::{Database, Server, Way};
use crate::redis::Server as Redis;

/// What a password begins with, which must appear nowhere; nothing in it is written otherwise in a URL.
const NEEDLE: &str = "5e5ame";

/// A password with characters that a URL has to encode.
const PASSWORD: &str = "5e5ame@the:door%/";
const ENCODED: &str = "5e5ame%40the%3Adoor%25%2F";

/// A project, and a database that a role with that password owns.
struct Scene {
    project: Project,
    database: Database,
    role: String,
    redis: Redis,
}

impl Scene {
    fn new() -> Self {
        let (database, project) = (Database::empty(), Project::empty());
        let role = format!("secretive_{}", database.name());
        database.sql(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'; GRANT CREATE ON DATABASE {} TO {role}",
            database.name()
        ));
        project.skill("alpha", "Read it.");
        // Programs that cfn starts tell how they were started.
        for program in ["git", "less"] {
            let path =
                project.file(&format!("programs/{program}.sh"), "#!/bin/sh\necho \"$0 $@\" >> \"$HOME/started\"\n");
            install(&path, &path.with_extension(""));
        }
        Self { project, database, role, redis: Redis::start() }
    }

    /// The place behind the `@` of a URL.
    fn place(&self) -> String {
        self.database.url(Way::Direct).split_once('@').expect("a role").1.to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.project.command(arguments);
        let path =
            format!("{}:{}", self.project.path().join("programs").display(), std::env::var("PATH").unwrap_or_default());
        let below = |name: &str| self.project.path().join(name);
        command.env("PATH", path).env("HOME", self.project.path()).env("XDG_CACHE_HOME", below("cache"));
        command.env("XDG_STATE_HOME", below("state")).env("XDG_RUNTIME_DIR", self.project.path());
        command.env("CFN_REDIS_URL", self.redis.url()).env("CFN_CACHE", "always").env("CFN_REDIS_BUDGET_MS", "10000");
        command.env("RUST_LOG", "trace").env("CFN_SYNC_BUDGET_MS", "2000");
        command
    }

    /// Nothing that was left behind has the password.
    fn look_around(&self) {
        look_below(self.project.path());
        let keys = self.redis.cli(&["KEYS", "*"]);
        assert!(!keys.contains(NEEDLE), "{keys}");
        for key in keys.lines() {
            for read in [["GET", key], ["HGETALL", key]] {
                let value = self.redis.cli(&[
                    "EVAL",
                    "local v = redis.pcall(ARGV[1], KEYS[1]); \
                    if v.err then return '' end; return v",
                    "1",
                    key,
                    read[0],
                ]);
                assert!(!value.contains(NEEDLE), "{key}: {value}");
            }
        }
    }
}

/// Runs a command; it must not tell the password. Debug output is that of every library too.
#[track_caller]
fn run(mut command: Command) -> Ran {
    let ran: Ran = command.output().expect("cfn runs").into();
    let said = format!("{ran:?}");
    assert!(!said.contains(NEEDLE), "{:?}: {said}", command.get_args());
    ran
}

fn look_below(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        assert!(!path.to_string_lossy().contains(NEEDLE), "{}", path.display());
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            look_below(&path);
        } else if kind.is_file() {
            let bytes = fs::read(&path).expect("a file");
            let is_there = bytes.windows(NEEDLE.len()).any(|it| it == NEEDLE.as_bytes());
            assert!(!is_there, "{} has the password", path.display());
        }
    }
}

/// What is run with each way to name the server.
const COMMANDS: &[&[&str]] = &[
    &["init"],
    &["deploy", "7", "alpha", ".claude/skills/alpha/SKILL.md", "testing", "tester"],
    &["load", "tester", "--json"],
    &["load", "tester", "--agent-id", "a1", "-v"],
    &["skill", "list"],
    &["skill", "approve", "alpha", "--json"],
    &["skill", "show", "nothing", "--json"],
    &["analytics"],
    &["search", "alpha"],
    &["config"],
    &["config", "--json"],
    &["db", "status"],
    &["db", "status", "--json"],
    &["db", "check"],
    &["db", "backup", "copy.db"],
    &["cache", "status", "--json"],
    &["cache", "explain", "list"],
    &["completions", "bash"],
    &["sync", "status"],
    &["export", "out", "--all"],
];

/// URLs that fail: wrong in some way, or of a server that does.
fn failing(scene: &Scene) -> Vec<String> {
    let (role, place) = (&scene.role, scene.place());
    vec![
        format!("postgresql://{role}:wrong{ENCODED}@{place}"),
        format!("postgresql://{role}@{place}?password=wrong{ENCODED}"),
        format!("postgresql://{role}:{ENCODED}@{place}_none"),
        format!("postgresql://{role}:{ENCODED}@127.0.0.1:1/db"),
        format!("postgresql://{role}:{ENCODED}@192.0.2.1/db?connect_timeout=1"),
        format!("postgresql://{role}:{ENCODED}@no-such-host.invalid/db"),
        format!("postgresql://{role}:{ENCODED}@{place}?sslmode=require"),
        format!("postgresql://{role}:{PASSWORD}@{place}"),
        format!("postgresql://{role}:{ENCODED}@{place}?nonsense=1"),
        format!("postgresql://{role}:{ENCODED}@{place}?sslmode={NEEDLE}"),
        format!("postgresql://{role}:{ENCODED}@{place}?connect_timeout={NEEDLE}"),
        format!("postgresql://{role}:{ENCODED}%zz@{place}"),
        format!("postgresql://{role}:{ENCODED}@127.0.0.1:port/db"),
        format!("postgresql://{role}:{ENCODED}@[::1/db"),
        format!("postgresql://{role}:{ENCODED}"),
        format!("mysql://{role}:{ENCODED}@{place}"),
    ]
}

#[test]
fn the_password_of_the_database_is_shown_nowhere() {
    let scene = Scene::new();
    let (role, place) = (&scene.role, scene.place());
    let good =
        [format!("postgresql://{role}:{ENCODED}@{place}"), format!("postgresql://{role}@{place}?password={ENCODED}")];
    for url in &good {
        for arguments in COMMANDS {
            let mut command = scene.command(arguments);
            command.env("CFN_SKILLS_DB_PATH", url);
            let ran = run(command);
            assert!(ran.code != Some(3) && ran.code != Some(101), "{arguments:?}: {ran:?}");
        }
        let flag = run(scene.command(&["skill", "list", "--db", url]));
        flag.ok();
    }
    for url in failing(&scene) {
        for arguments in
            [&["skill", "list"][..], &["load", "tester", "--json"], &["config", "--json"], &["db", "status", "-v"]]
        {
            let mut by_variable = scene.command(arguments);
            by_variable.env("CFN_SKILLS_DB_PATH", &url);
            let ran = run(by_variable);
            assert!(ran.code != Some(0) || arguments[0] == "config", "{url}: {ran:?}");
        }
        run(scene.command(&["skill", "list", "--db", &url])); // with another name in the message
    }
    scene.look_around();
    let started = fs::read_to_string(scene.project.path().join("started")).unwrap_or_default();
    assert!(!started.contains("git"), "git is asked for the approver by its path: {started}");
}

#[test]
fn the_password_of_the_workflow_database_is_shown_nowhere() {
    let scene = Scene::new();
    let (role, place) = (&scene.role, scene.place());
    scene.project.cfn(["init"]).ok();
    let urls =
        [format!("postgresql://{role}:{ENCODED}@{place}"), format!("postgresql://{role}@{place}?password={ENCODED}")];
    for url in urls.into_iter().chain(failing(&scene)) {
        for arguments in [
            &["deploy", "7", "alpha", ".claude/skills/alpha/SKILL.md", "testing", "tester"][..],
            &["log", "alpha", "--agent-id", "a1", "--agent-type", "tester", "--json"],
            &["sync", "-v"],
            &["sync", "--json"],
            &["sync", "status"],
            &["config", "--json"],
            &["db", "postgres-schema", "--apply", "--json"],
        ] {
            let mut command = scene.command(arguments);
            command.env("CFN_POSTGRES_URL", &url).env("ENABLE_PHASE4_LOGGING", "true");
            run(command);
        }
    }
    scene.look_around();
}

/// A server that asks for the password of whoever connects, and tells nobody else's.
#[test]
fn a_server_that_only_a_project_names_does_not_get_the_password_that_is_for_others() {
    let (server, project, home) = (Server::start(), Project::empty(), Project::empty());
    server.sql("postgres", "CREATE ROLE victim LOGIN SUPERUSER PASSWORD 'open sesame'");
    let url = format!("postgresql://victim@127.0.0.1:{}/postgres", server.port);
    let cfn = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.env("HOME", home.path()).env_remove("XDG_CONFIG_HOME");
        command
    };
    let with_variable = |arguments: &[&str]| {
        let mut command = cfn(arguments);
        command.env("PGPASSWORD", "open sesame");
        run(command)
    };
    // Who names the server sends the password there.
    with_variable(&["init", "--db", &url]).ok();
    let mut named = cfn(&["skill", "list"]);
    named.env("CFN_SKILLS_DB_PATH", &url).env("PGPASSWORD", "open sesame");
    run(named).ok();
    // A project's file does not.
    project.file("cfn.toml", format!("db = '{url}'\n"));
    let error = with_variable(&["skill", "list", "--json"]).fails_as(3, "database_refused");
    let said = error["message"].as_str().unwrap_or_default();
    assert!(said.contains("settings file names the server") && said.contains("--db"), "{said}");
    let passwords = |line: &str| {
        let file = home.file(".pgpass", line);
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("permissions");
    };
    passwords("*:*:*:victim:open sesame\n");
    with_variable(&["skill", "list", "--json"]).fails_as(3, "database_refused");
    passwords("127.0.0.1:*:*:victim:open sesame\n");
    run(cfn(&["skill", "list"])).ok();
    // The user's own file may.
    fs::remove_file(project.path().join("cfn.toml")).expect("removed");
    fs::remove_file(home.path().join(".pgpass")).expect("removed");
    home.file(".config/cfn/config.toml", format!("db = '{url}'\n"));
    with_variable(&["skill", "list"]).ok();
}
