//! The rules of clients: data with sources, since clients change them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::client::Client;
use crate::ops::error::Result;
use crate::store::StoreError;

const RULES: &str = include_str!("rules.yaml");

/// A number or a habit of a client, with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientRule {
    /// The number, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// What it means.
    pub means: String,
    /// An address, or a file in a repository.
    pub source: String,
    /// The day when the source was read.
    pub read: String,
    /// What the source leaves open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncertain: Option<String>,
}

/// The rules of a client.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientRules {
    /// The client's name, for people.
    pub(super) name: String,
    /// Where it finds a project's skills.
    pub(super) folder: String,
    /// The rules by name.
    pub(super) rules: BTreeMap<String, ClientRule>,
}

impl ClientRules {
    pub(super) fn of(client: Client) -> Result<Self> {
        let mut all: BTreeMap<String, Self> = serde_saphyr::from_str(RULES).map_err(|_| DEFECT)?;
        Ok(all.remove(client.as_str()).ok_or(DEFECT)?)
    }

    pub(super) fn number(&self, rule: &str) -> Result<u64> {
        Ok(self.rules.get(rule).and_then(|it| it.value).ok_or(DEFECT)?)
    }
}

const DEFECT: StoreError = StoreError::Defect("the rules of clients that cfn was built with are damaged");

#[cfg(test)]
mod tests {
    use super::ClientRules;
    use crate::ops::client_budget::Client;
    use crate::ops::error::Result;

    #[test]
    fn every_rule_has_a_source_and_a_day() -> Result<()> {
        for client in Client::ALL {
            let rules = ClientRules::of(client)?;
            assert!(rules.rules.contains_key("order"), "{client:?}");
            for (name, rule) in rules.rules {
                let source = &rule.source;
                assert!(source.starts_with("https://") || source.split(['/', ' ']).count() > 3, "{name}: {source}");
                assert!(rule.read.parse::<jiff::civil::Date>().is_ok(), "{name}: {}", rule.read);
            }
        }
        Ok(())
    }
}
