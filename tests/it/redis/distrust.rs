//! Redis is not trusted: values that cfn did not store are not served, and are deleted.

use super::Cached;
use crate::scene;

const QUESTION: [&str; 2] = ["load", "dev"];

/// Asks where something else lies under the key: it is not served, nothing of it is said, and it is gone.
#[track_caller]
fn assert_not_served(cached: &Cached, key: &str, value: &[u8], what: &str) {
    cached.forget_failures();
    cached.server.set(key, value);
    let ran = cached.cfn(&QUESTION);
    assert_eq!(ran, cached.uncached(&QUESTION), "{what}");
    assert!(!ran.stdout.contains("POISON") && !ran.stderr.contains("POISON"), "{what}");
    assert_eq!(cached.server.answers(), [""; 0], "{what}");
}

#[test]
fn a_forged_value_is_not_served_and_deleted() {
    let cached = Cached::new();
    cached.miss("load", &QUESTION);
    let key = cached.server.answers().remove(0);
    let value = cached.server.get(&key);
    assert!(!String::from_utf8_lossy(&value).contains("First."), "no body is in the cache");
    let name = value.windows(3).position(|it| it == b"jwt").expect("the name is in it");
    let mut renamed = value.clone();
    renamed[name..name + 3].copy_from_slice(b"sql");
    let mut longer = value.clone();
    longer.extend(b"POISON");
    let poison = br#"{"skills":[],"left_out":[["POISON","POISON",true]],"estimated_tokens":0,"did_you_mean":[],"unmapped":false}"#;
    let forged = [&value[..36], poison.as_slice(), &value[value.len() - 32..]].concat();
    for (what, poisoned) in [
        ("another name", renamed.as_slice()),
        ("more at the end", &longer),
        ("an answer without a signature", poison),
        ("an answer with another answer's signature", &forged),
        ("text", b"POISON"),
        ("nothing", b""),
    ] {
        assert_not_served(&cached, &key, poisoned, what);
    }
    for length in [1, 35, 36, value.len() / 2, value.len() - 1] {
        assert_not_served(&cached, &key, &value[..length], "a truncated value");
    }
    cached.forget_failures();
    cached.server.set(&key, &value);
    cached.hit("load", &QUESTION);
}

#[test]
fn a_value_of_another_key_is_not_served_and_deleted() {
    let cached = Cached::new();
    cached.miss("load", &["load", "tester"]);
    let other = cached.server.answers().remove(0);
    let value = cached.server.get(&other);
    cached.server.cli(&["DEL", &other]);
    cached.miss("load", &QUESTION);
    let key = cached.server.answers().remove(0);
    assert_ne!(key, other);
    assert_not_served(&cached, &key, &value, "what another agent gets");
}

#[test]
fn a_value_of_another_type_is_not_served_and_deleted() {
    let cached = Cached::new();
    cached.miss("load", &QUESTION);
    let key = cached.server.answers().remove(0);
    cached.server.cli(&["DEL", &key]);
    cached.server.cli(&["RPUSH", &key, "POISON"]);
    assert_eq!(cached.cfn(&QUESTION), cached.uncached(&QUESTION));
    assert_eq!(cached.server.answers(), [""; 0]);
}

#[test]
fn a_value_of_an_earlier_revision_under_the_current_key_is_not_served() {
    let cached = Cached::new();
    cached.miss("load", &QUESTION);
    let before = cached.server.answers().remove(0);
    let value = cached.server.get(&before);
    cached.server.cli(&["DEL", &before]);
    scene::deploy(&cached.project, "jwt", "Second.", &["domain", "dev"]);
    cached.miss("load", &QUESTION);
    let now = cached.server.answers().remove(0);
    assert_not_served(&cached, &now, &value, "an earlier answer");
    assert!(cached.cfn(&QUESTION).ok().contains("Second."));
}

#[test]
fn content_comes_from_the_database_and_is_verified_even_on_a_hit() {
    let cached = Cached::new();
    cached.miss("load", &QUESTION);
    // Bit rot: no trigger fires, so the cache still has its answer.
    let fire = cached.project.sqlite3("SELECT sql FROM sqlite_master WHERE name = 'cfn_contents_update'");
    cached.project.sqlite3(&format!(
        "DROP TRIGGER cfn_contents_update; UPDATE skill_contents SET bytes = 'POISON' WHERE hash = (SELECT content_hash
           FROM skills WHERE name = 'jwt'); {fire}; PRAGMA writable_schema = ON; PRAGMA schema_version = {}",
        cookie(&cached) // as it was before
    ));
    let ran = cached.cfn(&QUESTION);
    assert_eq!(ran, cached.uncached(&QUESTION));
    assert!(!ran.stdout.contains("POISON") && ran.stderr.contains("left out jwt"), "{ran:?}");
}

fn cookie(cached: &Cached) -> String {
    cached.project.sqlite3("PRAGMA schema_version")
}
