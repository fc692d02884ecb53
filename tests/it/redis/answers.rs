//! Hits, misses, and invalidation.

use super::Cached;
use crate::scene;

/// Every question that is cached, by its class.
const QUESTIONS: &[(&str, &[&str])] = &[
    ("load", &["load", "dev"]),
    ("load", &["load", "dev", "--json"]),
    ("load", &["load", "dev", "--format", "names", "--max-skills", "1"]),
    ("load", &["load", "dev", "--format", "xml"]),
    ("load", &["load", "dev", "--context", "b,a", "--phase", "p", "--max-tokens", "20", "--no-bootstrap"]),
    ("load", &["load", "devv"]),
    ("list", &["skill", "list"]),
    ("list", &["skill", "list", "--json", "--agent", "dev", "--category", "domain"]),
    ("list", &["skill", "list", "--pending", "--status", "active", "--level", "auto"]),
    ("show", &["skill", "show", "jwt"]),
    ("show", &["skill", "show", "jwt", "--json"]),
    ("show", &["skill", "show", "jwt", "--content"]),
    ("show", &["skill", "show", "jwt", "--content", "--json", "--version", "1.0.0"]),
    ("history", &["skill", "history", "sql"]),
    ("history", &["skill", "history", "sql", "--json"]),
    ("history", &["skill", "history", "sql", "--usage", "--json"]),
    ("analytics", &["analytics"]),
    ("analytics", &["analytics", "--json"]),
    ("analytics", &["analytics", "effectiveness", "--csv"]),
    ("analytics", &["analytics", "effectiveness-by-approval", "--json"]),
    ("analytics", &["analytics", "phase4-performance", "--json"]),
    ("analytics", &["analytics", "velocity", "--json"]),
    ("analytics", &["analytics", "by-approval", "--json"]),
    ("analytics", &["analytics", "approval-efficiency", "--json"]),
    ("analytics", &["analytics", "usage", "--json", "--days", "7"]),
    ("analytics", &["analytics", "cost", "--json", "--limit", "1", "--agent", "dev", "--category", "domain"]),
];

#[test]
fn a_query_is_answered_first_by_the_database_and_then_by_the_cache() {
    let cached = Cached::new();
    let mut asked = Vec::new();
    for (class, question) in QUESTIONS {
        // The same question in another form is the same answer.
        let is_form = |it: &&str| !["--json", "--csv", "--format", "names", "xml"].contains(it);
        let core: Vec<_> = question.iter().copied().filter(is_form).collect();
        if asked.contains(&core) {
            cached.hit(class, question);
        } else {
            cached.miss(class, question);
            asked.push(core);
        }
        cached.hit(class, question);
    }
    assert_eq!(cached.server.answers().len(), asked.len());
    assert_eq!(cached.project.leftovers(), [""; 0], "nothing is remembered of a server that is well");
}

#[test]
fn a_write_by_any_program_is_seen_by_the_next_query() {
    let cached = Cached::new();
    for write in [
        "UPDATE skills SET owner = 'ann' WHERE name = 'jwt'",
        "UPDATE skill_usage_log SET execution_time_ms = 1",
        "DELETE FROM agent_skill_mappings WHERE skill_id = 1",
        "INSERT INTO approval_history (skill_id, version, approval_level, decision) VALUES (2, '1.0.0', 'human', 'rejected')",
    ] {
        for (_, question) in QUESTIONS {
            cached.cfn(question);
        }
        cached.project.sqlite3(write);
        for (_, question) in QUESTIONS {
            assert_eq!(cached.cfn(question), cached.uncached(question), "{write}: {question:?}");
        }
    }
}

#[test]
fn a_write_by_cfn_is_seen_by_the_next_query() {
    let cached = Cached::new();
    let question = ["load", "dev"];
    cached.miss("load", &question);
    cached.project.skill("jwt", "Second.");
    cached.cfn(&["update", "jwt", "1.0.1", &scene::path_of("jwt")]).ok();
    assert!(cached.miss("load", &question).ok().contains("Second."));
    cached.cfn(&["log", "jwt", "--agent-id", "a", "--agent-type", "dev"]).ok();
    cached.hit("load", &question);
    cached.cfn(&["skill", "rollback", "jwt", "1.0.0"]).ok();
    assert!(cached.miss("load", &question).ok().contains("First."));
}

