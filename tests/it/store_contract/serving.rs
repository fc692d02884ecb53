//! Queries that serve agents.

use cfn::model::ApprovalLevel::{Auto, Human};
use cfn::model::Decision::{Approved, Rejected};
use cfn::model::{Bootstrap, Candidate, ContentHash, Outcome, SkillId, Status, StoredJson, Usage};
use cfn::store::{NewMapping, NewVersion, SkillChange, Store, Transaction};

use super::{Backend, NOW, at, commit, decide, insert, map, name, usage, version};

fn candidates(store: &mut dyn Store, agent: &str) -> Vec<Candidate> {
    let snapshot = store.read().expect("a snapshot");
    snapshot.candidates(&agent.parse().expect("an agent type")).expect("candidates")
}

/// The version that each skill is served in, by name.
fn served(store: &mut dyn Store, agent: &str) -> Vec<(String, Option<String>)> {
    candidates(store, agent).into_iter().map(|it| (it.name, it.approved.map(|it| it.version))).collect()
}

pub(crate) fn candidates_are_required_first_then_by_priority_and_name(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        for (skill, priority, required) in [("d", 1, false), ("b", 5, false), ("a", 5, false), ("z", 9, true)] {
            let id = insert(tx, skill, skill.as_bytes(), Auto);
            map(tx, id, "dev", priority, required);
            map(tx, id, "dev", 1, true); // it is there, and is left as it is
        }
        insert(tx, "unmapped", b"u", Auto);
    });
    let order: Vec<String> = candidates(store.as_mut(), "dev").into_iter().map(|it| it.name).collect();
    assert_eq!(order, ["z", "d", "a", "b"]);
    assert!(candidates(store.as_mut(), "nobody").is_empty());
}

pub(crate) fn only_active_skills_and_enabled_mappings_are_candidates(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        for (skill, status) in [("old", Status::Deprecated), ("gone", Status::Archived), ("new", Status::Active)] {
            let id = insert(tx, skill, skill.as_bytes(), Auto);
            map(tx, id, "dev", 5, false);
            let change = SkillChange { status: Some(status), ..SkillChange::at(at(NOW)) };
            tx.update_skill(id, &change).expect("changed");
        }
        let id = insert(tx, "disabled", b"4", Auto);
        map(tx, id, "dev", 5, true);
    });
    backend.other_program().set_mapping("disabled", "dev", false, None);
    assert_eq!(served(store.as_mut(), "dev"), [("new".to_owned(), Some("1.0.0".to_owned()))]);
}

pub(crate) fn a_candidate_carries_what_its_mapping_and_its_skill_say(backend: &dyn Backend) {
    let mut store = backend.open();
    let conditions = StoredJson::from(r#"{"phase":"build"}"#.to_owned());
    let id = commit(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"1", Human);
        map(tx, id, "dev", 5, false);
        let agent_type = "dev".parse().expect("an agent type");
        let to = NewMapping {
            agent_type: &agent_type,
            priority: 2,
            required: true,
            conditions: Some(&conditions),
            enabled: true,
            now: at(NOW),
        };
        tx.change_mapping(id, &to).expect("changed");
        let change = SkillChange { phase4_pattern_id: Some(7), ..SkillChange::at(at(NOW)) };
        tx.update_skill(id, &change).expect("changed");
        id
    });
    let gate = r#"{"min_coverage":0.9}"#;
    backend.other_program().set_mapping("jwt", "dev", true, Some(gate));
    backend.other_program().set_tests("jwt", 0.75);
    let expected = Candidate {
        id,
        name: "jwt".to_owned(),
        tags: Some(r#"["a"]"#.to_owned().into()),
        priority: 2,
        required: true,
        conditions: Some(conditions),
        tdd_condition: Some(gate.to_owned().into()),
        test_coverage: Some(0.75),
        has_test_suite: true,
        approval_level: Human,
        phase4_generated: true,
        approved: None,
        pinned: None,
        replaces: None,
    };
    assert_eq!(candidates(store.as_mut(), "dev"), [expected]);
}

