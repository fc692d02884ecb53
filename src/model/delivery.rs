//! Events of generated skills, for the workflow database.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Moment, SkillId, StoredTime};

/// An event of a generated skill, queued as JSON until it is delivered.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An agent loaded or used it.
    Execution(Execution),
    /// The outcome of a use that was delivered before without one.
    Completed(Execution),
    /// It was deployed.
    Deployed(Changed),
    /// It got new bytes.
    Updated(Changed),
}

/// One use of a skill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// The agent type.
    pub team_id: String,
    /// The task.
    pub task_id: Option<String>,
    /// Execution time.
    pub execution_time_ms: Option<i64>,
    /// 0 is success.
    pub exit_code: Option<i64>,
    /// Money saved.
    pub cost_avoided_usd: Option<f64>,
    /// Tokens saved.
    pub tokens_avoided: Option<i64>,
    /// The time, in UTC.
    pub timestamp: StoredTime,
}

/// A skill that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The skill's key in this database.
    pub skill_id: SkillId,
    /// The time, in UTC.
    pub timestamp: StoredTime,
}

/// An event to deliver.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its position in the queue.
    pub id: i64,
    /// Its unique delivery key.
    pub key: String,
    /// The pattern that the skill was generated from.
    pub pattern_id: i64,
    /// The event, or an error if its row cannot be parsed.
    pub event: Result<Event, String>,
    /// Failed attempts, if any.
    pub failures: Option<Failures>,
}

/// Failed attempts at a delivery. The outbox stores them as text that starts with the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failures {
    /// Number of attempts.
    pub count: u32,
    /// Time of the last one, in UTC.
    pub last: StoredTime,
    /// Its error.
    pub reason: String,
}

impl fmt::Display for Failures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.count == 1 { "" } else { "s" };
        write!(formatter, "{} failed {} time{plural}: {}", self.last, self.count, self.reason)
    }
}

impl Failures {
    /// Parses the stored text. Any other text counts as no failure.
    #[must_use]
    pub fn parse(kept: &str) -> Option<Self> {
        let (last, rest) = kept.split_at_checked("2026-01-01 00:00:00".len())?;
        let (count, rest) = rest.strip_prefix(" failed ")?.split_once(' ')?;
        let reason = rest.strip_prefix("time: ").or_else(|| rest.strip_prefix("times: "))?;
        Some(Self { count: count.parse().ok()?, last: last.to_owned().into(), reason: reason.to_owned() })
    }

    /// Adds an attempt.
    #[must_use]
    pub fn and(before: Option<&Self>, now: Moment, reason: &str) -> Self {
        let count = before.map_or(0, |it| it.count).saturating_add(1);
        Self { count, last: now.into(), reason: reason.to_owned() }
    }
}

impl Event {
    /// The stored kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Execution(_) => "execution",
            Self::Completed(_) => "completed",
            Self::Deployed(_) => "deployed",
            Self::Updated(_) => "updated",
        }
    }

    /// The stored JSON.
    pub fn payload(&self) -> serde_json::Result<String> {
        match self {
            Self::Execution(execution) | Self::Completed(execution) => serde_json::to_string(execution),
            Self::Deployed(changed) | Self::Updated(changed) => serde_json::to_string(changed),
        }
    }

    /// Parses a stored event. Other programs may have written it.
    pub fn parse(kind: &str, payload: &[u8]) -> Result<Self, String> {
        let unreadable = |error: serde_json::Error| format!("its payload cannot be parsed: {error}");
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
    use super::{Changed, Event, Execution, Failures, Moment, SkillId};

    fn time(text: &str) -> Moment {
        Moment::written(text).unwrap_or(jiff::Timestamp::UNIX_EPOCH.into())
    }

    #[test]
    fn an_event_survives_a_round_trip() {
        let execution = Execution {
            team_id: "tester".into(),
            task_id: None,
            execution_time_ms: Some(3),
            exit_code: Some(-1),
            cost_avoided_usd: Some(0.1),
            tokens_avoided: None,
            timestamp: time("2026-01-01 00:00:00").into(),
        };
        let changed = Changed { skill_id: SkillId(7), timestamp: time("2026-01-01 00:00:00").into() };
        let completed = Event::Completed(execution.clone());
        for event in [Event::Execution(execution), completed, Event::Deployed(changed.clone()), Event::Updated(changed)]
        {
            let payload = event.payload().unwrap_or_default();
            assert_eq!(Event::parse(event.kind(), payload.as_bytes()), Ok(event));
        }
    }

    #[test]
    fn errors_name_the_unreadable_part() {
        assert!(Event::parse("renamed", b"{}").is_err_and(|it| it.contains("renamed")));
        assert!(Event::parse("deployed", b"{").is_err_and(|it| it.contains("payload")));
    }

    #[test]
    fn failures_survive_a_round_trip() {
        let first = Failures::and(None, time("2026-01-01 00:00:00"), "it took too long: a: b");
        assert_eq!(first.to_string(), "2026-01-01 00:00:00 failed 1 time: it took too long: a: b");
        let second = Failures::and(Some(&first), time("2026-01-01 00:01:00"), "again");
        assert_eq!(second.count, 2);
        for failures in [first, second] {
            assert_eq!(Failures::parse(&failures.to_string()), Some(failures));
        }
        for other in ["", "by hand", "2026-01-01 00:00:00 failed often: x", "é".repeat(30).as_str()] {
            assert_eq!(Failures::parse(other), None, "{other}");
        }
    }
}
