//! Every exit code of the table happens, as text and as JSON; every error is one sentence and one hint.

mod arguments;
mod hints;
mod kinds;

use std::process::Command;

use crate::harness::{Project, Ran};
use crate::scene::{deploy, path_of, with_skill};

/// Runs a command that must fail, in both forms.
#[track_caller]
fn fails(project: &Project, code: i32, kind: &str, args: &[&str]) {
    let text = project.cfn(args);
    let lines: Vec<String> = text.clone().fails(code).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "{args:?}: {text:?}");
    let message = lines[0].strip_prefix("error: ").unwrap_or_else(|| panic!("{args:?}: {text:?}"));
    let hint = lines[1].strip_prefix("hint: ").unwrap_or_else(|| panic!("{args:?}: {text:?}"));
    assert!(!message.is_empty() && !hint.is_empty(), "{args:?}: {text:?}");
    let error = project.fails_as(args, code, kind);
    assert_eq!(
        error.as_object().map(|it| it.keys().cloned().collect::<Vec<_>>().join(" ")).as_deref(),
        Some("code kind message hint")
    );
    assert!(error["message"].as_str().is_some_and(|it| !it.is_empty()), "{error}");
}

#[test]
fn one_is_invalid_arguments_and_input() {
    let project = with_skill("jwt", "domain", "dev");
    project.file("empty.md", "");
    fails(&project, 1, "invalid_arguments", &["no-such-command"]);
    fails(&project, 1, "invalid_arguments", &["load"]);
    fails(&project, 1, "invalid_arguments", &["load", "a b"]);
    fails(&project, 1, "invalid_arguments", &["--color", "sometimes", "skill", "list"]);
    fails(&project, 1, "invalid_arguments", &["skill", "list", "--verbose", "--quiet"]);
    fails(&project, 1, "invalid_input", &["deploy", "1", "x", &path_of("jwt"), "sports"]);
    fails(&project, 1, "invalid_content", &["deploy", "1", "x", "empty.md"]);
    fails(&project, 1, "invalid_input", &["man", "no-such-command"]);
}

#[test]
fn two_is_a_file_that_cannot_be_read() {
    let project = with_skill("jwt", "domain", "dev");
    fails(&project, 2, "file_unreadable", &["deploy", "1", "x", "missing.md"]);
    fails(&project, 2, "file_not_regular", &["deploy", "1", "x", ".claude"]);
    fails(&project, 2, "file_unreadable", &["update", "jwt", "1.0.1", "missing.md"]);
    fails(&project, 2, "file_unreadable", &["init", "--from", "missing"]);
    fails(&project, 2, "file_unreadable", &["skill", "validate", "missing"]);
}

#[test]
fn three_is_a_missing_or_invalid_database() {
    let project = Project::empty();
    fails(&project, 3, "database_missing", &["skill", "list"]);
    project.file("text.db", "This is a long enough text that is not a database at all. ".repeat(50));
    project.file("empty.db", "");
    project.file("folder.db/x", "");
    std::os::unix::fs::symlink("nowhere", project.path().join("dangling.db")).expect("a link");
    assert!(Command::new("mkfifo").arg(project.path().join("pipe.db")).status().is_ok_and(|it| it.success()));
    let sql = "CREATE TABLE other (x); PRAGMA user_version = 7;";
    assert!(
        Command::new("sqlite3").arg(project.path().join("other.db")).arg(sql).status().is_ok_and(|it| it.success())
    );
    let content = |name: &str| {
        std::fs::metadata(project.path().join(name))
            .is_ok_and(|it| it.is_file())
            .then(|| std::fs::read(project.path().join(name)).expect("read"))
    };
    for name in ["text.db", "empty.db", "folder.db", "dangling.db", "pipe.db", "other.db"] {
        let before = content(name);
        for command in
            [&["skill", "list"][..], &["load", "dev"], &["deploy", "1", "x", "text.db"], &["init"], &["db", "migrate"]]
        {
            // An empty file is where init makes one.
            if (name, command) == ("empty.db", &["init"]) {
                continue;
            }
            let mut args = vec!["--db", name];
            args.extend(command);
            fails(&project, 3, "not_a_skills_database", &args);
        }
        assert_eq!(content(name), before, "{name}");
    }
    let newer = with_skill("jwt", "domain", "dev");
    newer.sqlite3("PRAGMA user_version = 4000");
    fails(&newer, 3, "database_newer", &["skill", "list"]);
}

