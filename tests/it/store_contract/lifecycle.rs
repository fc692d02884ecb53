//! Names, events and removal.

use cfn::model::ApprovalLevel::Auto;
use cfn::model::{Bootstrap, ContentHash, Decision, EventKind, SkillEvent, SkillId, StoredJson};
use cfn::store::{DeletedRows, Erased, NameKind, NewEvent, Spelling, Transaction};

use super::{Backend, NOW, at, commit, decide, insert, map, name, refused, usage, version};

fn found(tx: &dyn Transaction, wanted: &str) -> Option<SkillId> {
    tx.skill(&name(wanted)).expect("a read").map(|it| it.id)
}

fn rename(tx: &mut dyn Transaction, skill: SkillId, to: &str) {
    tx.rename_skill(skill, &name(to), at(NOW)).expect("renamed");
}

pub(crate) fn a_skill_is_found_by_every_name_that_it_had(backend: &dyn Backend) {
    let mut store = backend.open();
    let skill = commit(store.as_mut(), |tx| {
        let (skill, other) = (insert(tx, "Jwt", b"1", Auto), insert(tx, "sql", b"2", Auto));
        for to in ["jwt", "tokens", "Jwt", "auth", "auth"] {
            rename(tx, skill, to);
        }
        for former in ["Jwt", "jwt", "tokens", "auth"] {
            assert_eq!(found(tx, former), Some(skill), "{former}");
            assert_eq!(
                tx.used(&name(former), &"dev".parse().expect("an agent type")).expect("a read").map(|it| it.id),
                Some(skill),
                "{former}"
            );
        }
        assert_eq!(found(tx, "JWT"), None, "names differ by case");
        assert_eq!(tx.former_names(skill).expect("a read"), ["Jwt", "jwt", "tokens"]);
        assert!(tx.former_names(other).expect("a read").is_empty());
        let mut names = tx.names(NameKind::FormerName).expect("a read");
        names.sort();
        assert_eq!(names, ["Jwt", "jwt", "tokens"]);
        assert_eq!(tx.skill(&name("jwt")).expect("a read").map(|it| it.name).as_deref(), Some("auth"));
        skill
    });
    refused(store.as_mut(), |tx| tx.rename_skill(skill, &name("sql"), at(NOW)));
    commit(store.as_mut(), |tx| {
        tx.rename_skill(SkillId(99), &name("nobody"), at(NOW)).expect("nothing to change");
        assert_eq!(found(tx, "nobody"), None);
    });
}

pub(crate) fn every_spelling_of_a_name_is_found_with_its_skill(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (one, two) = (insert(tx, "Foo", b"1", Auto), insert(tx, "fOO", b"2", Auto));
        insert(tx, "foobar", b"3", Auto);
        rename(tx, one, "bar");
        let spelling =
            |name: &str, skill, present: &str| Spelling { name: name.to_owned(), skill, present: present.to_owned() };
        let all = tx.spellings(&name("foo")).expect("a read");
        assert_eq!(all, [spelling("Foo", one, "bar"), spelling("fOO", two, "fOO")]);
        assert_eq!(tx.spellings(&name("BAR")).expect("a read"), [spelling("bar", one, "bar")]);
        assert!(tx.spellings(&name("fo")).expect("a read").is_empty());
    });
}

pub(crate) fn a_bootstrap_skill_is_renamed_with_the_skill_of_its_name(backend: &dyn Backend) {
    for (at, named) in ["jwt", "taken"].into_iter().enumerate() {
        let bootstrap = Bootstrap {
            name: named.to_owned(),
            file_path: "first.md".to_owned(),
            load_order: i64::try_from(at).expect("few"),
            description: None,
            content_hash: None,
        };
        backend.other_program().add_bootstrap(&bootstrap, true);
    }
    let names =
        |tx: &dyn Transaction| tx.bootstrap().expect("a read").into_iter().map(|it| it.name).collect::<Vec<_>>();
    commit(backend.open().as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"1", Auto);
        rename(tx, skill, "tokens");
        assert_eq!(names(tx), ["tokens", "taken"]);
        rename(tx, skill, "taken");
        assert_eq!(names(tx), ["tokens", "taken"], "there is one with that name");
    });
}

pub(crate) fn events_are_newest_first_and_stay_when_the_skill_is_gone(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (skill, other) = (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"2", Auto));
        let detail = StoredJson::of(&["dev"]);
        let whole = NewEvent {
            version: Some("1.0.0"),
            content_hash: Some("h"),
            detail: detail.as_ref(),
            actor: Some("ann"),
            reason: Some("why"),
            ..NewEvent::of(skill, "jwt", EventKind::Purged, at(NOW))
        };
        tx.record_event(&whole).expect("recorded");
        tx.record_event(&NewEvent::of(other, "sql", EventKind::Edited, at(NOW))).expect("recorded");
        tx.record_event(&NewEvent::of(skill, "jwt", EventKind::Unassigned, at(NOW))).expect("recorded");
        let words = |events: Vec<SkillEvent>| events.into_iter().map(|it| it.event).collect::<Vec<_>>();
        let events = tx.events(skill).expect("a read");
        let last = events.last().cloned().expect("an event");
        assert_eq!(words(events), ["unassigned", "purged"]);
        let expected = SkillEvent {
            id: last.id,
            skill: "jwt".to_owned(),
            event: "purged".to_owned(),
            version: Some("1.0.0".to_owned()),
            content_hash: Some("h".to_owned()),
            detail,
            actor: Some("ann".to_owned()),
            reason: Some("why".to_owned()),
            created_at: Some(NOW.to_owned().into()),
        };
        assert_eq!(last, expected);
        assert!(tx.events_of_gone(&name("jwt")).expect("a read").is_empty(), "it is there");
        tx.delete_skill(skill).expect("deleted");
        assert_eq!(words(tx.events_of_gone(&name("jwt")).expect("a read")), ["unassigned", "purged"]);
        assert!(tx.events_of_gone(&name("sql")).expect("a read").is_empty());
    });
}