pub(crate) fn the_newest_approved_version_is_served_until_a_newer_one_is(backend: &dyn Backend) {
    let mut store = backend.open();
    let number = |store: &mut dyn Store| served(store, "dev").remove(0).1;
    let id = commit(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Human);
        map(tx, id, "dev", 5, false);
        id
    });
    assert_eq!(number(store.as_mut()), None);
    commit(store.as_mut(), |tx| {
        decide(tx, id, "1.0.0", b"one", Approved);
        next_version(tx, id, "1.0.1", b"two");
        next_version(tx, id, "1.0.2", b"three");
    });
    assert_eq!(number(store.as_mut()).as_deref(), Some("1.0.0"));
    commit(store.as_mut(), |tx| decide(tx, id, "1.0.1", b"two", Approved));
    assert_eq!(number(store.as_mut()).as_deref(), Some("1.0.1"));
    commit(store.as_mut(), |tx| decide(tx, id, "1.0.2", b"three", Approved));
    assert_eq!(number(store.as_mut()).as_deref(), Some("1.0.2"));
    commit(store.as_mut(), |tx| decide(tx, id, "1.0.2", b"three", Rejected));
    assert_eq!(number(store.as_mut()).as_deref(), Some("1.0.1"), "the one before, again");
}

fn next_version(tx: &mut dyn Transaction, id: SkillId, number: &str, body: &[u8]) {
    let hash = ContentHash::of(body);
    tx.store_content(&hash, body).expect("stored");
    tx.record_version(id, &version(number, &hash, Human)).expect("recorded");
}

pub(crate) fn versions_after_the_one_a_skill_is_set_back_to_are_not_served(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Human);
        map(tx, id, "dev", 5, false);
        next_version(tx, id, "1.0.1", b"two");
        decide(tx, id, "1.0.0", b"one", Approved);
        decide(tx, id, "1.0.1", b"two", Approved);
    });
    backend.other_program().overwrite("jwt", "1.0.0", &ContentHash::of(b"one").to_string());
    assert_eq!(served(store.as_mut(), "dev")[0].1.as_deref(), Some("1.0.0"));
    let used = store
        .read()
        .expect("a snapshot")
        .used(&name("jwt"), &"dev".parse().expect("a type"))
        .expect("a read")
        .expect("a skill");
    assert_eq!(used.version, Some(("1.0.0".to_owned(), ContentHash::of(b"one").to_string())), "and counted as used");
}

pub(crate) fn a_level_approves_no_bytes_that_are_not_stored(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Auto);
        map(tx, id, "dev", 5, false);
        tx.record_version(id, &version("1.0.1", &ContentHash::of(b"two"), Auto)).expect("recorded");
    });
    assert_eq!(served(store.as_mut(), "dev")[0].1.as_deref(), Some("1.0.0"));
    commit(store.as_mut(), |tx| tx.store_content(&ContentHash::of(b"two"), b"two").expect("stored"));
    assert_eq!(served(store.as_mut(), "dev")[0].1.as_deref(), Some("1.0.1"));
}

pub(crate) fn bootstrap_skills_come_in_their_order_and_are_bound_once(backend: &dyn Backend) {
    let mut store = backend.open();
    let bootstrap = |name: &str, load_order, content_hash: Option<&str>| Bootstrap {
        name: name.to_owned(),
        file_path: format!("{name}.md"),
        load_order,
        description: Some("First steps".to_owned()),
        content_hash: content_hash.map(str::to_owned),
    };
    let other = backend.other_program();
    other.add_bootstrap(&bootstrap("second", 2, None), true);
    other.add_bootstrap(&bootstrap("first", 1, Some("bound")), true);
    other.add_bootstrap(&bootstrap("disabled", 0, None), false);
    commit(store.as_mut(), |tx| {
        for name in ["first", "second", "disabled", "unknown"] {
            tx.bind_bootstrap(name, &ContentHash::of(name.as_bytes())).expect("bound");
        }
        tx.bind_bootstrap("second", &ContentHash::of(b"other")).expect("bound");
    });
    let hash = ContentHash::of(b"second").to_string();
    assert_eq!(
        store.read().expect("a snapshot").bootstrap().expect("a read"),
        [bootstrap("first", 1, Some("bound")), bootstrap("second", 2, Some(&hash))]
    );
}

