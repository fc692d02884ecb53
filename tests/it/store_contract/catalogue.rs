//! Queries of operators.

use cfn::model::ApprovalLevel::{Auto, Escalate, Human};
use cfn::model::Decision::{Approved, Rejected};
use cfn::model::{
    Approval, Bootstrap, Category, ContentHash, ListedSkill, Mapping, Review, Skill, Status, StoredJson, StoredTime,
};
use cfn::store::{NameKind, NewApproval, NewSkill, SkillChange, SkillFilter, Store, Unstored};

use super::{Backend, NOW, at, commit, decide, insert, map, name, version};

const LATER: &str = "2026-02-01 08:30:00";

pub(crate) fn a_skill_is_read_as_it_was_inserted(backend: &dyn Backend) {
    let mut store = backend.open();
    let hash = ContentHash::of(b"one");
    let skill = name("jwt");
    let tags = ["b".to_owned(), "a \"b\"".to_owned()];
    let new = NewSkill {
        name: &skill,
        category: Category::Domain,
        team: None,
        tags: &tags,
        owner: Some("ann"),
        phase4_pattern_id: Some(7),
    };
    let id = commit(store.as_mut(), |tx| tx.insert_skill(&new, &version("1.0.0", &hash, Human)).expect("inserted"));
    let expected = Skill {
        id,
        name: "jwt".to_owned(),
        category: "domain".to_owned(),
        team: None,
        content_path: "s.md".to_owned(),
        content_hash: hash.to_string(),
        tags: Some(r#"["b","a \"b\""]"#.to_owned().into()),
        version: "1.0.0".to_owned(),
        status: "active".to_owned(),
        approval_level: Human,
        last_approved_by: None,
        last_approval_date: None,
        phase4_pattern_id: Some(7),
        generated_by: Some("phase4".to_owned()),
        owner: Some("ann".to_owned()),
        created_at: Some(NOW.to_owned().into()),
        updated_at: Some(NOW.to_owned().into()),
        pinned_version: None,
    };
    let snapshot = store.read().expect("a snapshot");
    assert_eq!(snapshot.skill(&skill).expect("a read"), Some(expected));
    assert_eq!(snapshot.skill(&name("JWT")).expect("a read"), None, "names differ by case");
}

pub(crate) fn a_change_writes_the_fields_that_are_given_and_no_others(backend: &dyn Backend) {
    let mut store = backend.open();
    let read = |store: &mut dyn Store| {
        store.read().expect("a snapshot").skill(&name("jwt")).expect("a read").expect("a skill")
    };
    let id = commit(store.as_mut(), |tx| insert(tx, "jwt", b"one", Auto));
    let before = read(store.as_mut());
    let change = SkillChange { category: Some(Category::Testing.as_str()), ..SkillChange::at(at(LATER)) };
    commit(store.as_mut(), |tx| tx.update_skill(id, &change).expect("changed"));
    let mut expected = Skill { category: "testing".to_owned(), updated_at: Some(LATER.to_owned().into()), ..before };
    assert_eq!(read(store.as_mut()), expected);
    let tags = ["x".to_owned()];
    let change = SkillChange {
        category: None,
        approval_level: Some(Human),
        status: Some(Status::Deprecated),
        team: Some("other"),
        tags: Some(&tags),
        owner: Some("bob"),
        phase4_pattern_id: Some(3),
        now: at(LATER),
        retirement: None,
    };
    commit(store.as_mut(), |tx| tx.update_skill(id, &change).expect("changed"));
    expected.approval_level = Human;
    "deprecated".clone_into(&mut expected.status);
    expected.team = Some("other".to_owned());
    expected.tags = Some(r#"["x"]"#.to_owned().into());
    expected.owner = Some("bob".to_owned());
    (expected.phase4_pattern_id, expected.generated_by) = (Some(3), Some("phase4".to_owned()));
    assert_eq!(read(store.as_mut()), expected);
}

pub(crate) fn a_list_has_what_passes_every_filter_by_name(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let ids = ["b", "C", "a"].map(|skill| insert(tx, skill, skill.as_bytes(), Human));
        insert(tx, "d", b"d", Auto);
        for agent in ["tester", "dev"] {
            map(tx, ids[0], agent, 5, false);
        }
        map(tx, ids[1], "dev", 5, false);
        decide(tx, ids[2], "1.0.0", b"a", Approved);
        let change = SkillChange {
            category: Some("testing"),
            status: Some(Status::Deprecated),
            approval_level: Some(Escalate),
            ..SkillChange::at(at(NOW))
        };
        tx.update_skill(ids[2], &change).expect("changed");
    });
    backend.other_program().set_mapping("C", "dev", false, None);
    let snapshot = store.read().expect("a snapshot");
    let listed = |filter: SkillFilter| -> Vec<String> {
        snapshot.list(&filter).expect("a list").into_iter().map(|it| it.name).collect()
    };
    let none = SkillFilter::default;
    assert_eq!(listed(none()), ["C", "a", "b", "d"], "in the order of bytes");
    assert_eq!(listed(SkillFilter { category: Some(Category::Testing), ..none() }), ["a"]);
    assert_eq!(listed(SkillFilter { approval_level: Some(Human), ..none() }), ["C", "b"]);
    assert_eq!(listed(SkillFilter { status: Some(Status::Active), ..none() }), ["C", "b", "d"]);
    assert_eq!(listed(SkillFilter { agent_type: Some("dev".parse().expect("a type")), ..none() }), ["b"]);
    assert_eq!(listed(SkillFilter { pending: true, ..none() }), ["C", "b"]);
    let both = SkillFilter { pending: true, approval_level: Some(Auto), ..none() };
    assert_eq!(listed(both), [""; 0]);
    let all = snapshot.list(&none()).expect("a list");
    assert_eq!(all[2].agents, ["dev", "tester"], "by name");
    assert!(all[0].agents.is_empty(), "its mapping is not enabled");
    assert_eq!(
        all.iter().map(|it| it.review).collect::<Vec<_>>(),
        [Review::Pending, Review::Approved, Review::Pending, Review::Approved]
    );
    for it in &all {
        let skill = snapshot.skill(&name(&it.name)).expect("a read").expect("a skill");
        assert_eq!(*it, ListedSkill::new(skill, it.review, it.agents.clone()));
    }
}

