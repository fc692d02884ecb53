//! `cache audit`: checks the time to live of a fleet's keys.

use serde::Serialize;

use super::super::error::Result;
use super::pages::pages;
use crate::cache::{Class, KeyName, QUERY_PREFIX, Resident, Server};
use crate::settings::CacheSettings;

/// Maximum time to live of other programs' keys, in seconds.
const SESSION_S: u64 = 3600;
const COORDINATION_S: u64 = 86_400;
const QUERY_S: u64 = 300;

/// Maximum number of example names.
const EXAMPLES: usize = 5;

/// The findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// The findings for each prefix.
    pub prefixes: Vec<AuditedPrefix>,
}

/// The keys with one prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditedPrefix {
    /// The prefix.
    pub prefix: &'static str,
    /// Their maximum time to live, in seconds. cfn's own answers may live longer.
    pub longest_s: u64,
    /// Number of keys.
    pub keys: u64,
    /// Memory in bytes; `None` if the server does not report it.
    pub memory_bytes: Option<u64>,
    /// Number of keys without a time to live.
    pub without_ttl: u64,
    /// Number of keys above the maximum.
    pub too_long: u64,
    /// Number of corrected keys.
    pub fixed: u64,
    /// Example names of wrong keys.
    pub examples: Vec<String>,
}

impl AuditReport {
    /// Number of wrong keys.
    #[must_use]
    pub fn wrong(&self) -> u64 {
        self.prefixes.iter().map(|it| it.without_ttl + it.too_long).sum()
    }
}

/// Checks every key of a fleet; with `fix`, sets the maximum time to live on wrong ones.
pub fn audit(server: &mut dyn Server, settings: &CacheSettings, fix: bool) -> Result<AuditReport> {
    let longest = Class::ALL.into_iter().map(|it| it.ttl(settings).as_secs()).max().unwrap_or(QUERY_S);
    let own_s = longest + longest.div_ceil(10); // with jitter
    let mut prefixes = Vec::new();
    for (prefix, longest_s) in [("session:", SESSION_S), ("coord:", COORDINATION_S), (QUERY_PREFIX, QUERY_S)] {
        let mut found = AuditedPrefix {
            prefix,
            longest_s,
            keys: 0,
            memory_bytes: Some(0),
            without_ttl: 0,
            too_long: 0,
            fixed: 0,
            examples: Vec::new(),
        };
        pages(server, prefix, &mut |server, names| {
            let residents = server.look(names)?;
            let (mut others, mut own) = (Vec::new(), Vec::new());
            for (name, resident) in names.iter().zip(residents) {
                let Some(resident) = resident else { continue };
                let is_own = prefix == QUERY_PREFIX && resident.is_an_answer;
                if found.add(name, &resident, if is_own { own_s } else { longest_s }) {
                    if is_own { own.push(name.clone()) } else { others.push(name.clone()) }
                }
            }
            if fix {
                found.fixed += (server.expire(&others, longest_s)? + server.expire(&own, longest)?) as u64;
            }
            Ok(())
        })?;
        prefixes.push(found);
    }
    Ok(AuditReport { prefixes })
}

impl AuditedPrefix {
    /// Counts a key; returns whether it lives longer than `longest_s`.
    fn add(&mut self, name: &KeyName, resident: &Resident, longest_s: u64) -> bool {
        self.keys += 1;
        self.memory_bytes = self.memory_bytes.zip(resident.memory_bytes).map(|(sum, more)| sum + more);
        let counter = match resident.expires_in_s {
            None => &mut self.without_ttl,
            Some(seconds) if seconds > longest_s => &mut self.too_long,
            Some(_) => return false,
        };
        *counter += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(String::from_utf8_lossy(name).into_owned());
        }
        true
    }
}
