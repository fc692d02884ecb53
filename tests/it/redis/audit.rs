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
        vec!["SETEX", "session:too-long", "3700", "x"],
        vec!["SETEX", "session:good", "3600", "x"],
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
    assert_eq!(counts(&fixed, "session:"), [3, 1, 1, 2]);
    assert_eq!(counts(&fixed, "cache:query:"), [4, 2, 1, 3]);
    let again = json_of_audit(&cached, &[]);
    for prefix in ["session:", "coord:", "cache:query:"] {
        assert_eq!(counts(&again, prefix)[1..], [0, 0, 0], "{prefix}");
    }
    for (key, most) in
        [("session:for-ever", 3600), ("coord:for-ever", 86_400), ("cache:query:of-a-script", 300), (&own[0], 3600)]
    {
        let ttl: i64 = cached.server.cli(&["TTL", key]).parse().expect("seconds");
        assert!((most - 60..=most).contains(&ttl), "{key}: {ttl}");
    }
    assert_eq!(cached.server.cli(&["TTL", "other:for-ever"]), "-1");
    cached.server.set("session:\x1b[31m", b"x");
    let text = cached.cfn(&["cache", "audit"]).ok();
    assert!(!text.contains('\x1b') && text.contains("session:"), "{text:?}");
}

#[track_caller]
fn json_of_audit(cached: &Cached, more: &[&str]) -> Value {
    let all: Vec<_> = ["cache", "audit", "--json"].iter().chain(more).copied().collect();
    cached.cfn(&all).json()
}
