//! The basis of the query cache: the revision changes with every write, by any program.

use cfn::model::Decision::Rejected;
use cfn::model::{ApprovalLevel::Auto, StoredJson};
use cfn::model::{Bootstrap, ContentHash, Outcome, Revision, Tables, Usage};
use cfn::store::{NewMapping, SkillChange, Store, Transaction};

use super::{Backend, NOW, OtherProgram, at, commit, decide, insert, map, usage, version};

/// The revisions of the catalogue, and of that with the usage log, which some engines have not.
fn revisions(store: &mut dyn Store) -> (Revision, Option<Revision>) {
    let snapshot = store.read().expect("a snapshot");
    let of = |tables| snapshot.revision(tables).expect("a read");
    (of(Tables::Catalogue).expect("every write is seen"), of(Tables::CatalogueAndUsage))
}

fn differ(one: Option<&Revision>, other: Option<&Revision>) -> bool {
    one.is_none() || one != other
}

type Write<'a> = dyn FnMut(&mut dyn Transaction) + 'a;
type Elsewhere<'a> = dyn Fn(&dyn OtherProgram) + 'a;

pub(crate) fn every_write_to_the_catalogue_changes_both_revisions(backend: &dyn Backend) {
    let mut store = backend.open();
    let bootstrap = Bootstrap {
        name: "first".to_owned(),
        file_path: "first.md".to_owned(),
        load_order: 1,
        description: None,
        content_hash: None,
    };
    backend.other_program().add_bootstrap(&bootstrap, true);
    let skill = commit(store.as_mut(), |tx| insert(tx, "jwt", b"1", Auto));
    let (two, agent_type) = (ContentHash::of(b"2"), "dev".parse().expect("an agent type"));
    let change = SkillChange { owner: Some("bob"), ..SkillChange::at(at(NOW)) };
    let to = NewMapping {
        agent_type: &agent_type,
        priority: 1,
        required: true,
        conditions: None,
        enabled: true,
        now: at(NOW),
    };
    let mut bare = version("1.0.1", &two, Auto);
    bare.front_matter = None;
    let writes: [(&str, &mut Write<'_>); 10] = [
        ("insert_skill", &mut |tx| {
            insert(tx, "sql", b"1", Auto);
        }),
        ("update_skill", &mut |tx| tx.update_skill(skill, &change).expect("changed")),
        ("record_version", &mut |tx| tx.record_version(skill, &bare).expect("recorded")),
        ("describe_version", &mut |tx| {
            let id = tx.versions(skill).expect("versions")[0].id;
            tx.describe_version(id, StoredJson::of(&[(); 0]).as_ref()).expect("described");
        }),
        ("store_content", &mut |tx| tx.store_content(&two, b"2").expect("stored")),
        ("record_approval", &mut |tx| decide(tx, skill, "1.0.1", b"2", Rejected)),
        ("add_mapping", &mut |tx| map(tx, skill, "dev", 5, false)),
        ("change_mapping", &mut |tx| tx.change_mapping(skill, &to).expect("changed")),
        ("bind_bootstrap", &mut |tx| tx.bind_bootstrap("first", &two).expect("bound")),
        ("disable_bootstrap", &mut |tx| drop(tx.disable_bootstrap(&two.to_string(), at(NOW)).expect("disabled"))),
    ];
    let mut seen = vec![revisions(store.as_mut())];
    for (what, write) in writes {
        commit(store.as_mut(), |tx| write(tx));
        let now = revisions(store.as_mut());
        assert!(seen.iter().all(|it| it.0 != now.0 && differ(it.1.as_ref(), now.1.as_ref())), "{what}");
        assert_eq!(revisions(store.as_mut()), now, "{what}: reading changes nothing");
        seen.push(now);
    }
}

pub(crate) fn every_write_to_the_usage_log_changes_its_revision_alone(backend: &dyn Backend) {
    let mut store = backend.open();
    let skill = commit(store.as_mut(), |tx| insert(tx, "jwt", b"1", Auto));
    let mut before = revisions(store.as_mut());
    let mut check = |store: &mut dyn Store, what: &str| {
        let now = revisions(store);
        assert!(now.0 == before.0 && differ(now.1.as_ref(), before.1.as_ref()), "{what}");
        before = now;
    };
    commit(store.as_mut(), |tx| {
        tx.log_usage(&Usage { task_id: Some("t"), outcome: None, ..usage(skill) }).expect("logged");
    });
    check(store.as_mut(), "log_usage");
    commit(store.as_mut(), |tx| {
        let open = tx.open_use(skill, "a1", "t").expect("a read").expect("an open use");
        tx.complete_usage(&open, None, &Outcome::default()).expect("completed");
    });
    check(store.as_mut(), "complete_usage");
    backend.other_program().log_at("jwt", NOW);
    check(store.as_mut(), "another program's row");
}

pub(crate) fn other_programs_change_the_revision_too(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"1", Auto);
        map(tx, skill, "dev", 5, false);
    });
    let hash = ContentHash::of(b"1").to_string();
    let writes: [(&str, &Elsewhere<'_>); 5] = [
        ("a row", &|it| it.overwrite("jwt", "1.0.0", "other")),
        ("a decision", &|it| it.decide("jwt", "1.0.0", Rejected)),
        ("a mapping", &|it| it.set_mapping("jwt", "dev", false, None)),
        ("figures", &|it| it.set_tests("jwt", 0.5)),
        ("bytes", &|it| it.set_content(&hash, None)),
    ];
    for (what, write) in writes {
        let before = revisions(store.as_mut());
        write(backend.other_program());
        let after = revisions(store.as_mut());
        assert!(after.0 != before.0 && differ(after.1.as_ref(), before.1.as_ref()), "{what}");
    }
}

pub(crate) fn what_is_undone_leaves_the_revision_and_its_successor_is_new(backend: &dyn Backend) {
    let mut store = backend.open();
    let before = revisions(store.as_mut());
    let mut inside = None;
    super::undo(store.as_mut(), |tx| {
        insert(tx, "jwt", b"1", Auto);
        inside = Some(tx.revision(Tables::Catalogue).expect("a read"));
    });
    assert_eq!(revisions(store.as_mut()), before);
    commit(store.as_mut(), |tx| {
        insert(tx, "sql", b"1", Auto);
    });
    let after = revisions(store.as_mut()).0;
    assert!(inside != Some(Some(after)), "other rows than those that were undone");
}