#[test]
fn three_is_a_damaged_row_named_by_table_and_key() {
    let project = with_skill("jwt", "domain", "dev");
    // A status or a level that cfn does not know is shown; what was decided it must not guess.
    project.sqlite3(
        "PRAGMA ignore_check_constraints = ON; UPDATE skills SET status = 'retired'; UPDATE approval_history SET decision = 'maybe'",
    );
    assert_eq!(project.cfn(["skill", "list", "--json"]).json()["skills"][0]["status"], "retired");
    assert_eq!(project.cfn(["load", "dev"]).ok(), "", "it is not active");
    fails(&project, 3, "damaged_row", &["skill", "history", "jwt"]);
    let error = project.fails_as(["deploy", "1", "jwt", &path_of("jwt")], 3, "damaged_row");
    let named = |what| error["message"].as_str().is_some_and(|it| it.contains(what));
    assert!(["row 1 ", "approval_history", "\"maybe\""].into_iter().all(named), "{error}");
    project.cfn(["analytics", "velocity"]).ok();
    let check = project.cfn(["db", "check"]);
    assert_eq!(check.code, Some(0), "a value that cfn does not know is a warning: {check:?}");
    for what in ["skills have a status or a level", "rows of approval_history have a decision"] {
        assert!(check.stdout.contains(&format!("{what} that cfn does not know (1)")), "{check:?}");
    }
}

#[test]
fn four_is_a_skill_or_version_that_is_not_there() {
    let project = with_skill("jwt", "domain", "dev");
    fails(&project, 4, "skill_not_found", &["skill", "show", "sql"]);
    fails(&project, 4, "skill_not_found", &["update", "sql", "1.0.1", &path_of("jwt")]);
    fails(&project, 4, "version_not_found", &["skill", "rollback", "jwt", "9.0.0"]);
}

#[test]
fn five_is_an_invalid_step() {
    let project = with_skill("jwt", "domain", "dev");
    project.skill("jwt", "Second.");
    fails(&project, 5, "version_not_higher", &["update", "jwt", "1.0.0", &path_of("jwt")]);
    fails(&project, 5, "other_change_type", &["update", "jwt", "2.0.0", &path_of("jwt")]);
    fails(&project, 5, "version_not_higher", &["deploy", "1", "jwt", &path_of("jwt"), "--version", "0.1.0"]);
}

#[test]
fn six_is_unchanged_content() {
    let project = with_skill("jwt", "domain", "dev");
    fails(&project, 6, "content_unchanged", &["update", "jwt", "1.0.1", &path_of("jwt")]);
    fails(&project, 6, "content_unchanged", &["skill", "rollback", "jwt", "1.0.0"]);
}

#[test]
fn seven_is_a_refusal() {
    let project = with_skill("jwt", "domain", "dev");
    fails(&project, 7, "lowers_approval_level", &["deploy", "1", "jwt", &path_of("jwt"), "testing"]);
    let hash = "0".repeat(64);
    fails(&project, 7, "changed_since_review", &["skill", "approve", "jwt", "--approver", "me", "--hash", &hash]);
    project.cfn(["skill", "reject", "jwt", "--approver", "me"]).ok();
    deploy(&project, "jwt", "Second.", &[]);
    fails(&project, 7, "rejected", &["skill", "rollback", "jwt", "1.0.0"]);
    project.sqlite3("UPDATE approval_history SET decision = 'needs_correction' WHERE decision = 'rejected'");
    fails(&project, 7, "not_approved", &["skill", "rollback", "jwt", "1.0.0"]);
    project.skill("JWT", "Other.");
    fails(&project, 7, "name_taken", &["deploy", "1", "JWT", &path_of("JWT")]);
    project.sqlite3("UPDATE agent_skill_mappings SET required = 1; DELETE FROM skill_contents");
    fails(&project, 7, "integrity", &["load", "dev"]);
}

