//! Pages of skills.

use cfn::model::ApprovalLevel::Auto;
use cfn::model::StoredJson;
use cfn::store::{NewVersion, SkillChange, SkillFilter, SkillOrder, SkillPage, Snapshot};

use super::{Backend, NOW, at, commit, insert, usage, version};
use cfn::model::ContentHash;

const LATER: &str = "2026-02-01 12:00:00";

fn names(snapshot: &dyn Snapshot, filter: &SkillFilter) -> Vec<String> {
    snapshot.list(filter).expect("a list").into_iter().map(|it| it.name).collect()
}

fn paged(order: SkillOrder, after: Option<&str>, limit: Option<usize>) -> SkillFilter {
    let page = SkillPage { order, after: after.map(str::to_owned), limit, described: false };
    SkillFilter { page, ..SkillFilter::default() }
}

pub(crate) fn pages_follow_each_other_in_every_order(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let ids = ["b", "B", "a", "c", "ab"].map(|skill| insert(tx, skill, skill.as_bytes(), Auto));
        for skill in [ids[3], ids[3], ids[0], ids[1], ids[3]] {
            tx.log_usage(&usage(skill)).expect("logged");
        }
        for skill in [ids[0], ids[2]] {
            tx.update_skill(skill, &SkillChange { team: Some("x"), ..SkillChange::at(at(LATER)) }).expect("changed");
        }
    });
    let snapshot = store.read().expect("a snapshot");
    for (order, expected) in [
        (SkillOrder::Name, ["B", "a", "ab", "b", "c"]),
        (SkillOrder::Updated, ["a", "b", "B", "ab", "c"]),
        (SkillOrder::Uses, ["c", "B", "b", "a", "ab"]),
    ] {
        let all = snapshot.list(&paged(order, None, None)).expect("a list");
        assert_eq!(all.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), expected, "{order:?}");
        let uses: Vec<_> = all.iter().map(|it| it.uses).collect();
        let counted = order == SkillOrder::Uses;
        assert_eq!(uses, if counted { [3, 1, 1, 0, 0].map(Some) } else { [None; 5] }, "{order:?}");
        let mut seen: Vec<String> = Vec::new();
        for _ in 0..3 {
            seen.extend(names(snapshot.as_ref(), &paged(order, seen.last().map(String::as_str), Some(2))));
        }
        assert_eq!(seen, expected, "{order:?}, by pages");
        assert!(names(snapshot.as_ref(), &paged(order, Some(expected[4]), Some(2))).is_empty());
    }
    assert_eq!(names(snapshot.as_ref(), &paged(SkillOrder::Name, Some("aa"), None)), ["ab", "b", "c"]);
    for order in [SkillOrder::Updated, SkillOrder::Uses] {
        assert!(names(snapshot.as_ref(), &paged(order, Some("aa"), None)).is_empty(), "{order:?}");
    }
}

pub(crate) fn tags_owners_and_teams_narrow_a_list(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let ids = ["a", "b", "c"].map(|skill| insert(tx, skill, skill.as_bytes(), Auto));
        let (tags, none) = (["SQL".to_owned(), "b,c".to_owned()], []);
        let change = SkillChange { tags: Some(&tags), team: Some("web"), ..SkillChange::at(at(NOW)) };
        tx.update_skill(ids[1], &change).expect("changed");
        let change = SkillChange { tags: Some(&none), owner: Some("bob"), ..SkillChange::at(at(NOW)) };
        tx.update_skill(ids[2], &change).expect("changed");
    });
    let snapshot = store.read().expect("a snapshot");
    let listed = |filter: SkillFilter| names(snapshot.as_ref(), &filter);
    let none = SkillFilter::default;
    assert_eq!(listed(SkillFilter { tag: Some("sql".to_owned()), ..none() }), ["b"], "in whatever case");
    assert_eq!(listed(SkillFilter { tag: Some("b,c".to_owned()), ..none() }), ["b"]);
    assert_eq!(listed(SkillFilter { tag: Some("a".to_owned()), ..none() }), ["a"]);
    assert_eq!(listed(SkillFilter { tag: Some("q".to_owned()), ..none() }), [""; 0], "a part of a tag is no tag");
    assert_eq!(listed(SkillFilter { owner: Some("ann".to_owned()), ..none() }), ["a", "b"]);
    assert_eq!(listed(SkillFilter { team: Some("core".to_owned()), ..none() }), ["a", "c"]);
    let page = SkillPage { limit: Some(1), after: Some("a".to_owned()), ..SkillPage::default() };
    assert_eq!(listed(SkillFilter { team: Some("core".to_owned()), page, ..none() }), ["c"]);
}

pub(crate) fn descriptions_are_those_of_current_versions_where_they_are_asked_for(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Auto);
        insert(tx, "sql", b"other", Auto);
        let front_matter = StoredJson::from(r#"{"description": "Signs tokens"}"#.to_owned());
        let two = ContentHash::of(b"two");
        let described = NewVersion { front_matter: Some(&front_matter), ..version("1.0.1", &two, Auto) };
        tx.record_version(id, &described).expect("recorded");
    });
    let snapshot = store.read().expect("a snapshot");
    let descriptions = |described| {
        let filter = SkillFilter { page: SkillPage { described, ..SkillPage::default() }, ..SkillFilter::default() };
        snapshot.list(&filter).expect("a list").into_iter().map(|it| it.description).collect::<Vec<_>>()
    };
    assert_eq!(descriptions(true), [Some("Signs tokens".to_owned()), None]);
    assert_eq!(descriptions(false), [None, None]);
}
