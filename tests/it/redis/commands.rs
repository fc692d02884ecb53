//! `cfn cache …`: its reports about the server, and its effects on keys.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use super::audit::of;
use super::server::Server;
use super::{Cached, notes};
use crate::harness::Project;
use crate::scene;

#[track_caller]
fn json(cached: &Cached, args: &[&str]) -> Value {
    let mut all = vec!["cache"];
    all.extend(args);
    all.push("--json");
    let ran = cached.cfn(&all);
    assert_eq!(ran.stderr, "", "{args:?}");
    ran.json()
}

#[test]
fn status_shows_actual_and_recommended_settings() {
    let cached = Cached::new();
    cached.server.cli(&["CONFIG", "SET", "latency-monitor-threshold", "1"]);
    cached.server.cli(&["EVAL", "local i = 0 while i < 20000000 do i = i + 1 end", "0"]);
    cached.miss("list", &["skill", "list"]);
    cached.hit("list", &["skill", "list"]);
    let status = json(&cached, &["status"]);
    let redis = &status["redis"];
    assert!(
        redis["version"].as_str().is_some_and(|it| it.starts_with(|first: char| first.is_ascii_digit())),
        "{redis}"
    );
    assert!(redis["used_memory_bytes"].as_u64().is_some_and(|it| it > 100_000), "{redis}");
    assert_eq!((&redis["maxmemory_policy"], &redis["evicted_keys"]), (&"noeviction".into(), &0.into()));
    assert!(redis["latency"].as_array().is_some_and(|it| it.iter().any(|it| it["event"] == "command")), "{redis}");
    let settings: Vec<_> =
        redis["settings"].as_array().expect("settings").iter().map(|it| it["good"].clone()).collect();
    assert_eq!(settings, [Value::from(false), false.into(), false.into()]);
    let list = status["classes"].as_array().and_then(|it| it.iter().find(|it| it["class"] == "list")).expect("list");
    assert_eq!((&list["lookups"], &list["stores"], &list["hit_rate"]), (&2.into(), &1.into(), &0.5.into()));
    for (setting, value) in
        [("maxmemory", "64mb"), ("maxmemory-policy", "allkeys-lru"), ("notify-keyspace-events", "Ex")]
    {
        cached.server.cli(&["CONFIG", "SET", setting, value]);
    }
    let text = cached.cfn(&["cache", "status"]).ok();
    assert_eq!(text.lines().filter(|it| it.ends_with("  good")).count(), 3, "{text}");
}

#[test]
fn status_shows_the_in_memory_hits_of_batches() {
    let cached = Cached::new();
    let mut batch = cached.command(&["load", "--batch"]);
    batch.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = batch.spawn().expect("cfn starts");
    let lines = "{\"agent_type\":\"dev\"}\n".repeat(4);
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 4);
    let status = json(&cached, &["status"]);
    let load = &status["classes"][0];
    assert_eq!((&load["class"], &load["memory_hits"], &load["memory_misses"]), (&"load".into(), &3.into(), &1.into()));
    assert_eq!((&load["memory_hit_rate"], &load["lookups"]), (&0.75.into(), &1.into()));
}

#[test]
fn status_measures_every_class_and_auto_uses_the_result() {
    let cached = Cached::new();
    let status = json(&cached, &["status", "--cache", "auto"]);
    let noted = std::fs::read_to_string(notes(&cached.project)).expect("it is noted");
    let noted: Value = serde_json::from_str(&noted).expect("JSON");
    let classes = status["classes"].as_array().expect("classes");
    assert_eq!(classes.len(), 5);
    for class in classes {
        let (hit, database) =
            (class["hit_us"].as_f64().expect("measured"), class["database_us"].as_f64().expect("measured"));
        assert!(hit > 0.0 && database > 0.0);
        assert_eq!(class["used"], hit < database, "{class}");
        let cost = noted["costs"].as_array().and_then(|it| it.iter().find(|it| it["class"] == class["class"]));
        assert_eq!(cost.map(|it| (&it["hit_us"], &it["database_us"])), Some((&class["hit_us"], &class["database_us"])));
    }
    // Auto goes by the note: here by one that says that lists pay and loads do not.
    let text = serde_json::to_string(&noted).expect("JSON");
    let mut other: Value = serde_json::from_str(&text).expect("JSON");
    for cost in other["costs"].as_array_mut().expect("costs") {
        cost["hit_us"] = if cost["class"] == "list" { 1.0 } else { 1e9 }.into();
    }
    std::fs::write(notes(&cached.project), other.to_string()).expect("written");
    cached.server.cli(&["FLUSHALL"]);
    for (class, question) in [("list", vec!["skill", "list"]), ("load", vec!["load", "dev"])] {
        let mut command = cached.command(&question);
        command.env("CFN_CACHE", "auto").output().expect("cfn runs");
        let expected = if class == "list" { (1, 1) } else { (0, 0) };
        assert_eq!(cached.server.counted(class), expected, "{class}");
    }
}

