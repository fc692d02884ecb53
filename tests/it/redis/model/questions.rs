//! Every kind of question, with several parameters, as the library and as the command line ask it.

use std::fmt::Debug;

use cfn::bench::Random;
use cfn::cache::{Cache, Key};
use cfn::model::{Category, Status};
use cfn::ops::{self, Analytics, DatedRequest, History, Load, Period, Query, ReportName, Show};
use cfn::store::{SkillFilter, Store};

use super::cast::{AGENTS, SKILLS, clock};

#[derive(Debug)]
pub(super) enum Question {
    Load(Load),
    List(SkillFilter),
    Show(Show),
    History(History),
    Report(Analytics),
}

impl Question {
    /// Some are asked far more often than others.
    pub(super) fn draw(random: &mut Random) -> Self {
        let kind = random.below(10).min(random.below(10));
        let agent = AGENTS[random.below(AGENTS.len()).min(random.below(AGENTS.len()))];
        let name = || SKILLS[0].parse().expect("a name");
        match kind {
            0..=2 => Self::load(agent),
            3 => Self::load_with(agent, random),
            4 => Self::list(),
            5 if random.below(2) == 0 => Self::List(SkillFilter { status: Some(Status::Active), ..filter(agent) }),
            5 => Self::List(SkillFilter { category: Some(Category::Domain), pending: true, ..SkillFilter::default() }),
            6 => Self::Show(Show { name: name(), version: None, content: random.below(2) == 0 }),
            7 => Self::History(History { name: name(), usage: (random.below(2) == 0).then_some(20) }),
            8 => Self::Report(Analytics::whole(ReportName::ALL[random.below(ReportName::ALL.len())].0)),
            _ => Self::Report(Analytics {
                period: Some(Period::Last(7)),
                limit: Some(1 + random.below(2)),
                ..Analytics::whole(ReportName::Usage)
            }),
        }
    }

    pub(super) fn load(agent: &str) -> Self {
        Self::Load(Load::usual(agent.parse().expect("an agent type")))
    }

    pub(super) fn list() -> Self {
        Self::List(SkillFilter::default())
    }

    fn load_with(agent: &str, random: &mut Random) -> Self {
        let mut load = Load::usual(agent.parse().expect("an agent type"));
        match random.below(4) {
            0 => load.context = vec!["auth".into(), "sql".into()],
            1 => load.phase = Some("loop3".into()),
            2 => load.max_skills = 1,
            _ => load.bootstrap = false,
        }
        Self::Load(load)
    }

    /// The answer, or why there is none, with everything in it.
    pub(super) fn answer(&self, store: &mut dyn Store, cache: &dyn Cache) -> String {
        fn text(answer: &impl Debug) -> String {
            format!("{answer:?}")
        }
        match self {
            Self::Load(it) => text(&ops::load(store, cache, it)),
            Self::List(it) => text(&ops::list(store, cache, it)),
            Self::Show(it) => text(&ops::show(store, cache, it)),
            Self::History(it) => {
                text(&ops::history::<ops::Error>(store, cache, it, &mut |url| panic!("{url} has nothing of this")))
            }
            Self::Report(it) => {
                let asked = DatedRequest::now(it, clock());
                let recalled = ops::recalled_report(store, cache, &asked).transpose();
                text(&recalled.unwrap_or_else(|| ops::analytics(store, cache, &asked)))
            }
        }
    }

    /// An answer as it is kept, with the key of the state that the database is in after `between`: what must never be stored.
    pub(super) fn kept_late(&self, store: &mut dyn Store, between: &dyn Fn()) -> Option<(Key, Vec<u8>)> {
        fn late<Q: Query>(query: &Q, store: &mut dyn Store, between: &dyn Fn()) -> Option<(Key, Vec<u8>)> {
            let question = query.question();
            let kept = query.kept(&query.compute(store.read().ok()?.as_ref()).ok()?)?;
            between();
            let revision = store.read().ok()?.revision(question.tables).ok()??;
            Some((Key::of(&revision, &question), kept))
        }
        match self {
            Self::Load(it) => late(it, store, between),
            Self::List(it) => late(it, store, between),
            Self::Show(it) => late(it, store, between),
            Self::History(it) => late(it, store, between),
            Self::Report(it) => late(&DatedRequest::now(it, clock()), store, between),
        }
    }

    /// The command line that asks it; reports with a period depend on the day of the process.
    pub(super) fn command(&self) -> Option<Vec<String>> {
        let words = |words: &[&str]| Some(words.iter().map(|&it| it.to_owned()).collect());
        match self {
            Self::Load(it) => words(&["load", it.agent_type.as_str(), "--max-skills", &it.max_skills.to_string()]),
            Self::List(it) if it.agent_type.is_none() && !it.pending => words(&["skill", "list", "--json"]),
            Self::Show(it) => words(&["skill", "show", it.name.as_str(), "--json"]),
            Self::History(it) => words(&["skill", "history", it.name.as_str(), "--json"]),
            Self::Report(it) if it.period.is_none() && it.report != ReportName::Bottlenecks => {
                let word = it.report.as_str();
                if word == "overview" { words(&["analytics", "--json"]) } else { words(&["analytics", word, "--json"]) }
            }
            Self::List(_) | Self::Report(_) => None,
        }
    }
}

fn filter(agent: &str) -> SkillFilter {
    SkillFilter { agent_type: agent.parse().ok(), ..SkillFilter::default() }
}
