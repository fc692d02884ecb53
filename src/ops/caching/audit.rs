//! `cache audit`: the keys of a fleet, and whether each of them ends as it should.

use serde::Serialize;

use super::super::error::Result;
use super::pages;
use crate::cache::{Class, KeyName, QUERY_PREFIX, Resident, Server};
use crate::settings::CacheSettings;

/// How long keys of other programs live at most, in seconds.
const SESSION_S: u64 = 3600;
const COORDINATION_S: u64 = 86_400;
const QUERY_S: u64 = 300;

/// The most names that are shown of those that are wrong.
const EXAMPLES: usize = 5;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// By kind of key.
    pub prefixes: Vec<AuditedPrefix>,
}

/// The keys of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditedPrefix {
    /// What their names begin with.
    pub prefix: &'static str,
    /// How long they live at most, in seconds. cfn's own answers may live longer than those of other programs.
    pub longest_s: u64,
    /// How many there are.
    pub keys: u64,
    /// What they take in memory, in bytes; `None`: the server does not say.
    pub memory_bytes: Option<u64>,
    /// Those that live for ever.
    pub without_ttl: u64,
    /// Those that live longer than they should.
    pub too_long: u64,
    /// Those that were given the time that they should have.
    pub fixed: u64,
    /// Some of those that are wrong.
    pub examples: Vec<String>,
}

impl AuditReport {
    /// How many keys live too long or for ever.
    #[must_use]
    pub fn wrong(&self) -> u64 {
        self.prefixes.iter().map(|it| it.without_ttl + it.too_long).sum()
    }
}

/// Looks at every key of a fleet; with `fix`, those that live too long get the time that they should have.
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
    /// Counts a key; whether it lives longer than `longest_s`.
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