#[test]
fn a_restored_backup_is_seen_by_the_next_query() {
    let cached = Cached::new();
    let questions: [&[&str]; 3] = [&["load", "dev"], &["skill", "list", "--json"], &["analytics", "usage", "--json"]];
    let ask = |what: &str| {
        for question in questions {
            assert_eq!(cached.cfn(question), cached.uncached(question), "{what}: {question:?}");
        }
    };
    ask("at first");
    cached.cfn(&["db", "backup", "backup.db"]).ok();
    scene::deploy(&cached.project, "jwt", "Second.", &["domain", "dev"]);
    cached.cfn(&["log", "sql", "--agent-id", "b", "--agent-type", "dev"]).ok();
    ask("after writes");
    cached.cfn(&["db", "restore", "backup.db"]).ok();
    ask("after the restore");
    assert!(cached.cfn(&["load", "dev"]).ok().contains("First."));
    scene::deploy(&cached.project, "jwt", "Third.", &["domain", "dev"]);
    ask("after another write");
    cached.project.sqlite3(&format!(".restore {}", cached.project.path().join("backup.db").display()));
    ask("after a restore by another program");
}

#[test]
fn without_its_triggers_a_database_is_not_cached() {
    let cached = Cached::new();
    cached.miss("load", &["load", "dev"]);
    let trigger = "SELECT sql FROM sqlite_master WHERE name = 'cfn_skills_update'";
    let trigger = cached.project.sqlite3(trigger);
    cached.project.sqlite3("DROP TRIGGER cfn_skills_update");
    let before = cached.server.counted("load");
    assert_eq!(cached.cfn(&["load", "dev"]), cached.uncached(&["load", "dev"]));
    assert_eq!(cached.server.counted("load"), before, "Redis is not asked");
    // A write that no trigger sees, and the trigger is back: the token is the old one, the answer must not be.
    cached.project.sqlite3(&format!("UPDATE skills SET status = 'archived' WHERE name = 'jwt'; {trigger}"));
    assert_eq!(cached.miss("load", &["load", "dev"]).ok().matches("First.").count(), 0);
    for change in ["ALTER TABLE skills ADD COLUMN more TEXT", "VACUUM"] {
        cached.project.sqlite3(change);
        cached.miss("load", &["load", "dev"]);
        cached.hit("load", &["load", "dev"]);
    }
}

#[test]
fn an_answer_that_depends_on_the_usage_log_is_not_cached_under_the_catalogue_alone() {
    let cached = Cached::new();
    cached.project.sqlite3(
        "UPDATE agent_skill_mappings SET tdd_condition = '{\"min_pass_rate\": 0.9}' WHERE agent_type = 'dev' AND skill_id = 1",
    );
    let log = |rate: &str| {
        cached.project.sqlite3(&format!(
            "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, test_pass_rate) VALUES ('a', 'dev', 1, {rate})"
        ));
        let ran = cached.cfn(&["load", "dev"]);
        assert_eq!(ran, cached.uncached(&["load", "dev"]));
        ran.ok().contains("First.")
    };
    assert_eq!(["0.5", "0.95", "0.1"].map(log), [false, true, false]);
}

#[test]
fn a_logged_load_does_not_use_the_cache() {
    let cached = Cached::new();
    cached.cfn(&["load", "dev", "--agent-id", "a", "--task-id", "t2"]).ok();
    cached.cfn(&["analytics", "bottlenecks"]).ok();
    assert_eq!(cached.server.answers(), [""; 0], "neither is kept");
    assert_eq!(cached.project.sqlite3("SELECT count(*) FROM skill_usage_log WHERE task_id = 't2'"), "2");
}

#[test]
fn errors_are_not_cached() {
    let cached = Cached::new();
    for question in [["skill", "show", "nothing"], ["skill", "history", "nothing"]] {
        assert_eq!(cached.cfn(&question), cached.uncached(&question));
        assert_eq!(cached.cfn(&question).code, Some(4));
    }
    assert_eq!(cached.server.answers(), [""; 0]);
}

