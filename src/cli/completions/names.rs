//! Completion candidates from the database: skills, their versions, agent types. Errors yield no candidates.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Arg, Command};
use clap_complete::engine::{PathCompleter, ValueCompleter as _};
use clap_complete::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};

use crate::cli::context::{Access, Context};
use crate::cli::output::{Color, Output};
use crate::clock::Clock;
use crate::model::Skill;
use crate::settings::{Flags, Settings};
use crate::store::{FormerNames, NameKind, Snapshot, Store};

/// Maximum wait for a lock, in milliseconds.
const PATIENCE: &str = "20";

/// Maximum number of names to offer, besides the last one.
const MOST: usize = 500;

/// Adds candidates from the database to the arguments that take them.
pub(super) fn with_live_names(command: Command, typed: &[OsString]) -> Command {
    complete(command, &Arc::new(Line { typed: typed.to_vec() }))
}

fn complete(command: Command, line: &Arc<Line>) -> Command {
    let creates = ["add", "deploy", "update"].contains(&command.get_name());
    let compares = command.get_name() == "diff";
    let reads = ["show", "diff", "purge"].contains(&command.get_name());
    let completed = |it: Arg| {
        let line = Arc::clone(line);
        match it.get_id().as_str() {
            "skill_name" | "skill_names" | "skill" | "replacement" => {
                it.add(ArgValueCompleter::new(move |typed: &OsStr| line.names(NameKind::Skill, "", typed)))
            }
            "agent_type" | "agent" | "agents" | "team_ids" => {
                it.add(ArgValueCompleter::new(move |typed: &OsStr| line.agent_types(typed)))
            }
            "subjects" => it.add(ArgValueCompleter::new(move |typed: &OsStr| line.names_and_paths(typed))),
            "version" | "to_version" if !creates => it.add(candidates(move || line.versions())),
            "edge_case" | "edge_cases" | "resolves" => it.add(candidates(move || line.edge_cases())),
            "file" if reads => it.add(candidates(move || line.files())),
            "from" | "to" if compares => it.add(candidates(move || line.versions())),
            _ => it,
        }
    };
    command.mut_args(completed).mut_subcommands(|it| complete(it, line))
}

fn candidates(names: impl Fn() -> Vec<String> + Send + Sync + 'static) -> ArgValueCandidates {
    ArgValueCandidates::new(move || names().into_iter().map(CompletionCandidate::new).collect())
}

/// The command line that is being completed.
struct Line {
    typed: Vec<OsString>,
}

impl Line {
    /// Names that begin with the typed text, each behind what was typed before it.
    fn names(&self, kind: NameKind, before: &str, typed: &OsStr) -> Vec<CompletionCandidate> {
        let begun = |typed: &str| self.store()?.read().ok()?.names_beginning(kind, typed, MOST).ok();
        let names = typed.to_str().and_then(begun).unwrap_or_default();
        plain(names).into_iter().map(|it| CompletionCandidate::new(format!("{before}{it}"))).collect()
    }

    /// Skills and files.
    fn names_and_paths(&self, typed: &OsStr) -> Vec<CompletionCandidate> {
        let names = self.names(NameKind::Skill, "", typed).into_iter();
        names.chain(PathCompleter::any().complete(typed)).collect()
    }

    /// Agent types, for the last item of a comma-separated list.
    fn agent_types(&self, typed: &OsStr) -> Vec<CompletionCandidate> {
        let Some(typed) = typed.to_str() else { return Vec::new() };
        let (before, last) = typed.rfind(',').map_or(("", typed), |comma| typed.split_at(comma + 1));
        self.names(NameKind::AgentType, before, last.as_ref())
    }

    /// The versions of the skill that the line names.
    fn versions(&self) -> Vec<String> {
        let versions = self.store().and_then(|mut store| {
            let snapshot = store.read().ok()?;
            let skill = self.skill(snapshot.as_ref())?;
            Some(snapshot.versions(skill.id).ok()?.into_iter().map(|it| it.version).collect())
        });
        plain(versions.unwrap_or_default())
    }

    /// The files of the skill that the line names: of the versions that it names, or else of the current one.
    fn files(&self) -> Vec<String> {
        let files = self.store().and_then(|mut store| {
            let snapshot = store.read().ok()?;
            let skill = self.skill(snapshot.as_ref())?;
            let mut versions: Vec<_> = snapshot.versions(skill.id).ok()?.into_iter().map(|it| it.version).collect();
            versions.retain(|it| self.typed.iter().any(|typed| typed == it.as_str()));
            if versions.is_empty() {
                versions.push(skill.version);
            }
            let files = versions.iter().filter_map(|it| snapshot.files(skill.id, it).ok()).flatten();
            Some(files.map(|it| it.path).collect::<BTreeSet<_>>().into_iter().collect())
        });
        plain(files.unwrap_or_default())
    }

    /// The skill that the line names.
    fn skill(&self, snapshot: &dyn Snapshot) -> Option<Skill> {
        let mut words = self.typed.iter().skip(1).filter_map(|it| it.to_str()?.parse().ok());
        words.find_map(|it| snapshot.skill(&it).ok()?)
    }

    /// The ids of unresolved edge cases, newest first; of the skill that the line names, if it names one.
    fn edge_cases(&self) -> Vec<String> {
        let cases = self.store().and_then(|mut store| {
            let snapshot = store.read().ok()?;
            let skill = self.skill(snapshot.as_ref());
            snapshot.edge_cases(skill.map(|it| it.id)).ok()
        });
        let unresolved = cases.unwrap_or_default().into_iter().rev().filter(|it| !it.resolved);
        unresolved.take(MOST).map(|it| it.id.to_string()).collect()
    }

    /// Opens the database of the command line for reading; never migrates it.
    fn store(&self) -> Option<Box<dyn Store>> {
        let flags = Flags { db: self.database(), ..Flags::default() };
        let variable = |name: &str| match name {
            "CFN_BUSY_TIMEOUT_MS" => Some(PATIENCE.into()),
            name => env::var_os(name),
        };
        let settings = Settings::resolve(&flags, &variable, &env::current_dir().ok()?);
        let output = Output::new(false, true, Color::Never, true);
        let context = Context {
            settings,
            clock: Clock::System,
            output,
            former: FormerNames::default(),
            names_database: flags.db.is_some(),
            replica: Cell::default(),
            opened: Cell::default(),
            follower: None,
        };
        context.opening(Access::Read).ok()?.open(Access::Read).ok()
    }

    fn database(&self) -> Option<PathBuf> {
        let mut words = self.typed.iter();
        while let Some(word) = words.next() {
            match word.to_str().and_then(|it| it.strip_prefix("--db")) {
                Some("") => return words.next().map(PathBuf::from),
                Some(value) if value.starts_with('=') => return Some(PathBuf::from(&value[1..])),
                _ => {}
            }
        }
        None
    }
}

/// Leaves out names that a shell would have to quote: other programs can write anything.
fn plain(mut names: Vec<String>) -> Vec<String> {
    let is_plain = |it: &str| !it.starts_with('-') && it.chars().all(|it| it.is_alphanumeric() || "_-./".contains(it));
    names.retain(|it| !it.is_empty() && is_plain(it));
    names
}