pub(crate) fn the_latest_pass_rate_is_the_last_that_was_logged_for_the_skill(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (jwt, sql) = (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"2", Auto));
        assert_eq!(tx.latest_pass_rate(jwt).expect("a read"), None);
        // By the order of recording: the clock says that the first one is newer.
        for (skill, loaded_at, rate) in
            [(jwt, "2030-01-01 00:00:00", Some(0.25)), (jwt, NOW, Some(0.75)), (sql, NOW, Some(0.5)), (jwt, NOW, None)]
        {
            let outcome = Outcome { test_pass_rate: rate, ..Outcome::default() };
            tx.log_usage(&Usage { loaded_at: at(loaded_at), outcome: Some(outcome), ..usage(skill) }).expect("logged");
        }
        let rates = [jwt, sql, SkillId(999)].map(|it| tx.latest_pass_rate(it).expect("a read"));
        assert_eq!(rates, [Some(0.75), Some(0.5), None]);
    });
}

pub(crate) fn front_matter_belongs_to_a_version_and_is_added_where_there_is_none(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Auto);
        let two = ContentHash::of(b"two");
        let bare = NewVersion { front_matter: None, ..version("1.0.1", &two, Auto) };
        tx.record_version(id, &bare).expect("recorded");
        let read =
            |tx: &dyn Transaction, number: &str| tx.front_matter(id, number).expect("a read").map(|it| it.to_string());
        assert_eq!(read(tx, "1.0.0").as_deref(), Some("{}"));
        assert_eq!([read(tx, "1.0.1"), read(tx, "7.0.0")], [None, None]);
        for record in tx.versions(id).expect("versions") {
            for front_matter in [None, StoredJson::of(&[1]), StoredJson::of(&[2])] {
                tx.describe_version(record.id, front_matter.as_ref()).expect("described");
            }
        }
        assert_eq!(read(tx, "1.0.0").as_deref(), Some("{}"), "what is there stays");
        assert_eq!(read(tx, "1.0.1").as_deref(), Some("[1]"), "and the first that is added");
    });
}

pub(crate) fn contents_are_stored_once_and_as_they_are(backend: &dyn Backend) {
    let mut store = backend.open();
    let bytes: Vec<u8> = (0..=255).collect();
    let hash = ContentHash::of(&bytes);
    for _ in 0..2 {
        commit(store.as_mut(), |tx| tx.store_content(&hash, &bytes).expect("stored"));
    }
    let snapshot = store.read().expect("a snapshot");
    assert_eq!(snapshot.content(&hash.to_string()).expect("a read"), Some(bytes));
    assert_eq!(snapshot.content("none").expect("a read"), None);
}

pub(crate) fn bytes_that_another_program_damaged_are_given_as_they_are_and_can_be_stored_again(backend: &dyn Backend) {
    let mut store = backend.open();
    let hash = ContentHash::of(b"one");
    commit(store.as_mut(), |tx| tx.store_content(&hash, b"one").expect("stored"));
    let content = |store: &mut dyn Store| store.read().expect("a snapshot").content(&hash.to_string()).expect("a read");
    backend.other_program().set_content(&hash.to_string(), Some(b"eno"));
    assert_eq!(content(store.as_mut()).as_deref(), Some(&b"eno"[..]));
    commit(store.as_mut(), |tx| tx.store_content(&hash, b"one").expect("stored"));
    assert_eq!(content(store.as_mut()).as_deref(), Some(&b"one"[..]));
    backend.other_program().set_content(&hash.to_string(), None);
    assert_eq!(content(store.as_mut()), None);
}