#[test]
fn entries_expire_after_the_time_to_live_of_their_class() {
    let cached = Cached::new();
    let ttl = |question: &[&str], variables: &[(&str, &str)]| {
        cached.server.cli(&["FLUSHALL"]);
        let mut command = cached.command(question);
        command.envs(variables.iter().copied()).output().expect("cfn runs");
        let key = cached.server.answers().remove(0);
        cached.server.cli(&["TTL", &key]).parse::<u64>().expect("seconds")
    };
    let slack = 30; // for a busy machine
    assert!((3240 - slack..=3960).contains(&ttl(&["load", "dev"], &[])));
    assert!((270 - slack..=330).contains(&ttl(&["analytics", "usage"], &[])));
    assert!((900_000 - slack..=1_100_000).contains(&ttl(&["skill", "list"], &[("CFN_CACHE_TTL_READS", "1000000")])));
    assert!((1800 - slack..=2200).contains(&ttl(&["analytics", "cost"], &[("CFN_CACHE_TTL_ANALYTICS", "2000")])));
    let statistics = cached.server.cli(&["KEYS", "cache:stats:*"]);
    let left: u64 = cached.server.cli(&["TTL", &statistics]).parse().expect("seconds");
    assert!((86_400 - slack..=86_400).contains(&left));
}

#[test]
fn with_measurements_auto_uses_the_cache_where_it_saves_time() {
    let cached = Cached::new();
    let server = format!("127.0.0.1:{}/0", cached.server.port);
    let costs = [("load", 1.0, 2.0), ("list", 2.0, 1.0), ("analytics", 2.0, 1.0)]
        .map(|(class, hit, database)| serde_json::json!({ "class": class, "hit_us": hit, "database_us": database }));
    let known = serde_json::json!({ "server": server, "measured_at": 1, "costs": costs });
    std::fs::write(super::notes(&cached.project), known.to_string()).expect("it is written");
    for (class, question, is_asked) in [
        ("load", ["load", "dev"], true),
        ("list", ["skill", "list"], false),
        ("analytics", ["analytics", "usage"], false),
    ] {
        let mut command = cached.command(&question);
        command.env("CFN_CACHE", "auto").output().expect("cfn runs");
        assert_eq!(cached.server.counted(class).0, u32::from(is_asked), "{class}");
    }
}

#[test]
fn a_batch_uses_the_cache() {
    let cached = Cached::new();
    let requests = "{\"agent_type\":\"dev\"}\n{\"agent_type\":\"tester\",\"format\":\"names\"}\n".repeat(10);
    let requests = cached.project.file("requests", requests);
    let ask = |mut command: std::process::Command| {
        let output = command.stdin(std::fs::File::open(&requests).expect("the file")).output().expect("cfn runs");
        crate::harness::Ran::from(output).ok()
    };
    let answers = ask(cached.command(&["load", "--batch"]));
    assert_eq!(answers, ask(cached.project.command(["load", "--batch"])));
    assert_eq!(cached.server.counted("load"), (2, 2), "each question once; its own memory has the other answers");
    let clients =
        |it: &str| it.lines().find_map(|it| it.strip_prefix("total_connections_received:")?.trim().parse().ok());
    let connections = || clients(&cached.server.cli(&["INFO", "stats"])).map(|it: u32| it);
    let before = connections();
    ask(cached.command(&["load", "--batch"]));
    assert_eq!(connections(), before.map(|it| it + 2), "one for all requests, and one that asks how many there are");
}

#[test]
fn an_edited_and_reloaded_dump_has_another_revision() {
    let cached = Cached::new();
    cached.project.sqlite3("UPDATE skills SET owner = 'ann'");
    let question = ["skill", "list", "--json"];
    cached.cfn(&question).ok();
    let dump = cached.project.sqlite3(".dump");
    for owner in ["bob", "eve"] {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(cached.project.database().with_file_name(format!("skills.db{suffix}")));
        }
        let edited = cached.project.file("edited.sql", dump.replace("'ann'", &format!("'{owner}'")));
        cached.project.sqlite3(&format!(".read {}", edited.display()));
        cached.uncached(&question).ok(); // adopts it
        let ran = cached.miss("list", &question);
        assert!(ran.ok().contains(owner));
    }
}
