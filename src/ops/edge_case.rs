//! `edge-case`: inputs with which skills failed, grouped by kind, until a version resolves them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::{Error, Result, require_skill};
use crate::clock::Clock;
use crate::model::{
    EdgeCase, EdgeCaseName, EdgeCaseTexts, Moment, Severity, Skill, SkillName, StoredTime, edge_case_kind,
};
use crate::store::{Durability, NewEdgeCase, Snapshot, Store, Transaction, write_unless};

/// A request to record an edge case.
#[derive(Debug, Clone)]
pub struct RecordEdgeCase<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// The description.
    pub description: &'a str,
    /// The reason for the failure.
    pub failure: Option<&'a str>,
    /// The input.
    pub input: Option<&'a str>,
    /// The expected output.
    pub expected: Option<&'a str>,
    /// The actual output.
    pub actual: Option<&'a str>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// The recorded edge case.
#[derive(Debug, Clone, Serialize)]
pub struct RecordedEdgeCase {
    /// Its id; `None` in a dry run.
    pub id: Option<i64>,
    /// The skill.
    pub skill: String,
    /// The hash of its kind.
    pub kind: String,
    /// The number of recorded edge cases of this kind.
    pub count: usize,
    /// Whether this was a dry run.
    pub dry_run: bool,
}

/// A filter for kinds of edge cases.
#[derive(Debug, Clone, Default)]
pub struct ListEdgeCases<'a> {
    /// Only of this skill.
    pub name: Option<&'a SkillName>,
    /// Only with unresolved ones, or only without.
    pub open: Option<bool>,
    /// Only with one of this severity.
    pub severity: Option<Severity>,
}

/// Kinds of edge cases, the last recorded first.
#[derive(Debug, Clone, Serialize)]
pub struct EdgeCasesReport {
    /// The kinds.
    pub kinds: Vec<EdgeCaseKind>,
}

/// The edge cases of one skill with the same failure and input.
#[derive(Debug, Clone, Serialize)]
pub struct EdgeCaseKind {
    /// Its hash.
    pub kind: String,
    /// The skill; `None` if it is gone.
    pub skill: Option<String>,
    /// The last description.
    pub description: String,
    /// The last severity.
    pub severity: Option<String>,
    /// The number of its edge cases.
    pub count: usize,
    /// The number of unresolved ones.
    pub open: usize,
    /// The time of the first one.
    pub first_seen: Option<StoredTime>,
    /// The time of the last one.
    pub last_seen: Option<StoredTime>,
    /// Their ids, in the order of recording.
    pub ids: Vec<i64>,
}

/// An edge case and its kind.
#[derive(Debug, Clone, Serialize)]
pub struct EdgeCaseReport {
    /// The edge case; of a kind, the last one.
    #[serde(flatten)]
    pub case: EdgeCase,
    /// Its long texts.
    #[serde(flatten)]
    pub texts: EdgeCaseTexts,
    /// All edge cases of its kind.
    pub all: EdgeCaseKind,
}

/// A request to resolve edge cases.
#[derive(Debug, Clone)]
pub struct ResolveEdgeCases<'a> {
    /// Their names; that of a kind means all of it.
    pub names: &'a [EdgeCaseName],
    /// How they were resolved.
    pub note: Option<&'a str>,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// The resolved edge cases.
#[derive(Debug, Clone, Serialize)]
pub struct ResolvedReport {
    /// In the order of the request.
    pub resolved: Vec<ResolvedEdgeCase>,
    /// Whether this was a dry run.
    pub dry_run: bool,
}

/// A resolved edge case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResolvedEdgeCase {
    /// Its id.
    pub id: i64,
    /// The skill; `None` if it is gone.
    pub skill: Option<String>,
    /// The hash of its kind.
    pub kind: String,
    /// Whether it was resolved before, and remains as it was.
    pub already: bool,
}

/// Records an edge case.
pub fn record_edge_case(store: &mut dyn Store, clock: Clock, request: &RecordEdgeCase<'_>) -> Result<RecordedEdgeCase> {
    let now = clock.moment();
    write_unless(request.dry_run, store, Durability::Full, |tx| {
        let skill = require_skill(&*tx, request.name)?;
        let case = NewEdgeCase {
            description: request.description,
            failure_reason: request.failure,
            input_parameters: request.input,
            expected_output: request.expected,
            actual_output: request.actual,
            severity: request.severity,
            now,
        };
        let id = tx.record_edge_case(skill.id, &case)?;
        let kind = edge_case_kind(skill.id, request.failure, request.input);
        let count = tx.edge_cases(Some(skill.id))?.iter().filter(|it| it.kind == kind).count();
        let id = (!request.dry_run).then_some(id);
        Ok(RecordedEdgeCase { id, skill: skill.name, kind, count, dry_run: request.dry_run })
    })
}