pub(crate) fn decisions_are_newest_first_and_an_approval_is_noted_at_the_skill(backend: &dyn Backend) {
    let mut store = backend.open();
    let hash = ContentHash::of(b"one").to_string();
    let checked = StoredJson::from("{}".to_owned());
    let decision = |decision, approver, now| NewApproval {
        version: "1.0.0",
        content_hash: &hash,
        folder_hash: None,
        approval_level: Escalate,
        approver,
        decision,
        reasoning: "because",
        criteria_check: Some(&checked),
        escalated_to: None,
        now: at(now),
    };
    let id = commit(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Human);
        decide(tx, id, "1.0.0", b"one", Rejected);
        tx.record_approval(id, &decision(Approved, "ann", LATER)).expect("recorded");
        tx.record_approval(id, &decision(Rejected, "bob", "1970-01-01 00:00:00")).expect("recorded");
        let other = insert(tx, "sql", b"one", Human);
        decide(tx, other, "1.0.0", b"one", Approved);
        id
    });
    let snapshot = store.read().expect("a snapshot");
    let approvals = snapshot.approvals(id).expect("a read");
    let made: Vec<_> = approvals.iter().map(|it| (it.decision, it.approver.as_deref())).collect();
    assert_eq!(made, [(Rejected, Some("bob")), (Approved, Some("ann")), (Rejected, Some("me"))]);
    let expected = Approval {
        id: approvals[1].id,
        version: "1.0.0".to_owned(),
        content_hash: Some(hash.clone()),
        folder_hash: None,
        approval_level: Escalate,
        approver: Some("ann".to_owned()),
        decision: Approved,
        reasoning: Some("because".to_owned()),
        approval_criteria_check: Some(checked.clone()),
        risk_assessment: None,
        escalated_to: None,
        timestamp: Some(LATER.to_owned().into()),
    };
    assert_eq!(approvals[1], expected);
    let skill = snapshot.skill(&name("jwt")).expect("a read").expect("a skill");
    let approved = (skill.last_approved_by.as_deref(), skill.last_approval_date.as_ref().map(StoredTime::as_str));
    assert_eq!(approved, (Some("ann"), Some(LATER)));
}

pub(crate) fn mappings_are_read_by_agent_type(backend: &dyn Backend) {
    let mut store = backend.open();
    let id = commit(store.as_mut(), |tx| {
        let (id, other) = (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"2", Auto));
        map(tx, id, "tester", 3, true);
        map(tx, id, "dev", 5, false);
        map(tx, other, "analyst", 5, false);
        id
    });
    backend.other_program().set_mapping("jwt", "dev", false, Some("{}"));
    let mapping = |agent_type: &str, priority, required| Mapping {
        agent_type: agent_type.to_owned(),
        priority,
        required,
        conditions: None,
        tdd_condition: None,
        enabled: true,
        pinned_version: None,
    };
    let dev = Mapping { enabled: false, tdd_condition: Some("{}".to_owned().into()), ..mapping("dev", 5, false) };
    let snapshot = store.read().expect("a snapshot");
    assert_eq!(snapshot.mappings(id).expect("a read"), [dev, mapping("tester", 3, true)]);
}

