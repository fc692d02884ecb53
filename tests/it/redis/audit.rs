//! `cfn cache audit`: which keys live too long.

use serde_json::Value;

use super::Cached;

/// The report on one prefix.
#[track_caller]
pub(super) fn of<'a>(audit: &'a Value, prefix: &str) -> &'a Value {
    let all = audit["prefixes"].as_array().expect("an array");
    all.iter().find(|it| it["prefix"] == prefix).expect("the prefix")
}

#[test]
fn audit_finds_keys_that_live_too_long_and_fixes_them_when_asked() {
    let cached = Cached::new();
    cached.miss("load", &["load", "dev"]);
    cached.miss("analytics", &["analytics"]);
    let own = cached.server.answers();
    cached.server.cli(&["PERSIST", &own[0]]);
    for command in [
        vec!["SET", "session:for-ever", "x"],
        vec!["SETEX", "session:too-long", "86500", "x"],
        vec!["SETEX", "session:good", "86400", "x"],
        vec!["HSET", "coord:for-ever", "field", "x"],
        vec!["SETEX", "coord:good", "86400", "x"],
        vec!["SETEX", "cache:query:of-a-script", "3600", "x"],
        vec!["RPUSH", "cache:query:of-another", "x"],
        vec!["SET", "other:for-ever", "x"],
    ] {
        cached.server.cli(&command);
    }
    let counts = |audit: &Value, prefix| {
        let found = of(audit, prefix);
        ["keys", "without_ttl", "too_long", "fixed"].map(|it| found[it].as_u64().expect("a number"))
    };
    let audit = json_of_audit(&cached, &[]);
    assert_eq!(counts(&audit, "session:"), [3, 1, 1, 0]);
    assert_eq!(counts(&audit, "coord:"), [2, 1, 0, 0]);
    assert_eq!(counts(&audit, "cache:query:"), [4, 2, 1, 0]);
    assert!(of(&audit, "session:")["memory_bytes"].as_u64().is_some_and(|it| it > 100));
    assert_eq!(cached.server.cli(&["TTL", "session:for-ever"]), "-1", "nothing is changed unless asked");
    let fixed = json_of_audit(&cached, &["--fix"]);
    assert_eq!(counts(&fixed, "session:"), [3, 1, 1, 0], "only cfn's own, as long as nothing else is named");
    assert_eq!(counts(&fixed, "cache:query:"), [4, 2, 1, 1]);
    cached.server.cli(&["PERSIST", &own[0]]);
    let fixed = json_of_audit(&cached, &["--fix", "--expire-keys", "session:=60,coord:,cache:query:"]);
    assert_eq!(counts(&fixed, "session:"), [3, 1, 1, 2]);
    assert_eq!(counts(&fixed, "cache:query:"), [4, 2, 1, 3]);
    let again = json_of_audit(&cached, &[]);
    for prefix in ["session:", "coord:", "cache:query:"] {
        assert_eq!(counts(&again, prefix)[1..], [0, 0, 0], "{prefix}");
    }
    for (key, most) in
        [("session:for-ever", 86_400), ("coord:for-ever", 86_400), ("cache:query:of-a-script", 300), (&own[0], 3600)]
    {
        let ttl: i64 = cached.server.cli(&["TTL", key]).parse().expect("seconds");
        assert!((most - 60..=most).contains(&ttl), "{key}: {ttl}");
    }
    assert_eq!(cached.server.cli(&["TTL", "other:for-ever"]), "-1");
    cached.server.set("session:\x1b[31m", b"x");
    let text = cached.cfn(&["cache", "audit"]).ok();
    assert!(!text.contains('\x1b') && text.contains("session:"), "{text:?}");
}

#[test]
fn keys_that_nobody_knows_get_a_time_only_where_one_is_given() {
    let cached = Cached::new();
    cached.server.cli(&["SET", "other:for-ever", "x"]);
    let fixed = json_of_audit(&cached, &["--fix", "--expire-keys", "other:=1000"]);
    assert_eq!(["keys", "fixed"].map(|it| of(&fixed, "other:")[it].as_u64()), [Some(1); 2]);
    assert_eq!(cached.server.cli(&["TTL", "other:for-ever"]), "1000");
    let refused = cached.cfn(&["cache", "audit", "--expire-keys", "=60"]).fails(1);
    assert!(refused.contains("--expire-keys"), "{refused}");
}

#[track_caller]
fn json_of_audit(cached: &Cached, more: &[&str]) -> Value {
    let all: Vec<_> = ["cache", "audit", "--json"].iter().chain(more).copied().collect();
    cached.cfn(&all).json()
}

#[test]
fn nobodys_keys_get_less_time_than_their_owner_sets() {
    let cached = Cached::new();
    let keys = [
        ("session:a", "86400"),
        ("sessions:u", "604800"),
        ("swarm:t:context", "86400"),
        ("swarm:t:signal:x", "3600"),
        ("swarm:t:a:fork:1:meta", "86400"),
        ("stats:sessions:d", "2592000"),
        ("cfn:agent:t:a:status", "3600"),
        ("rl:me:day", "86400"),
    ];
    for (key, seconds) in keys {
        cached.server.cli(&["SETEX", key, seconds, "x"]);
    }
    cached.server.cli(&["SET", "swarm:t:a:done", "x"]);
    let all = "session:=1,sessions:=1,swarm:,stats:=1,cfn:,rl:=1";
    let report = json_of_audit(&cached, &["--fix", "--expire-keys", all]);
    let fixed: Option<u64> =
        report["prefixes"].as_array().expect("prefixes").iter().map(|it| it["fixed"].as_u64()).sum();
    assert_eq!(fixed, Some(0), "{report:#}");
    for (key, seconds) in keys {
        let (left, set): (u64, u64) =
            (cached.server.cli(&["TTL", key]).parse().expect("seconds"), seconds.parse().expect("seconds"));
        assert!((set - 60..=set).contains(&left), "{key}: {left}");
    }
    assert_eq!(cached.server.cli(&["TTL", "swarm:t:a:done"]), "-1", "its owner sets none, and nobody gave one");
}
