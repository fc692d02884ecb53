//! Everything that the contract and the reports of `ops` show of a database, as text that is equal where the databases are.

use std::fmt::{Debug, Write as _};

use cfn::cache::Disabled;
use cfn::model::{Delivery, SkillId, SkillName};
use cfn::ops::{self, Analytics, History, Load, Period, ReportName};
use cfn::store::{Days, Due, NameKind, SkillFilter, Snapshot, Store, UsageFilter};

use super::keyless::keyless;
use super::perform::clock;
use super::steps::{AGENTS, SKILLS, TASKS};
use crate::store_contract::at;

struct Seen(String);

impl Seen {
    fn add(&mut self, what: &str, found: impl Debug) {
        writeln!(self.0, "{what}: {found:#?}").expect("text");
    }

    /// Sorts the answers first, for queries without a promised order; keys, which may differ, decide last.
    fn add_unordered<T: Debug>(&mut self, what: &str, found: Vec<T>) {
        let mut texts: Vec<String> = found.into_iter().map(|it| format!("{it:?}")).collect();
        texts.sort_by_cached_key(|it| (keyless(it), it.clone()));
        self.add(what, texts);
    }
}

pub(super) fn observation(store: &mut dyn Store, at: u64) -> String {
    let mut seen = Seen(String::new());
    let snapshot = store.read().expect("a snapshot");
    catalogue(snapshot.as_ref(), &mut seen);
    usage(snapshot.as_ref(), &mut seen);
    outbox(snapshot.as_ref(), &mut seen);
    drop(snapshot);
    reports(store, at, &mut seen);
    seen.0
}

fn catalogue(snapshot: &dyn Snapshot, seen: &mut Seen) {
    let pending = SkillFilter { pending: true, ..SkillFilter::default() };
    let all = snapshot.list(&SkillFilter::default()).expect("a list");
    seen.add("pending", snapshot.list(&pending).expect("a list"));
    seen.add("unstored", snapshot.unstored().expect("a read"));
    seen.add("bootstrap", snapshot.bootstrap().expect("a read"));
    for of in [NameKind::Skill, NameKind::FormerName, NameKind::AgentType] {
        seen.add_unordered("names", snapshot.names(of).expect("names"));
    }
    for listed in &all {
        skill(snapshot, listed.id, &listed.name, seen);
    }
    seen.add("skills", all);
    for agent in AGENTS {
        let agent = agent.parse().expect("an agent type");
        seen.add("candidates", snapshot.candidates(&agent).expect("candidates"));
        seen.add("near", snapshot.agent_types_near(&agent).expect("a read"));
    }
}

fn skill(snapshot: &dyn Snapshot, id: SkillId, name: &str, seen: &mut Seen) {
    let name: SkillName = name.parse().expect("a name");
    seen.add("skill", snapshot.skill(&name).expect("a read"));
    seen.add("spellings", snapshot.spellings(&name).expect("a read"));
    seen.add("former names", snapshot.former_names(id).expect("a read"));
    seen.add("events", snapshot.events(id).expect("a read"));
    seen.add("approvals", snapshot.approvals(id).expect("a read"));
    seen.add("review", snapshot.review(id).expect("a read"));
    seen.add("mappings", snapshot.mappings(id).expect("a read"));
    seen.add("used", snapshot.used(&name, &"dev".parse().expect("a type")).expect("a read"));
    seen.add("pass rate", snapshot.latest_pass_rate(id).expect("a read"));
    let versions = snapshot.versions(id).expect("versions");
    for it in &versions {
        seen.add("front matter", snapshot.front_matter(id, &it.version).expect("a read"));
        seen.add(
            "latest decision",
            snapshot.latest_decision(id, &it.content_hash, it.folder_hash.as_deref()).expect("a read"),
        );
        seen.add("files", snapshot.files(id, &it.version).expect("a read"));
        seen.add("content", snapshot.content(&it.content_hash).expect("a read").map(|it| it.len()));
    }
    seen.add("versions", versions);
    for (agent, task) in ["a1", "a2"].into_iter().flat_map(|agent| TASKS.map(|task| (agent, task))) {
        seen.add("got", snapshot.got(id, agent, task).expect("a read"));
        seen.add("open", snapshot.open_use(id, agent, task).expect("a read").map(|it| it.id));
    }
}

fn usage(snapshot: &dyn Snapshot, seen: &mut Seen) {
    for task in TASKS {
        seen.add("usage", snapshot.usage_rows(&UsageFilter::Task(task), 50).expect("rows"));
    }
    let some = Days { first: "2026-01-31".parse().expect("a day"), last: "2026-02-01".parse().expect("a day") };
    for days in [None, Some(some)] {
        seen.add_unordered("cells", snapshot.usage_cells(days).expect("cells"));
        seen.add("days", snapshot.uses_by_day(days, 3).expect("days"));
        for category in [None, Some("domain")] {
            seen.add("decisions", snapshot.decision_times(days, category).expect("a read"));
        }
    }
    for category in [None, Some("domain")] {
        seen.add("waiting", snapshot.waiting(category).expect("a read"));
        seen.add_unordered("levels", snapshot.levels(category).expect("a read"));
        seen.add("active", snapshot.active_skills(category).expect("a read"));
    }
}

fn outbox(snapshot: &dyn Snapshot, seen: &mut Seen) {
    // Keys are unique in the whole world, so they are compared by nothing but what they are for.
    let without_key = |it: Delivery| Delivery { key: it.key.ends_with("/completed").to_string(), ..it };
    let waiting = snapshot.waiting_deliveries(0, 99).expect("a read");
    seen.add("deliveries", waiting.into_iter().map(without_key).collect::<Vec<_>>());
    seen.add("outbox", snapshot.outbox_summary().expect("a read"));
    seen.add("dead letters", snapshot.dead_letters(99).expect("a read"));
    seen.add("failing", snapshot.failing_deliveries(99).expect("a read"));
    seen.add("backoff", snapshot.backoff_until().expect("a read"));
    let due = Due { failed_since: at("2026-02-01 00:00:00"), now: at("2026-02-02 00:00:00") };
    seen.add("due", snapshot.is_anything_due(due).expect("a read"));
}

fn reports(store: &mut dyn Store, at: u64, seen: &mut Seen) {
    for period in [None, Some(Period::Last(2))] {
        let request = Analytics { period, ..Analytics::whole(ReportName::Overview) };
        seen.add("reports", ops::every_report(store, clock(at), &request).expect("reports"));
    }
    for agent in AGENTS {
        let request = Load::usual(agent.parse().expect("an agent type"));
        // A required skill whose bytes are damaged is an error, and the same one everywhere.
        seen.add("load", ops::load(store, &Disabled, &request));
    }
    for skill in SKILLS {
        let request = History { name: skill.parse().expect("a name"), usage: Some(20) };
        let history =
            ops::history::<ops::Error>(store, &Disabled, &request, &mut |url| panic!("{url} has nothing of this"));
        seen.add("history", history);
    }
}
