//! cfn goes on with a copy as it would have with the source.

use super::{copied, lived_in, other, own};
use crate::both_engines::{normal, run};
use crate::harness::Project;
use crate::postgres_server::{Database, Way};

/// What only reads, and what goes on writing: ids, versions, decisions and sums follow those that were there.
const GOING_ON: &[&str] = &[
    "load tester",
    "load writer --json",
    "skill list --json",
    "skill history gimmel --json",
    "analytics --json",
    "analytics approvals --json",
    "log show --task t1 --json",
    "skill add other/omega/SKILL.md --name sigma --json",
    "deploy 9 sigma other/delta/SKILL.md testing tester --json",
    "update beta changed/beta/SKILL.md --minor --json",
    "skill approve beta --approver lead --reason again --override-rejection --json",
    "load tester --agent-id a9 --task-id t9 --json",
    "log beta --agent-id a9 --agent-type tester --exit-code 0 --task-id t9 --json",
    "edge-case record alpha --description 'it breaks again' --severity low --json",
    "skill history beta --json",
    "analytics --json",
    "analytics check",
    "search testing --json",
    "skill delete gimmel --yes --approver lead",
    "skill list --json",
    "db check --json",
];

#[test]
fn every_command_goes_on_with_a_copy() {
    let project = lived_in();
    let server = Database::empty();
    let back = Project::copy_of(project.path());
    copied(&project, &own(&project), &server.url(Way::Direct));
    std::fs::remove_file(back.database()).expect("removed");
    copied(&back, &server.url(Way::Direct), &own(&back));
    let remote = Project::copy_of(project.path());
    std::fs::remove_file(remote.database()).expect("removed");
    let (url, shown) = (server.url(Way::Direct), server.shown(Way::Direct));
    let mut differences = Vec::new();
    for command in GOING_ON.iter().map(|it| format!("cfn {it}")) {
        let command = command.as_str();
        let expected = normal(&run(&project, None, command), project.path(), "\0");
        let on_server = normal(&run(&remote, Some(&url), command), remote.path(), &shown);
        let on_file = normal(&run(&back, None, command), back.path(), "\0");
        if on_server != expected || on_file != expected {
            differences
                .push(format!("{command}\n  source: {expected:?}\n  server: {on_server:?}\n  file: {on_file:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn no_id_is_given_out_again() {
    let project = lived_in();
    project.sqlite3("DELETE FROM skill_usage_log WHERE id = (SELECT max(id) FROM skill_usage_log)");
    let (server, back) = (Database::empty(), other(&project, "back.db"));
    let last = "SELECT seq FROM sqlite_sequence WHERE name = 'skill_usage_log'";
    let gone: i64 = project.sqlite3(last).parse().expect("a number");
    assert!(project.sqlite3("SELECT max(id) FROM skill_usage_log").parse::<i64>().expect("a number") < gone);
    copied(&project, &own(&project), &server.url(Way::Direct));
    copied(&project, &server.url(Way::Direct), &back);
    let output = std::process::Command::new("sqlite3").args([&back, last]).output().expect("sqlite3");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), gone.to_string());
    let added = "INSERT INTO cfn.skill_usage_log (agent_id, agent_type, skill_id) SELECT 'a', 'b', min(id) FROM cfn.skills RETURNING id";
    assert_eq!(server.sql(added).lines().next(), Some((gone + 1).to_string().as_str()));
}

#[test]
fn the_sums_of_the_log_are_believed_and_the_triggers_are_on() {
    let project = lived_in();
    let server = Database::empty();
    copied(&project, &own(&project), &server.url(Way::Direct));
    server.sql("ANALYZE");
    assert_eq!(
        server.sql("SELECT fingerprint = cfn.cfn_usage_fingerprint(), cfn.cfn_usage_guarded() FROM cfn.usage_state"),
        "t|t"
    );
    let off = "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = 'cfn'::regnamespace AND NOT t.tgisinternal AND t.tgenabled <> 'A'";
    assert_eq!(server.sql(off), "0");
    // Versions, decisions and marks are those of the source: no trigger made any.
    assert_eq!(server.sql("SELECT count(*) FROM cfn.usage_dirty"), "0");
    let revision =
        "SELECT m.value = t.shape FROM cfn.cfn_metadata m, cfn.cfn_triggers t WHERE m.name = 'catalogue_triggers'";
    assert_eq!(server.sql(&format!("SET search_path = cfn; {revision}")).lines().last(), Some("t"));
    let fresh = Database::new();
    let objects =
        "SELECT string_agg(format('%s %s', c.relkind, regexp_replace(c.relname, '[0-9]{4}_[0-9]{2}', 'M')), E'\\n'
           ORDER BY c.relkind, c.relname) FROM pg_class c
         WHERE c.relnamespace = 'cfn'::regnamespace AND c.relname !~ '[0-9]{4}_[0-9]{2}'";
    assert_eq!(server.sql(objects), fresh.sql(objects));
}