#[test]
fn eight_is_a_lock_that_was_held_for_the_whole_wait() {
    use std::io::Write;
    use std::process::Stdio;
    let project = with_skill("jwt", "domain", "dev");
    let mut holder = Command::new("sqlite3");
    let mut holder =
        holder.arg(project.database()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sqlite3");
    let mut input = holder.stdin.take().expect("a pipe");
    input.write_all(b"BEGIN IMMEDIATE;\nSELECT 'held';\n").expect("written");
    let mut held = String::new();
    let output = holder.stdout.take().expect("a pipe");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut held).expect("a line");
    assert_eq!(held, "held\n");
    let run = || -> Ran {
        let mut command = project.command(["deploy", "1", "jwt", &path_of("jwt")]);
        command.env("CFN_BUSY_TIMEOUT_MS", "200").output().expect("cfn runs").into()
    };
    let message = run().fails(8);
    assert!(message.contains("locked for 200 ms") && message.contains("hint: Try again"), "{message}");
    assert!(project.cfn(["load", "dev"]).ok().contains("First."), "readers go on");
    drop(input);
    holder.wait().expect("sqlite3 ends");
    assert_eq!(run().ok(), "1\n");
}

#[test]
fn a_bad_setting_names_its_source_in_a_command_that_uses_it() {
    let project = with_skill("jwt", "domain", "dev");
    project.file("new.md", "---\nname: jwt\ndescription: d\n---\nNew.\n");
    let update: &[&str] = &["update", "jwt", "1.0.1", "new.md"];
    let log: &[&str] = &["log", "jwt", "--agent-id", "a", "--agent-type", "dev"];
    for (name, value, args) in [
        ("CFN_MAX_CONTENT_BYTES", "lots", update),
        ("CFN_BUSY_TIMEOUT_MS", "-1", &["skill", "list"]),
        ("CFN_SYNCHRONOUS", "off", log),
        ("ENABLE_AGENT_NOTIFICATIONS", "maybe", update),
        ("ENABLE_PHASE4_LOGGING", "perhaps", log),
        ("CFN_POSTGRES_URL", "postgres://h:x/d", &["sync"]),
        ("CFN_POSTGRES_URL", "mysql://h", &["db", "postgres-schema", "--apply"]),
        ("CFN_REDIS_URL", "http://h", &["cache", "status"]),
        ("CFN_REDIS_URL", "http://h", &["--cache", "always", "load", "dev"]),
        ("CFN_CACHE_TTL_READS", "soon", &["cache", "status"]),
        ("CFN_SKILLS_DB_PATH", "mysql://h/d", &["skill", "list"]),
        ("CFN_SKILLS_DB_PATH", "postgres://h:x/d", &["skill", "list"]),
    ] {
        let ran: Ran = project.command(args).env(name, value).output().expect("cfn runs").into();
        let message = ran.fails(1);
        assert!(message.contains(name) && message.contains("hint: Correct or unset"), "{args:?}: {message}");
    }
}