#[test]
fn missing_permissions_make_values_unknown_and_are_not_errors() {
    let cached = Cached::new();
    let rights = ["ACL", "SETUSER", "cfn", "on", ">hunter2", "~cache:*", "+@all", "-config", "-latency", "-memory"];
    cached.server.cli(&rights);
    let url = cached.server.url().replace("redis://", "redis://cfn:hunter2@");
    let ran = cached.cfn(&["cache", "status", "--redis-url", &url]);
    assert!(!format!("{ran:?}").contains("hunter2"));
    let text = ran.ok();
    assert!(text.contains("notify-keyspace-events  unknown"), "{text}");
    assert!(text.contains("latency\nunknown"), "{text}");
    cached.cfn(&["load", "dev"]).ok();
    let audit = cached.cfn(&["cache", "audit", "--redis-url", &url, "--json"]).json();
    let answers = of(&audit, "cache:query:");
    assert!(answers["keys"].as_u64().is_some_and(|it| it > 0) && answers["memory_bytes"].is_null(), "{answers}");
}

#[test]
fn clear_removes_only_keys_of_cfn() {
    let cached = Cached::new();
    cached.server.cli(&["SET", "session:1", "x"]);
    cached.server.cli(&["SET", "cache:other", "x"]);
    cached.server.cli(&["SET", "my:cache:query:1", "x"]);
    cached.server.cli(&["EVAL", "for i = 1, 5000 do redis.call('SET', 'cache:query:' .. i, 'x') end", "0"]);
    cached.miss("load", &["load", "dev"]);
    cached.miss("list", &["skill", "list"]);
    let cleared = json(&cached, &["clear"]);
    assert_eq!((&cleared["answers"], &cleared["statistics"]), (&5002.into(), &1.into()));
    let mut left: Vec<_> = cached.server.cli(&["KEYS", "*"]).lines().map(str::to_owned).collect();
    left.sort();
    assert_eq!(left, ["cache:other", "my:cache:query:1", "session:1"]);
    cached.miss("load", &["load", "dev"]);
}

#[test]
fn warm_caches_answers_for_later_queries() {
    let cached = Cached::new();
    cached.project.sqlite3(
        "UPDATE agent_skill_mappings SET tdd_condition = '{\"min_pass_rate\":0.1}' WHERE agent_type = 'tester'",
    );
    let warmed = json(&cached, &["warm"]);
    assert_eq!(warmed["failed"], Value::Array(Vec::new()));
    assert_eq!((&warmed["answers"], &warmed["not_kept"]), (&11.into(), &1.into()), "{warmed}");
    assert_eq!(cached.server.answers().len(), 11);
    for (class, question) in [
        ("load", vec!["load", "dev"]),
        ("list", vec!["skill", "list"]),
        ("analytics", vec!["analytics"]),
        ("analytics", vec!["analytics", "usage"]),
    ] {
        cached.hit(class, &question);
    }
    cached.server.cli(&["FLUSHALL"]);
    let warmed = json(&cached, &["warm", "--agent", "dev"]);
    assert_eq!(
        warmed["classes"][0],
        serde_json::json!({"class": "load", "answers": 1, "bytes": warmed["classes"][0]["bytes"]})
    );
    let ttl: u64 = cached.server.cli(&["TTL", &cached.server.answers()[0]]).parse().expect("seconds");
    assert!((260..=3960).contains(&ttl), "{ttl}");
}

#[test]
fn explain_shows_the_key_and_the_savings() {
    let cached = Cached::new();
    let question = ["load", "dev", "--context", "auth"];
    let explained = |more: &[&str]| {
        let mut args = vec!["explain"];
        args.extend(more);
        json(&cached, &args)
    };
    let before = explained(&question);
    assert_eq!(
        (&before["hit"], &before["expires_in_s"], &before["class"]),
        (&false.into(), &Value::Null, &"load".into())
    );
    cached.miss("load", &question);
    let after = explained(&question);
    assert_eq!((&after["hit"], &after["key"]), (&true.into(), &before["key"]));
    assert_eq!(after["key"], Value::from(cached.server.answers().remove(0)));
    assert_eq!(after["revision"], before["revision"], "nothing was written");
    assert_eq!(after["bytes"], cached.server.get(&cached.server.answers().remove(0)).len());
    assert_eq!(after["bytes"], before["bytes"]);
    assert!(after["expires_in_s"].as_u64().is_some_and(|it| (3200..=3960).contains(&it)), "{after}");
    let saves = after["database_us"].as_f64().zip(after["hit_us"].as_f64()).map(|(database, hit)| database - hit);
    assert_eq!(after["saves_us"].as_f64(), saves);
    assert_eq!(cached.server.counted("load"), (1, 1), "nothing is counted and nothing is stored");
    for question in [
        vec!["list", "--category", "domain"],
        vec!["show", "jwt"],
        vec!["history", "jwt"],
        vec!["analytics", "usage", "--days", "7"],
    ] {
        assert_eq!(explained(&question)["hit"], false, "{question:?}");
    }
    cached.project.sqlite3("UPDATE skills SET owner = 'somebody'");
    assert_ne!(explained(&question)["revision"], after["revision"]);
}

