//! Every command does on PostgreSQL what it does on SQLite: the same arguments, output and exit code.

mod pages;

use std::path::Path;

use regex::Regex;

use crate::documentation::typed;
use crate::harness::{Project, Ran};
use crate::postgres_server::{Database, Way};

/// What a user does with skills, command by command, in order.
pub(crate) const COMMANDS: &[&str] = &[
    "init",
    "init --from .claude/skills --category testing --approve-as lead --agents tester,reviewer",
    "init --from .claude/skills --category testing --approve-as lead --agents tester,reviewer --json",
    "init --bootstrap",
    "skill list",
    "skill list --json",
    "skill list --sort updated --limit 2",
    "skill list --sort uses --limit 3 --json",
    "skill list --tag testing --owner nobody",
    "skill show alpha",
    "skill show alpha --json",
    "skill show nothing",
    "skill show Alpha",
    "skill history alpha",
    "deploy 7 generated .claude/skills/alpha/SKILL.md testing tester",
    "deploy 7 generated .claude/skills/alpha/SKILL.md testing tester --json",
    "deploy 8 delta other/delta testing tester,writer --json",
    "deploy 9 DELTA other/delta/SKILL.md testing tester",
    "skill add other/omega/SKILL.md",
    "skill pending",
    "skill pending --json",
    "skill escalate omega --reason 'who wrote it' --to ann",
    "skill approve omega --approver lead --reason fine",
    "skill approve omega --approver lead --reason fine --json",
    "update beta changed/beta/SKILL.md --patch --reason better",
    "update beta changed/beta/SKILL.md --minor --json",
    "update beta 2.0.0 .claude/skills/beta/SKILL.md major --json",
    "skill reject beta --approver lead --reason worse",
    "update beta .claude/skills/beta/SKILL.md --patch",
    "skill approve beta --approver lead --reason again --override-rejection",
    "skill history beta --json",
    "skill diff beta",
    "skill diff beta 1.0.0 1.0.1 --json",
    "skill rollback beta 1.0.0 --approver lead --reason back",
    "skill show beta --json",
    "skill show beta --version 1.0.0 --json",
    "skill show beta --version 1.0.1",
    "skill show beta --version 2.0.0 --json",
    "skill assign gamma --agent writer --priority 2 --required",
    "skill assign beta gamma --agent writer --context sql --json",
    "skill unassign gamma --agent tester",
    "skill edit gamma --tags one,two --owner ann --team core",
    "skill list --tag TWO --json",
    "skill pin gamma 1.0.0",
    "skill unpin gamma",
    "skill pin gamma 1.0.0 --agent writer",
    "load tester",
    "load tester --json",
    "load writer --format xml --paths source",
    "load writer --json --max-skills 1",
    "load nobody --json",
    "load tester --agent-id a1 --task-id t1 --json",
    "log alpha --agent-id a1 --agent-type tester --exit-code 0 --execution-ms 420 --tokens-avoided 10 --cost-avoided-usd 0.25 --task-id t1",
    "log beta --agent-id a1 --agent-type tester --exit-code 1 --task-id t2 --json",
    "log nothing --agent-id a1 --agent-type tester --exit-code 0",
    "log show --task t1 --json",
    "log show --task t2",
    "analytics",
    "analytics --json",
    "analytics effectiveness --json",
    "analytics approvals --json",
    "analytics rebuild",
    "skill list --sort uses --json",
    "edge-case record alpha --description 'it breaks' --severity high",
    "edge-case record alpha --description 'it breaks' --severity high --json",
    "edge-case list",
    "edge-case list --json",
    "edge-case show 1 --json",
    "edge-case resolve 1 --note mended",
    "search testing",
    "search testing --json",
    "skill rename gamma gimmel --approver lead --reason nicer",
    "skill show gamma",
    "skill history gimmel --json",
    "skill list --sort uses --after gamma --json",
    "skill deprecate delta --replacement gimmel --note old",
    "load writer",
    "skill archive omega",
    "skill restore omega",
    "agents",
    "agents writer --json",
    "skill revoke alpha --approver lead --reason unsafe",
    "load tester --json",
    "deploy 7 alpha2 .claude/skills/alpha/SKILL.md testing tester",
    "skill purge beta 1.0.1 --approver lead --reason secret --yes",
    "skill delete omega --approver lead --reason unused --yes",
    "skill history omega --json",
    "skill lint",
    "skill verify",
    "skill verify --json",
    "skill export-yaml",
    "export out --agent writer --layout claude",
    "export out --agent writer --layout claude --check",
    "db check",
    "db check --json",
    "db capture --json",
    "db migrate --json",
    "db archive --before 2020-01-01 --to none.gz",
    "db archive --before 2100-01-01 --to old.gz",
    "db archive --before 2100-01-01 --to old.gz --json",
    "db archive --before 2100-01-02 --to old.gz",
    "analytics --json",
    "db unarchive old.gz",
    "db unarchive old.gz --json",
    "db unarchive none.gz",
    "analytics --json",
    "db maintain",
    "db backup copy.db",
    "db restore copy.db",
    "db status --json",
    "db postgres-schema",
    "sync",
    "sync status",
    "sync status --json",
    "sync retry --json",
    "cache status",
    "cache warm",
    "cache clear",
    "cache audit --json",
    "cache explain load tester",
    "cache explain list --json",
    "cache explain show gimmel",
    "cache explain history gimmel",
    "cache explain analytics",
    "config",
    "completions bash",
    "man",
    "skill create --name created --category testing --content-path other/delta/SKILL.md",
    "skill approval-status --skill beta --json",
    "skill list --approval human --pending-approval --json",
    "skill assign --agent auditor --skill beta --priority=3 --required",
    "skill approve --skill=created --decision=approved --approver=ann --reasoning=fine",
    "skill analytics effectiveness --days=30 --csv",
    "skill assess beta",
    "skill assess other/delta --json",
    "skill promote --list",
    "skill promote --check-stale --json",
    "skill review gimmel",
    "skill validate other",
    "skill export-yaml --output all.yaml --include-history --include-usage",
    "skill import-yaml all.yaml --mode validate-only",
    "skill import-yaml all.yaml --dry-run --json",
    r#"load --batch <<< '{"agent_type": "tester", "id": 1}'"#,
    r#"log --batch <<< '{"skill": "beta", "agent_id": "a2", "agent_type": "tester", "exit_code": 0, "id": 1}'"#,
    "bench sql 'SELECT count(*) FROM skills'",
];