/// Lists kinds of edge cases.
pub fn list_edge_cases(store: &mut dyn Store, request: &ListEdgeCases<'_>) -> Result<EdgeCasesReport> {
    let snapshot = store.read()?;
    let skill = request.name.map(|it| require_skill(snapshot.as_ref(), it)).transpose()?;
    let cases = snapshot.edge_cases(skill.map(|it| it.id))?;
    let has_severity = |kind: &[&EdgeCase]| {
        request.severity.is_none_or(|it| kind.iter().any(|case| case.severity.as_deref() == Some(it.as_str())))
    };
    let mut kinds: Vec<EdgeCaseKind> =
        by_kind(&cases).into_iter().filter(|it| has_severity(it)).filter_map(|it| EdgeCaseKind::of(&it)).collect();
    kinds.retain(|it| request.open.is_none_or(|open| open == (it.open > 0)));
    kinds.sort_by_key(|it| std::cmp::Reverse(it.ids.last().copied()));
    Ok(EdgeCasesReport { kinds })
}

/// Shows one edge case, or the last one of a kind.
pub fn show_edge_case(store: &mut dyn Store, name: &EdgeCaseName) -> Result<EdgeCaseReport> {
    let snapshot = store.read()?;
    let id = named(snapshot.as_ref(), name)?.last().map(|it| it.id);
    let unknown = || not_found(name);
    let (case, texts) = id.and_then(|it| snapshot.edge_case(it).transpose()).transpose()?.ok_or_else(unknown)?;
    let cases = snapshot.edge_cases(Some(case.skill_id))?;
    let kind: Vec<&EdgeCase> = cases.iter().filter(|it| it.kind == case.kind).collect();
    let all = EdgeCaseKind::of(&kind).ok_or_else(unknown)?;
    Ok(EdgeCaseReport { case, texts, all })
}

/// Resolves all these edge cases, or none, in one transaction.
pub fn resolve_edge_cases(
    store: &mut dyn Store,
    clock: Clock,
    request: &ResolveEdgeCases<'_>,
) -> Result<ResolvedReport> {
    let now = clock.moment();
    write_unless(request.dry_run, store, Durability::Full, |tx| {
        let resolved = resolve(tx, request.names, None, request.note, now)?;
        Ok(ResolvedReport { resolved, dry_run: request.dry_run })
    })
}

/// Resolves edge cases; with a skill, they must be its own.
pub(super) fn resolve(
    tx: &mut dyn Transaction,
    names: &[EdgeCaseName],
    skill: Option<&Skill>,
    note: Option<&str>,
    now: Moment,
) -> Result<Vec<ResolvedEdgeCase>> {
    let mut resolved: Vec<ResolvedEdgeCase> = Vec::new();
    for name in names {
        for case in named(&*tx, name)? {
            if let Some(skill) = skill.filter(|it| it.id != case.skill_id) {
                return Err(Error::EdgeCaseElsewhere { id: case.id, name: skill.name.clone(), other: skill_of(&case) });
            }
            if resolved.iter().any(|it| it.id == case.id) {
                continue;
            }
            let already = !tx.resolve_edge_case(case.id, note, now)?;
            resolved.push(ResolvedEdgeCase { id: case.id, skill: case.skill, kind: case.kind, already });
        }
    }
    Ok(resolved)
}

/// The edge case with this id, or those of the kind, in the order of recording; at least one.
fn named(snapshot: &dyn Snapshot, name: &EdgeCaseName) -> Result<Vec<EdgeCase>> {
    if let Some(id) = name.id
        && let Some((case, _)) = snapshot.edge_case(id)?
    {
        return Ok(vec![case]);
    }
    let Some(kind) = &name.kind else { return Err(not_found(name)) };
    let mut cases = snapshot.edge_cases(None)?;
    cases.retain(|it| kind.begins(&it.kind));
    match cases.first() {
        None => Err(not_found(name)),
        Some(first) if cases.iter().any(|it| it.kind != first.kind) => {
            Err(Error::AmbiguousEdgeCase { hash: kind.to_string() })
        }
        Some(_) => Ok(cases),
    }
}

fn not_found(name: &EdgeCaseName) -> Error {
    Error::EdgeCaseNotFound { name: name.to_string() }
}

/// The skill's name, or the id of a removed one.
fn skill_of(case: &EdgeCase) -> String {
    case.skill.clone().unwrap_or_else(|| format!("#{} (gone)", case.skill_id.0))
}

/// Groups edge cases by kind, each in the order of recording.
fn by_kind(cases: &[EdgeCase]) -> Vec<Vec<&EdgeCase>> {
    let mut kinds: BTreeMap<&str, Vec<&EdgeCase>> = BTreeMap::new();
    for case in cases {
        kinds.entry(&case.kind).or_default().push(case);
    }
    kinds.into_values().collect()
}

impl EdgeCaseKind {
    fn of(cases: &[&EdgeCase]) -> Option<Self> {
        let (first, last) = (cases.first()?, cases.last()?);
        Some(Self {
            kind: last.kind.clone(),
            skill: last.skill.clone(),
            description: last.description.clone(),
            severity: last.severity.clone(),
            count: cases.len(),
            open: cases.iter().filter(|it| !it.resolved).count(),
            first_seen: first.detected_at.clone(),
            last_seen: last.detected_at.clone(),
            ids: cases.iter().map(|it| it.id).collect(),
        })
    }
}