#[test]
fn explain_shows_why_the_cache_is_not_used() {
    let cached = Cached::new();
    let why = |question: &[&str], more: &[&str]| {
        let all: Vec<_> = ["explain"].iter().chain(question).chain(more).copied().collect();
        let report = json(&cached, &all);
        (report["used"].as_bool().expect("a boolean"), report["why"].as_str().expect("text").to_owned())
    };
    let load = ["load", "dev"];
    assert_eq!(why(&load, &[]), (true, "always: for every query that can be cached".to_owned()));
    assert_eq!(why(&load, &["--cache", "never"]), (false, "never: nowhere".to_owned()));
    let (used, reason) = why(&load, &["--cache", "auto"]);
    assert!(!used && reason.starts_with("auto: not measured"), "{reason}");
    let (used, reason) = why(&["analytics", "bottlenecks"], &[]);
    assert!(!used && reason.contains("time of day"), "{reason}");
    cached.project.sqlite3("UPDATE agent_skill_mappings SET tdd_condition = '{\"min_pass_rate\":0.1}'");
    let (used, reason) = why(&load, &[]);
    assert!(!used && reason.contains("database alone"), "{reason}");
    cached.project.sqlite3("DROP TRIGGER cfn_skills_update");
    let (used, reason) = why(&["list"], &[]);
    assert!(!used && reason.contains("trigger"), "{reason}");
    for refused in [vec!["load", "dev", "--agent-id", "a"], vec!["load", "--batch"], vec!["analytics", "check"]] {
        let all: Vec<_> = ["cache", "explain"].iter().chain(&refused).copied().collect();
        assert!(cached.cfn(&all).fails(1).contains("hint: "), "{refused:?}");
    }
}

#[test]
fn without_a_server_they_say_how_to_name_one() {
    let project = scene::with_skill("jwt", "domain", "dev");
    for args in [&["clear"][..], &["warm"], &["audit"], &["explain", "load", "dev"]] {
        let message = project.cfn(["cache"].iter().chain(args)).fails(1);
        assert!(message.contains("CFN_REDIS_URL"), "{args:?}: {message}");
    }
    let status = project.cfn(["cache", "status", "--json"]).json();
    assert_eq!((&status["redis"], &status["memory"]["fewest_entries"]), (&Value::Null, &50.into()));
    assert!(Project::empty().cfn(["cache", "status"]).ok().contains("not configured"));
}

#[test]
fn a_failing_server_exits_9_without_showing_secrets() {
    let mut server = Server::start();
    let project = scene::with_skill("jwt", "domain", "dev");
    let url = server.url().replace("redis://", "redis://me:hunter2@");
    let all = [&["status"][..], &["clear"], &["warm"], &["audit"], &["explain", "load", "dev"]];
    let fails = |args: &[&str], kind: &str| {
        let ran = project.cfn(["cache", "--redis-url", &url, "--json"].iter().chain(args));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(9), ""), "{ran:?}");
        assert!(ran.stderr.contains(kind) && !ran.stderr.contains("hunter2"), "{ran:?}");
        assert!(ran.stderr.contains("127.0.0.1"), "{ran:?}");
    };
    for args in all {
        fails(args, "redis_refused"); // no such user
    }
    server.stop();
    for args in all {
        fails(args, "redis_unreachable");
    }
}

#[test]
fn a_purge_leaves_nothing_of_the_bytes_in_redis() {
    let cached = Cached::new();
    let secret = "hunter2-is-the-password";
    let text = format!("---\nname: leaky\ndescription: Has {secret}.\n---\n\nThe {secret}.\n");
    cached.project.file("leaky.md", text);
    cached.project.cfn(["deploy", "1", "leaky", "leaky.md", "testing", "dev"]).ok();
    let answers = || {
        let all = cached.server.answers().into_iter();
        all.map(|it| cached.server.get(&it)).collect::<Vec<_>>()
    };
    let leaks = |it: &Vec<u8>| it.windows(secret.len()).any(|window| window == secret.as_bytes());
    cached.miss("show", &["skill", "show", "leaky"]);
    assert!(answers().iter().any(leaks), "the description is cached");
    let purge = ["skill", "purge", "leaky", "1.0.0", "--yes", "--reason", "a password", "--json"];
    let purged = cached.cfn(&purge).json();
    assert!(purged["cached_answers"].as_u64().is_some_and(|it| it > 0), "{purged}");
    assert!(answers().is_empty());
    let mut other = cached;
    other.server.stop();
    let ran = other.cfn(&purge);
    assert_eq!(ran.code, Some(9), "{ran:?}");
    assert!(ran.stderr.contains("run the command again"), "{ran:?}");
}