pub(crate) fn bytes_are_refused_until_the_skill_accepts_them(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (skill, other) = (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"2", Auto));
        let record = |tx: &mut dyn Transaction, of, event| {
            let event = NewEvent { content_hash: Some("h"), ..NewEvent::of(of, "x", event, at(NOW)) };
            tx.record_event(&event).expect("recorded");
        };
        let refusals = |tx: &dyn Transaction| {
            [None, Some(skill), Some(other)].map(|it| tx.refusal("h", it).expect("a read").map(|it| it.event))
        };
        assert_eq!(refusals(tx), [None, None, None]);
        let revoked = || Some("revoked".to_owned());
        record(tx, skill, EventKind::Revoked);
        assert_eq!(refusals(tx), [revoked(), revoked(), revoked()]);
        record(tx, other, EventKind::Accepted);
        assert_eq!(refusals(tx), [revoked(), revoked(), None], "accepted for one skill alone");
        record(tx, skill, EventKind::Purged);
        let purged = || Some("purged".to_owned());
        assert_eq!(refusals(tx), [purged(), purged(), purged()]);
        assert_eq!(tx.refusal("other", None).expect("a read"), None);
    });
}

pub(crate) fn a_deletion_takes_what_belongs_to_the_skill_and_nothing_else(backend: &dyn Backend) {
    let mut store = backend.open();
    let skill = commit(store.as_mut(), |tx| {
        let (skill, other) = (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"shared", Auto));
        for body in [&b"shared"[..], b"own"] {
            let hash = ContentHash::of(body);
            tx.store_content(&hash, body).expect("stored");
            let number = if body == b"own" { "1.0.2" } else { "1.0.1" };
            tx.record_version(skill, &version(number, &hash, Auto)).expect("recorded");
        }
        decide(tx, skill, "1.0.0", b"1", Decision::Approved);
        decide(tx, other, "1.0.0", b"shared", Decision::Approved);
        for it in [skill, other] {
            map(tx, it, "dev", 5, false);
            tx.log_usage(&usage(it)).expect("logged");
        }
        rename(tx, skill, "tokens");
        skill
    });
    commit(store.as_mut(), |tx| {
        let deleted = tx.delete_skill(skill).expect("deleted");
        let expected = DeletedRows { versions: 3, decisions: 1, mappings: 1, usage_rows: 1, contents: 2 };
        assert_eq!(deleted, expected);
        assert_eq!(tx.delete_skill(skill).expect("nothing to delete"), DeletedRows::default());
    });
    let snapshot = store.read().expect("a snapshot");
    for gone in ["jwt", "tokens"] {
        assert!(snapshot.skill(&name(gone)).expect("a read").is_none());
        assert!(snapshot.spellings(&name(gone)).expect("a read").is_empty(), "{gone} is free");
    }
    let stored = [&b"1"[..], b"shared", b"own"]
        .map(|it| snapshot.content(&ContentHash::of(it).to_string()).expect("a read").is_some());
    assert_eq!(stored, [false, true, false]);
    let other = snapshot.skill(&name("sql")).expect("a read").expect("a skill").id;
    assert_eq!(snapshot.versions(other).expect("a read").len(), 1);
    assert_eq!(snapshot.mappings(other).expect("a read").len(), 1);
    let uses: Vec<_> = snapshot.usage_cells(None).expect("a read").into_iter().map(|it| (it.skill, it.uses)).collect();
    assert_eq!(uses.len(), 1);
}

pub(crate) fn erased_bytes_leave_their_records_and_nothing_of_themselves(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (skill, copy) = (insert(tx, "jwt", b"secret", Auto), insert(tx, "copy", b"secret", Auto));
        insert(tx, "sql", b"2", Auto);
        decide(tx, skill, "1.0.0", b"secret", Decision::Approved);
        let hash = ContentHash::of(b"secret").to_string();
        let erased = tx.erase_content(&hash).expect("erased");
        assert_eq!(erased, Erased { size_bytes: Some(6), front_matters: 2, assessments: 0 });
        assert_eq!(tx.erase_content(&hash).expect("answered"), Erased::default());
        assert_eq!(tx.content(&hash).expect("a read"), None);
        for it in [skill, copy] {
            let versions = tx.versions(it).expect("a read");
            assert_eq!((versions.len(), versions[0].stored, versions[0].front_matter.as_ref()), (1, false, None));
        }
        assert_eq!(tx.approvals(skill).expect("a read").len(), 1);
        assert!(tx.content(&ContentHash::of(b"2").to_string()).expect("a read").is_some());
    });
}