pub(crate) fn bytes_that_are_named_and_not_stored_are_found(backend: &dyn Backend) {
    let mut store = backend.open();
    let hash = |bytes: &[u8]| ContentHash::of(bytes).to_string();
    let id = commit(store.as_mut(), |tx| {
        insert(tx, "stored", b"1", Auto);
        insert(tx, "other-bytes", b"2", Auto);
        insert(tx, "lost", b"3", Auto)
    });
    let other = backend.other_program();
    other.set_content(&hash(b"3"), None);
    other.overwrite("other-bytes", "1.0.0", "unknown");
    let bootstrap = Bootstrap {
        name: "first".to_owned(),
        file_path: "first.md".to_owned(),
        load_order: 1,
        description: None,
        content_hash: None,
    };
    other.add_bootstrap(&bootstrap, true);
    other.add_bootstrap(&Bootstrap { name: "disabled".to_owned(), load_order: 2, ..bootstrap.clone() }, false);
    let bound = Bootstrap { name: "bound".to_owned(), load_order: 3, content_hash: Some(hash(b"1")), ..bootstrap };
    other.add_bootstrap(&bound, true);
    let snapshot = store.read().expect("a snapshot");
    let version_id = snapshot.versions(id).expect("versions")[0].id;
    let unstored = |name: &str, content_path: &str, content_hash: Option<&str>, version_id, bootstrap| Unstored {
        name: name.to_owned(),
        content_path: content_path.to_owned(),
        content_hash: content_hash.map(str::to_owned),
        version_id,
        bootstrap,
    };
    assert_eq!(
        snapshot.unstored().expect("a read"),
        [
            unstored("lost", "s.md", Some(&hash(b"3")), Some(version_id), false),
            unstored("other-bytes", "s.md", Some("unknown"), None, false),
            unstored("first", "first.md", None, None, true),
        ]
    );
}

pub(crate) fn agent_types_that_may_be_meant_begin_with_itself(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"1", Auto);
        for agent in ["analyst", "tester", "test-lead", "disabled"] {
            map(tx, id, agent, 5, false);
        }
    });
    backend.other_program().set_mapping("jwt", "disabled", false, None);
    let snapshot = store.read().expect("a snapshot");
    let near = |agent: &str| snapshot.agent_types_near(&agent.parse().expect("a type")).expect("a read");
    assert_eq!(near("tester").first().map(String::as_str), Some("tester"));
    for asked in ["tester", "tesster", "disabled"] {
        let mut found = near(asked);
        found.sort();
        assert_eq!(found, ["analyst", "test-lead", "tester"], "{asked}: each once, and none that gets nothing");
    }
}

pub(crate) fn names_are_those_of_all_skills_and_of_agent_types_that_get_one(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (jwt, sql) = (insert(tx, "jwt", b"1", Auto), insert(tx, "SQL", b"2", Auto));
        for (skill, agent) in [(jwt, "dev"), (sql, "dev"), (sql, "tester"), (sql, "nobody")] {
            map(tx, skill, agent, 5, false);
        }
    });
    backend.other_program().set_mapping("SQL", "nobody", false, None);
    let snapshot = store.read().expect("a snapshot");
    let names = |of| {
        let mut names = snapshot.names(of).expect("names");
        names.sort();
        names
    };
    assert_eq!(names(NameKind::Skill), ["SQL", "jwt"]);
    assert_eq!(names(NameKind::AgentType), ["dev", "tester"]);
}

pub(crate) fn names_that_begin_with_a_text_are_the_first_ones_and_the_last(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let ids = ["b2", "b1", "b9", "b5", "a", "c"].map(|it| insert(tx, it, it.as_bytes(), Auto));
        for (skill, agent) in ids.into_iter().zip(["dev-2", "dev-1", "dev-3", "ops", "dev-9", "dev-1"]) {
            map(tx, skill, agent, 5, false);
        }
    });
    backend.other_program().set_mapping("a", "dev-9", false, None);
    let snapshot = store.read().expect("a snapshot");
    let names = |of, with: &str, most| snapshot.names_beginning(of, with, most).expect("a read");
    assert_eq!(names(NameKind::Skill, "b", 2), ["b1", "b2", "b9"]);
    assert_eq!(names(NameKind::Skill, "b", 9), ["b1", "b2", "b5", "b9"]);
    assert_eq!(names(NameKind::Skill, "", 1), ["a", "c"]);
    assert_eq!(names(NameKind::Skill, "B", 9), [""; 0]);
    assert_eq!(names(NameKind::AgentType, "dev", 1), ["dev-1", "dev-3"], "none that gets nothing");
    assert_eq!(names(NameKind::AgentType, "", 9), ["dev-1", "dev-2", "dev-3", "ops"]);
}
