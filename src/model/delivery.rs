//! What the workflow database is told about a generated skill.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::SkillId;

/// Something that happened to a generated skill; kept as JSON until it is delivered.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An agent got or used it.
    Execution(Execution),
    /// What came of a use that was told before, without its outcome.
    Completed(Execution),
    /// It was deployed.
    Deployed(Changed),
    /// It has new bytes.
    Updated(Changed),
}

/// One use of a skill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// The agent type.
    pub team_id: String,
    /// For which task.
    pub task_id: Option<String>,
    /// How long it took.
    pub execution_time_ms: Option<i64>,
    /// 0 is success.
    pub exit_code: Option<i64>,
    /// Money that did not have to be spent.
    pub cost_avoided_usd: Option<f64>,
    /// Tokens that did not have to be spent.
    pub tokens_avoided: Option<i64>,
    /// When, in UTC.
    pub timestamp: String,
}

/// A skill that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The skill's key in this database.
    pub skill_id: SkillId,
    /// When, in UTC.
    pub timestamp: String,
}

/// An event on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its place in the order.
    pub id: i64,
    /// What makes it this delivery and no other, for ever.
    pub key: String,
    /// The pattern that the skill was generated from.
    pub pattern_id: i64,
    /// What happened; an error where the row that keeps it cannot be read.
    pub event: Result<Event, String>,
    /// How it failed until now, where it did.
    pub failures: Option<Failures>,
}

/// Attempts at a delivery that failed. The outbox keeps them as a text that begins with the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failures {
    /// How many.
    pub count: u32,
    /// When the last one was, in UTC.
    pub last: String,
    /// What was said then.
    pub reason: String,
}

impl fmt::Display for Failures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.count == 1 { "" } else { "s" };
        write!(formatter, "{} failed {} time{plural}: {}", self.last, self.count, self.reason)
    }
}

impl Failures {
    /// Reads what was kept; anything else counts as no failure.
    #[must_use]
    pub fn parse(kept: &str) -> Option<Self> {
        let (last, rest) = kept.split_at_checked("2026-01-01 00:00:00".len())?;
        let (count, rest) = rest.strip_prefix(" failed ")?.split_once(' ')?;
        let reason = rest.strip_prefix("time: ").or_else(|| rest.strip_prefix("times: "))?;
        Some(Self { count: count.parse().ok()?, last: last.to_owned(), reason: reason.to_owned() })
    }

    /// These and one more.
    #[must_use]
    pub fn and(before: Option<&Self>, now: &str, reason: &str) -> Self {
        let count = before.map_or(0, |it| it.count).saturating_add(1);
        Self { count, last: now.to_owned(), reason: reason.to_owned() }
    }
}

impl Event {
    /// The word under which it is kept.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Execution(_) => "execution",
            Self::Completed(_) => "completed",
            Self::Deployed(_) => "deployed",
            Self::Updated(_) => "updated",
        }
    }

    /// The JSON under which it is kept.
    pub fn payload(&self) -> serde_json::Result<String> {
        match self {
            Self::Execution(execution) | Self::Completed(execution) => serde_json::to_string(execution),
            Self::Deployed(changed) | Self::Updated(changed) => serde_json::to_string(changed),
        }
    }

    /// Reads what was kept; other programs may have written it.
    pub fn parse(kind: &str, payload: &[u8]) -> Result<Self, String> {
        let unreadable = |error: serde_json::Error| format!("its payload cannot be read: {error}");
        match kind {
            "execution" => serde_json::from_slice(payload).map(Self::Execution).map_err(unreadable),
            "completed" => serde_json::from_slice(payload).map(Self::Completed).map_err(unreadable),
            "deployed" => serde_json::from_slice(payload).map(Self::Deployed).map_err(unreadable),
            "updated" => serde_json::from_slice(payload).map(Self::Updated).map_err(unreadable),
            other => Err(format!("its kind is \"{other}\", and must be execution, completed, deployed or updated")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Changed, Event, Execution, Failures, SkillId};

    #[test]
    fn is_read_as_it_was_written() {
        let execution = Execution {
            team_id: "tester".into(),
            task_id: None,
            execution_time_ms: Some(3),
            exit_code: Some(-1),
            cost_avoided_usd: Some(0.1),
            tokens_avoided: None,
            timestamp: "2026-01-01 00:00:00".into(),
        };
        let changed = Changed { skill_id: SkillId(7), timestamp: "2026-01-01 00:00:00".into() };
        let completed = Event::Completed(execution.clone());
        for event in [Event::Execution(execution), completed, Event::Deployed(changed.clone()), Event::Updated(changed)]
        {
            let payload = event.payload().unwrap_or_default();
            assert_eq!(Event::parse(event.kind(), payload.as_bytes()), Ok(event));
        }
    }

    #[test]
    fn says_what_cannot_be_read() {
        assert!(Event::parse("renamed", b"{}").is_err_and(|it| it.contains("renamed")));
        assert!(Event::parse("deployed", b"{").is_err_and(|it| it.contains("payload")));
    }

    #[test]
    fn failures_are_read_as_they_were_kept() {
        let first = Failures::and(None, "2026-01-01 00:00:00", "it took too long: a: b");
        assert_eq!(first.to_string(), "2026-01-01 00:00:00 failed 1 time: it took too long: a: b");
        let second = Failures::and(Some(&first), "2026-01-01 00:01:00", "again");
        assert_eq!(second.count, 2);
        for failures in [first, second] {
            assert_eq!(Failures::parse(&failures.to_string()), Some(failures));
        }
        for other in ["", "by hand", "2026-01-01 00:00:00 failed often: x", "é".repeat(30).as_str()] {
            assert_eq!(Failures::parse(other), None, "{other}");
        }
    }
}