pub(crate) fn project() -> Project {
    let project = Project::empty();
    for (name, body) in [("alpha", "Read it."), ("beta", "Write it."), ("gamma", "Test it.")] {
        project.skill(name, body);
    }
    project.file(".claude/skills/gamma/scripts/run.sh", "echo run\n");
    for name in ["delta", "omega"] {
        let text =
            format!("---\nname: {name}\ndescription: About testing {name}.\ntags: [testing]\n---\n\nDo {name}.\n");
        project.file(&format!("other/{name}/SKILL.md"), text);
    }
    project.file("changed/beta/SKILL.md", "---\nname: beta\ndescription: About beta.\n---\n\nWrite it well.\n");
    project
}

/// Runs a command line on a file, or on a server.
pub(crate) fn run(project: &Project, database: Option<&str>, line: &str) -> Ran {
    let mut shell = typed(project.path(), line);
    if let Some(database) = database {
        shell.env("CFN_SKILLS_DB_PATH", database);
    }
    shell.output().expect("bash runs").into()
}

/// What differs between two runs whatever the engine: folders, places of databases, times and durations.
pub(crate) fn normal(ran: &Ran, project: &Path, database: &str) -> Ran {
    let times =
        Regex::new(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?(\.[0-9]+)?Z?").expect("a pattern");
    let durations =
        Regex::new(r"[0-9]+(\.[0-9]+)? ?(ms|s)(?-u:\b)|_ms.: ?[0-9.]+|waited_hours.: ?[0-9.e-]+").expect("a pattern");
    let real = std::fs::canonicalize(project).expect("a folder");
    let normal = |text: &str| {
        let text = text.replace(database, "DATABASE");
        let text = text.replace(&*real.to_string_lossy(), "FOLDER").replace(&*project.to_string_lossy(), "FOLDER");
        let text = text.replace("FOLDER/.claude/skills-database/skills.db", "DATABASE");
        let text = text.replace("psql DATABASE -c 'UPDATE cfn.", "sqlite3 DATABASE 'UPDATE "); // the program of the engine
        durations.replace_all(&times.replace_all(&text, "TIME"), "DURATION").into_owned()
    };
    Ran { code: ran.code, stdout: normal(&ran.stdout), stderr: normal(&ran.stderr) }
}

/// Commands that answer otherwise on a server, their exit code there, and why.
const DIFFERENT: &[(&str, i32, &str)] = &[
    ("cfn db backup", 1, "a file is copied, a server has its own tools"),
    ("cfn db restore", 1, "a file is copied, a server has its own tools"),
    ("cfn db maintain", 0, "it tells the size of the file, or the partitions that it made"),
    ("cfn db status", 0, "it is about the file, or about the server"),
    ("cfn config", 0, "the variable that names the server is a setting"),
    ("cfn bench", 1, "a benchmark is of a file"),
];

/// Runs a line on a file and on a server; how the answers differ, if they do without a reason.
fn difference(line: &str, file: &Project, server: &Project, database: &Database, way: Way) -> Option<String> {
    let (url, shown) = (database.url(way), database.shown(way));
    let expected = run(file, None, line);
    let is_a_command = !expected.stderr.contains("unexpected argument") && !expected.stderr.contains("subcommand");
    assert!(is_a_command && !expected.stderr.contains("required arguments"), "{line}: {expected:?}");
    let expected = normal(&expected, file.path(), "\0");
    let answered = normal(&run(server, Some(&url), line), server.path(), &shown);
    assert!(!format!("{answered:?}").contains("sesame"), "a password: {answered:?}");
    let is_as_expected = match DIFFERENT.iter().find(|it| line.starts_with(it.0)) {
        Some((_, code, _)) => answered.code == Some(*code),
        None => answered == expected,
    };
    let told = || format!("{line}\n  SQLite:     {expected:?}\n  PostgreSQL: {answered:?}");
    (!is_as_expected).then(told)
}

fn compare(way: Way, settings: &[&str]) {
    let (file, server, database) = (project(), project(), Database::empty());
    for setting in settings {
        database.sql(&format!("ALTER DATABASE {} SET {setting}", database.name()));
    }
    let lines = COMMANDS.iter().map(|it| format!("cfn {it}"));
    let differences: Vec<_> = lines.filter_map(|it| difference(&it, &file, &server, &database, way)).collect();
    assert!(differences.is_empty(), "{} of {}:\n{}", differences.len(), COMMANDS.len(), differences.join("\n"));
}

#[test]
fn every_command_answers_on_a_server_as_it_does_on_a_file() {
    compare(Way::Direct, &[]);
}

#[test]
fn every_command_answers_through_a_pooler_as_it_does_on_a_file() {
    compare(Way::Bouncer, &[]);
}

/// What an administrator may set for a database or a role, and cfn must not depend on.
const SETTINGS: &[&str] = &[
    "search_path = public, pg_catalog",
    "TimeZone = 'Asia/Tokyo'",
    "DateStyle = 'SQL, DMY'",
    "IntervalStyle = 'sql_standard'",
    "bytea_output = 'escape'",
    "extra_float_digits = -3",
    "standard_conforming_strings = off",
    "escape_string_warning = off",
    "transform_null_equals = on",
    "default_transaction_isolation = 'serializable'",
    "default_transaction_deferrable = on",
    "default_toast_compression = 'pglz'",
    "quote_all_identifiers = on",
    "array_nulls = off",
    "enable_seqscan = off",
    "row_security = off",
];

#[test]
fn every_command_answers_alike_whatever_the_settings_of_the_database() {
    compare(Way::Direct, SETTINGS);
}
