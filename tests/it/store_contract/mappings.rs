//! Which agent types get which skills, and who has some bytes.

use cfn::model::ApprovalLevel::{Auto, Human};
use cfn::model::{AgentType, Decision, Status};
use cfn::store::{AgentTypeCounts, Holder, NewMapping, Retirement, SilentMapping, SkillChange};

use super::{Backend, NOW, at, commit, decide, insert, map, name, version};

fn agent(text: &str) -> AgentType {
    text.parse().expect("an agent type")
}

fn disabled(agent_type: &AgentType) -> NewMapping<'_> {
    NewMapping { agent_type, priority: 5, required: false, conditions: None, enabled: false, now: at(NOW) }
}

pub(crate) fn a_mapping_is_removed_once_and_no_other_with_it(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (skill, other) = (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"2", Auto));
        for (skill, agent) in [(skill, "dev"), (skill, "tester"), (other, "dev")] {
            map(tx, skill, agent, 5, false);
        }
        assert!(tx.remove_mapping(skill, &agent("dev")).expect("removed"));
        assert!(!tx.remove_mapping(skill, &agent("dev")).expect("answered"), "there is none any more");
        assert!(!tx.remove_mapping(skill, &agent("DEV")).expect("answered"), "names differ by case");
        let agents = |skill| {
            let all = tx.mappings(skill).expect("a read");
            all.into_iter().map(|it| it.agent_type).collect::<Vec<_>>()
        };
        assert_eq!((agents(skill), agents(other)), (vec!["tester".to_owned()], vec!["dev".to_owned()]));
    });
}

pub(crate) fn agent_types_are_counted_with_what_they_are_handed_and_what_waits(backend: &dyn Backend) {
    let mut store = backend.open();
    let counts =
        |agent_type: &str, skills, pending| AgentTypeCounts { agent_type: agent_type.to_owned(), skills, pending };
    commit(store.as_mut(), |tx| {
        let (jwt, sql, old) =
            (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"2", Human), insert(tx, "old", b"3", Human));
        for (skill, agent) in [(jwt, "dev"), (sql, "dev"), (sql, "Dev"), (old, "gone")] {
            map(tx, skill, agent, 5, false);
        }
        let archived = SkillChange { status: Some(Status::Archived), ..SkillChange::at(at(NOW)) };
        tx.update_skill(old, &archived).expect("archived");
        assert_eq!(tx.agent_types().expect("a read"), [counts("Dev", 1, 1), counts("dev", 2, 1)]);
        tx.change_mapping(jwt, &disabled(&agent("dev"))).expect("disabled");
        decide(tx, sql, "1.0.0", b"2", Decision::Approved);
        assert_eq!(tx.agent_types().expect("a read"), [counts("Dev", 1, 0), counts("dev", 1, 0)]);
    });
}

pub(crate) fn mappings_that_hand_nothing_out_say_why(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (jwt, sql, old) =
            (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"2", Auto), insert(tx, "old", b"3", Auto));
        for skill in [jwt, sql, old] {
            map(tx, skill, "dev", 5, false);
        }
        map(tx, old, "ops", 5, false);
        let retirement = Retirement { replacement: Some(jwt), note: Some("moved") };
        let deprecated =
            SkillChange { status: Some(Status::Deprecated), retirement: Some(retirement), ..SkillChange::at(at(NOW)) };
        tx.update_skill(old, &deprecated).expect("deprecated");
        tx.change_mapping(sql, &disabled(&agent("dev"))).expect("disabled");
        let silent = |name: &str, status: &str, enabled| {
            let (name, status) = (name.to_owned(), status.to_owned());
            SilentMapping { name, status, enabled }
        };
        let expected = [silent("old", "deprecated", true), silent("sql", "active", false)];
        assert_eq!(tx.silent_mappings(&agent("dev")).expect("a read"), expected);
        assert_eq!(tx.silent_mappings(&agent("ops")).expect("a read"), [silent("old", "deprecated", true)]);
        assert!(tx.silent_mappings(&agent("nobody")).expect("a read").is_empty());
    });
}

pub(crate) fn everything_that_has_some_bytes_is_found(backend: &dyn Backend) {
    let mut store = backend.open();
    let (hash, other) = (cfn::model::ContentHash::of(b"1"), cfn::model::ContentHash::of(b"2"));
    let (jwt, copy) = commit(store.as_mut(), |tx| {
        let (jwt, copy) = (insert(tx, "jwt", b"1", Auto), insert(tx, "copy", b"1", Human));
        insert(tx, "sql", b"3", Auto);
        tx.record_version(jwt, &version("1.0.1", &other, Auto)).expect("recorded");
        tx.record_version(jwt, &version("1.0.2", &hash, Auto)).expect("recorded");
        (jwt, copy)
    });
    let holder_of = |hash: cfn::model::ContentHash, skill, name: &str, version: &str, approval_level| Holder {
        skill,
        name: name.to_owned(),
        version: version.to_owned(),
        content_hash: hash.to_string(),
        folder_hash: None,
        approval_level,
    };
    let holder = |skill, name: &str, version: &str, level| holder_of(hash, skill, name, version, level);
    let expected =
        [holder(copy, "copy", "1.0.0", Human), holder(jwt, "jwt", "1.0.0", Auto), holder(jwt, "jwt", "1.0.2", Auto)];
    assert_eq!(store.read().expect("a snapshot").holders(&hash.to_string()).expect("a read"), expected);
    // Another program writes them into a row under a number that is recorded with other bytes.
    backend.other_program().overwrite("sql", "1.0.0", &other.to_string());
    let sql = store.read().expect("a snapshot").skill(&name("sql")).expect("a read").expect("a skill").id;
    let expected = [holder_of(other, jwt, "jwt", "1.0.1", Auto), holder_of(other, sql, "sql", "1.0.0", Auto)];
    assert_eq!(store.read().expect("a snapshot").holders(&other.to_string()).expect("a read"), expected);
}
