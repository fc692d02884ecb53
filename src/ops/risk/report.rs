//! An assessment: the parts of a risk, and the lines that raised each.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::thresholds::Thresholds;
use crate::model::{ApprovalLevel, StoredJson};

/// Number of lines that are quoted for each signal; the others are counted.
const QUOTED: usize = 3;

/// Number of characters that are quoted of a line.
const LONGEST_QUOTE: usize = 160;

/// The risk of some bytes in a category.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessment {
    /// The weighted sum of the parts, 0 to 1.
    pub risk: f64,
    /// The level that risk, coverage and complexity suggest. It is a suggestion: nothing lowers a level but a decision.
    pub suggested_level: ApprovalLevel,
    /// The test coverage, 0 to 1; `None` if unknown, which counts as 0.
    pub coverage: Option<f64>,
    /// Security, complexity, coverage, external, criticality.
    pub parts: Vec<Part>,
    /// The thresholds that applied.
    pub thresholds: Thresholds,
}

/// A part of the risk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// Its share of the risk.
    pub weight: f64,
    /// 0 to 1.
    pub score: f64,
    /// What raised the score.
    pub signals: Vec<Raised>,
}

/// Something that raised a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Raised {
    /// What it is.
    pub what: String,
    /// What it adds to the score, which is at most 1.
    pub adds: f64,
    /// The first lines that have it.
    pub lines: Vec<Place>,
    /// Number of other lines that have it.
    pub more: usize,
}

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its number, from 1.
    pub line: usize,
    /// Its text, cut.
    pub text: String,
}

impl Part {
    pub(super) fn of(name: &'static str, weight: f64, signals: Vec<Raised>) -> Self {
        let score = rounded(signals.iter().fold(0.0, |sum: f64, it| sum + it.adds).min(1.0));
        Self { name, weight, score, signals }
    }
}

impl Raised {
    pub(super) fn new(what: impl Into<String>, adds: f64) -> Self {
        Self { what: what.into(), adds: rounded(adds), lines: Vec::new(), more: 0 }
    }

    /// The same in another file than the skill file.
    pub(super) fn in_file(mut self, path: &str) -> Self {
        self.what = format!("{} in {path}", self.what);
        self
    }

    pub(super) fn at(mut self, line: usize, text: &str) -> Self {
        self.add(line, text);
        self
    }

    pub(super) fn add(&mut self, line: usize, text: &str) {
        if self.lines.len() < QUOTED {
            let end = text.trim().char_indices().nth(LONGEST_QUOTE);
            let cut = end.map_or_else(|| text.trim().to_owned(), |(end, _)| format!("{}…", &text.trim()[..end]));
            self.lines.push(Place { line, text: cut });
        } else {
            self.more += 1;
        }
    }
}

impl Assessment {
    /// The form for `approval_history.risk_assessment`: lines by their number, since a purge of the bytes must leave no
    /// copy of their text.
    pub(in crate::ops) fn stored(&self) -> Option<StoredJson> {
        let mut parts = Map::new();
        for part in &self.parts {
            let signals: Vec<Value> = part
                .signals
                .iter()
                .map(|it| {
                    let lines: Vec<usize> = it.lines.iter().map(|it| it.line).collect();
                    json!({ "what": it.what, "lines": lines, "more": it.more })
                })
                .collect();
            parts.insert(part.name.to_owned(), json!({ "score": part.score, "signals": signals }));
        }
        StoredJson::of(&json!({
            "risk_score": self.risk,
            "suggested_level": self.suggested_level,
            "test_coverage": self.coverage,
            "parts": parts,
        }))
    }
}

/// To three decimals, so that what is compared is what is shown.
pub(super) fn rounded(score: f64) -> f64 {
    (score * 1000.0).round() / 1000.0
}
