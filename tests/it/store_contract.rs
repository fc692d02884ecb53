//! The promises in the documentation of `cfn::store`, as functions over any implementation; each backend runs all of them.

mod deciding;
mod sqlite;
mod writing;

use cfn::model::{ApprovalLevel, Category, ContentHash, Decision, SkillId, SkillName, VersionSource};
use cfn::store::{Durability, NewApproval, NewMapping, NewSkill, NewVersion, Store, StoreError, Transaction, write};

pub(crate) const NOW: &str = "2026-01-31 12:00:00";

/// A database that several handles can be opened on, as several processes would.
pub(crate) trait Backend {
    /// A handle of its own, which waits for a lock for a short time only.
    fn open(&self) -> Box<dyn Store>;
}

/// Runs every function of the contract on a backend.
macro_rules! contract {
    ($backend:expr; $($module:ident: $($name:ident),+;)+) => {
        $($(
            #[test]
            fn $name() {
                super::$module::$name(&$backend);
            }
        )+)+
    };
}
use contract;

pub(crate) fn name(text: &str) -> SkillName {
    text.parse().expect("a name")
}

pub(crate) fn version<'a>(number: &'a str, hash: &'a ContentHash, level: ApprovalLevel) -> NewVersion<'a> {
    NewVersion {
        version: number,
        content_hash: hash,
        content_path: "s.md",
        front_matter: Some("{}"),
        approval_level: level,
        source: VersionSource::Deploy,
        now: NOW,
    }
}

/// Does it all in one transaction, which must succeed.
pub(crate) fn in_one<T>(store: &mut dyn Store, mut work: impl FnMut(&mut dyn Transaction) -> T) -> T {
    write(store, Durability::Full, |tx| Ok::<_, StoreError>(work(tx))).expect("committed")
}

/// Adds a skill with its bytes.
pub(crate) fn insert(tx: &mut dyn Transaction, skill: &str, body: &[u8], level: ApprovalLevel) -> SkillId {
    let hash = ContentHash::of(body);
    let name = name(skill);
    let tags = ["a".to_owned()];
    let new = NewSkill {
        name: &name,
        category: Category::Domain,
        team: Some("core"),
        tags: &tags,
        owner: Some("ann"),
        phase4_pattern_id: None,
    };
    tx.store_content(&hash, body).expect("stored");
    tx.insert_skill(&new, &version("1.0.0", &hash, level)).expect("inserted")
}

pub(crate) fn decide(tx: &mut dyn Transaction, skill: SkillId, number: &str, body: &[u8], decision: Decision) {
    let hash = ContentHash::of(body).to_string();
    let approval = NewApproval {
        version: number,
        content_hash: &hash,
        approval_level: ApprovalLevel::Human,
        approver: "me",
        decision,
        reasoning: "",
        criteria_check: None,
        now: NOW,
    };
    tx.record_approval(skill, &approval).expect("recorded");
}

pub(crate) fn map(tx: &mut dyn Transaction, skill: SkillId, agent: &str, priority: i64, required: bool) -> bool {
    let agent_type = agent.parse().expect("an agent type");
    let mapping = NewMapping { agent_type: &agent_type, priority, required, conditions: None, now: NOW };
    tx.add_mapping(skill, &mapping).expect("mapped")
}

/// Moments, locks and what is undone.
pub(crate) mod isolation {
    use cfn::model::ApprovalLevel::Auto;
    use cfn::store::{Durability, NameKind, Store, StoreError, write, write_unless};

    use super::{Backend, in_one, insert, name};

    pub(crate) fn a_snapshot_is_of_one_moment(backend: &dyn Backend) {
        let (mut reader, mut writer) = (backend.open(), backend.open());
        let snapshot = reader.read().expect("a snapshot");
        assert_eq!(snapshot.names(NameKind::Skill).expect("names").len(), 0);
        in_one(writer.as_mut(), |tx| insert(tx, "jwt", b"x", Auto));
        assert!(snapshot.skill(&name("jwt")).expect("a read").is_none(), "the moment lasts");
        drop(snapshot);
        assert!(reader.read().expect("a snapshot").skill(&name("jwt")).expect("a read").is_some());
    }

    pub(crate) fn nobody_sees_a_transaction_before_its_commit(backend: &dyn Backend) {
        let (mut reader, mut writer) = (backend.open(), backend.open());
        in_one(writer.as_mut(), |tx| {
            insert(tx, "jwt", b"x", Auto);
            assert!(tx.skill(&name("jwt")).expect("a read").is_some(), "but the transaction itself does");
            assert!(reader.read().expect("a snapshot").skill(&name("jwt")).expect("a read").is_none());
        });
        assert!(reader.read().expect("a snapshot").skill(&name("jwt")).expect("a read").is_some());
    }

    pub(crate) fn an_error_or_a_dry_run_undoes_everything(backend: &dyn Backend) {
        let mut store = backend.open();
        let refused = write(store.as_mut(), Durability::Full, |tx| {
            insert(tx, "jwt", b"x", Auto);
            Err::<(), _>(StoreError::Defect("on purpose"))
        });
        assert!(matches!(refused, Err(StoreError::Defect("on purpose"))));
        let there = write_unless(true, store.as_mut(), Durability::Full, |tx| {
            insert(tx, "jwt", b"x", Auto);
            Ok::<_, StoreError>(tx.skill(&name("jwt"))?.is_some())
        });
        assert!(there.expect("a dry run"), "its result is the one that a commit would have had");
        let snapshot = store.read().expect("a snapshot");
        assert!(snapshot.names(NameKind::Skill).expect("names").is_empty());
        assert!(snapshot.content(&cfn::model::ContentHash::of(b"x").to_string()).expect("a read").is_none());
    }

    pub(crate) fn there_is_one_writer_and_the_second_waits_then_is_told(backend: &dyn Backend) {
        let (mut first, mut second) = (backend.open(), backend.open());
        let nothing = |store: &mut dyn Store| write(store, Durability::Full, |_| Ok::<_, StoreError>(()));
        in_one(first.as_mut(), |_| {
            assert!(matches!(nothing(second.as_mut()), Err(StoreError::Busy { .. })));
        });
        assert!(nothing(second.as_mut()).is_ok());
    }
}
