//! Ids of tasks and agents. They are parts of Redis keys, names of files and variables of the environment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{AgentType, Visible};

/// Maximum length of a task's id without its prefix.
const LONGEST_TASK: usize = 64;

/// Maximum length of an id, which is the name of a folder, a control group and a container, and a part of Redis keys.
const LONGEST: usize = 128;

/// Digits and letters of the random end of an id.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// The id of an agent, and so of its run: letters, digits, `.`, `_` and `-`, and the first is a letter or a digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgentId(String);

/// Text that is no id of an agent.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "an agent id has at most {LONGEST} letters, digits, '.', '_' and '-', and starts with a letter or a digit, unlike \
     \"{}\"",
    Visible(.0)
)]
pub struct InvalidAgentId(String);

impl AgentId {
    /// `agent-TYPE-EPOCHMS-RAND7`.
    #[must_use]
    pub fn new(agent_type: &AgentType, epoch_ms: i64) -> Self {
        use std::hash::BuildHasher as _;
        let mut random = std::hash::RandomState::new().hash_one(std::process::id());
        let mut end = String::new();
        for _ in 0..7 {
            let digit = usize::try_from(random % 36).unwrap_or(0);
            end.push(char::from(DIGITS[digit]));
            random /= 36;
        }
        Self(format!("agent-{agent_type}-{epoch_ms}-{end}"))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AgentId {
    type Err = InvalidAgentId;

    fn from_str(text: &str) -> Result<Self, InvalidAgentId> {
        let starts = text.bytes().next().is_some_and(|it| it.is_ascii_alphanumeric());
        if starts && text.len() <= LONGEST && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidAgentId(text.to_owned()))
        }
    }
}

impl TryFrom<String> for AgentId {
    type Error = InvalidAgentId;

    fn try_from(text: String) -> Result<Self, InvalidAgentId> {
        text.parse()
    }
}

impl From<AgentId> for String {
    fn from(id: AgentId) -> Self {
        id.0
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The id of a task: up to 64 letters, digits, `_`, `.` and `-`, after an optional prefix of lower-case letters such as
/// `cli:`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TaskId(String);

/// Text that is no id of a task.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "a task id has at most {LONGEST_TASK} letters, digits, '.', '_' and '-', after an optional prefix such as cli:, \
     unlike \"{}\"",
    Visible(.0)
)]
pub struct InvalidTaskId(String);

impl TaskId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TaskId {
    type Err = InvalidTaskId;

    fn from_str(text: &str) -> Result<Self, InvalidTaskId> {
        let (prefix, rest) = text.split_once(':').unwrap_or(("x", text));
        let is_prefix = !prefix.is_empty() && prefix.bytes().all(|it| it.is_ascii_lowercase());
        if is_prefix && rest.bytes().all(is_plain) && (1..=LONGEST_TASK).contains(&rest.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidTaskId(text.to_owned()))
        }
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{AgentId, TaskId};

    #[test]
    fn an_id_is_a_safe_name_of_a_file() {
        for id in ["agent-tester-1764201600000-a1b2c3d", "a", "0.x_y-z"] {
            assert!(id.parse::<AgentId>().is_ok(), "{id}");
        }
        for id in ["", ".", "..", ".state", "-x", "a/b", "a b", "a\n", &"x".repeat(129)] {
            assert!(id.parse::<AgentId>().is_err(), "{id}");
        }
        let made = "tester".parse().ok().map(|it| AgentId::new(&it, 1_764_201_600_000));
        let made = made.map(String::from).unwrap_or_default();
        let random = made.strip_prefix("agent-tester-1764201600000-").unwrap_or_default();
        assert!(random.len() == 7 && made.parse::<AgentId>().is_ok(), "{made}");
    }

    #[test]
    fn a_task_has_an_id_of_the_fleet() {
        for good in ["t1", "cli:t1", "A_b.c-d", &"x".repeat(64)] {
            assert!(good.parse::<TaskId>().is_ok_and(|it| it.as_str() == good), "{good}");
        }
        for bad in ["", ":", "cli:", "CLI:t", "a:b:c", "t 1", "t*", "t?", "[t]", "\u{e9}", &"x".repeat(65)] {
            assert!(bad.parse::<TaskId>().is_err(), "{bad}");
        }
    }
}