#[test]
fn a_setting_that_a_command_does_not_use_never_stops_it() {
    let project = with_skill("jwt", "domain", "dev");
    let plain = project.cfn(["load", "dev"]).ok();
    for (name, value) in [
        ("CFN_POSTGRES_URL", "postgresql://u@h/db?pgbouncer=true"),
        ("CFN_POSTGRES_URL", "anything"),
        ("PHASE4_POSTGRES_PORT", "tcp://10.0.0.1:5432"),
        ("PGSSLMODE", "no-verify"),
        ("CFN_SYNC_BUDGET_MS", "soon"),
        ("ENABLE_PHASE4_LOGGING", "perhaps"),
        ("ENABLE_AGENT_NOTIFICATIONS", "maybe"),
        ("CFN_MAX_CONTENT_BYTES", "1MB"),
        ("CFN_SYNCHRONOUS", "off"),
        ("CFN_REDIS_URL", "rediss://h:6379/0?ssl_cert_reqs=none"),
        ("CFN_REDIS_BUDGET_MS", "0"),
        ("CFN_CACHE_TTL_READS", "1h"),
    ] {
        let load = |more: &[&str]| -> Ran {
            let mut command = project.command(["load", "dev"]);
            command.args(more).env(name, value).output().expect("cfn runs").into()
        };
        let ran = load(&[]);
        assert_eq!((ran.stderr.clone(), ran.ok()), (String::new(), plain.clone()), "{name}={value}");
        let said = load(&["-v"]).stderr;
        assert!(said.contains(name), "{name}={value}: {said}");
    }
    for args in [&["completions", "bash"][..], &["man"], &["skill", "validate", &path_of("jwt")]] {
        let mut command = project.command(args);
        command.env("CFN_SKILLS_DB_PATH", "postgres://h/d").env("CFN_BUSY_TIMEOUT_MS", "x");
        assert_eq!(command.output().expect("cfn runs").status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn a_url_is_never_a_files_name() {
    let project = with_skill("jwt", "domain", "dev");
    project.file("import/a/SKILL.md", "---\nname: a\ndescription: d\n---\nText.\n");
    let before = project.leftovers();
    for url in ["mysql://u:hunter2@h/db", "sqlite:///x/skills.db", "sqlite://skills.db", "x://"] {
        for command in
            [&["init"][..], &["init", "--from", "import"], &["skill", "list"], &["load", "dev"], &["db", "migrate"]]
        {
            fails(&project, 1, "invalid_setting", &[&["--db", url], command].concat());
        }
        for command in [&["db", "backup", url][..], &["db", "restore", url]] {
            fails(&project, 1, "invalid_setting", command);
        }
        for command in
            [&["init"][..], &["skill", "list"], &["load", "dev"], &["db", "migrate"], &["db", "backup", "x.db"]]
        {
            fails(
                &project,
                3,
                "database_unreachable",
                &[&["--db", "postgres://u:hunter2@127.0.0.1:1/d"], command].concat(),
            );
        }
        let message = project.cfn(["--db", url, "load", "dev"]).fails(1);
        assert!(
            message.contains("--db") && message.contains("postgresql://HOST/DATABASE") && !message.contains("hunter2"),
            "{message}"
        );
    }
    let names: Vec<_> =
        std::fs::read_dir(project.path()).expect("a folder").flatten().map(|it| it.file_name()).collect();
    assert!(names.iter().all(|it| [".claude", "import"].iter().any(|known| it == known)), "{names:?}");
    assert_eq!(project.leftovers(), before);
}

#[test]
fn a_flag_overrides_the_environment() {
    let project = with_skill("jwt", "domain", "dev");
    let mut command = project.command(["skill", "list", "--json"]);
    let ran: Ran = command.env("CFN_SKILLS_DB_PATH", "elsewhere.db").output().expect("cfn runs").into();
    assert!(ran.fails(3).contains("elsewhere.db"));
    let mut command = project.command(["skill", "list", "--json", "--db", ".claude/skills-database/skills.db"]);
    let ran: Ran = command.env("CFN_SKILLS_DB_PATH", "elsewhere.db").output().expect("cfn runs").into();
    assert_eq!(ran.json()["skills"][0]["name"], "jwt");
}

#[test]
fn a_closed_pipe_ends_quietly_and_a_full_device_does_not() {
    let project = with_skill("jwt", "domain", "dev");
    let cfn = crate::harness::binary();
    let run = |script: &str| -> Ran {
        let mut command = Command::new("bash");
        command.args(["-c", script]).env("CFN", &cfn).current_dir(project.path()).output().expect("bash").into()
    };
    let quiet = run("set -o pipefail; \"$CFN\" skill show jwt | true; \"$CFN\" --help | head -1 > /dev/null");
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
    run("\"$CFN\" skill list --json > /dev/full").fails_as(1, "output");
}
