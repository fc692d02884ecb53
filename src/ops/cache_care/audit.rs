//! `cache audit`: checks the time to live of a fleet's keys.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::error::Result;
use super::fleet::{Known, fits, known_for};
use super::pages::pages;
use crate::cache::{Class, KeyName, QUERY_PREFIX, Resident, Server};
use crate::settings::{CacheSettings, ExpiringKeys};

/// Maximum number of example names.
const EXAMPLES: usize = 5;

/// The findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// The findings for each kind of keys.
    pub prefixes: Vec<AuditedPrefix>,
}

/// The keys of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AuditedPrefix {
    /// The beginning of their names; a `*` within is anything but a colon.
    pub prefix: String,
    /// The program that sets them; `None` if unknown.
    pub owner: Option<&'static str>,
    /// The time to live that the owner or the configuration sets, in seconds; `None` if neither does. cfn's own answers
    /// may live longer.
    pub longest_s: Option<u64>,
    /// Number of keys.
    pub keys: u64,
    /// Memory in bytes; `None` if the server does not report it.
    pub memory_bytes: Option<u64>,
    /// Number of keys without a time to live.
    pub without_ttl: u64,
    /// Number of keys above the maximum.
    pub too_long: u64,
    /// Number of wrong keys that `--fix` may correct.
    pub fixable: u64,
    /// Number of corrected keys.
    pub fixed: u64,
    /// Example names of wrong keys.
    pub examples: Vec<String>,
}

impl AuditReport {
    /// Number of keys that live longer than their owner or the configuration wants.
    #[must_use]
    pub fn wrong(&self) -> u64 {
        let bounded = self.prefixes.iter().filter(|it| it.longest_s.is_some());
        bounded.map(|it| it.without_ttl + it.too_long).sum()
    }

    /// Number of those that `--fix` may correct.
    #[must_use]
    pub fn fixable(&self) -> u64 {
        self.prefixes.iter().map(|it| it.fixable).sum()
    }
}

/// Checks every key. With `fix`, sets the maximum time to live on wrong keys of cfn, and on those that `named` names; never
/// less than the owner sets.
pub fn audit(
    server: &mut dyn Server,
    settings: &CacheSettings,
    named: &[ExpiringKeys],
    fix: bool,
) -> Result<AuditReport> {
    let mut audit = Audit::new(settings, named);
    pages(server, "", &mut |server, names| {
        let wrong = audit.page(server, names)?;
        if fix {
            for ((prefix, seconds), names) in wrong {
                let fixed = server.expire(&names, seconds)? as u64;
                audit.found.entry(prefix).or_default().fixed += fixed;
            }
        }
        Ok(())
    })?;
    Ok(AuditReport { prefixes: audit.found.into_values().collect() })
}

/// Checks a sample of the keys: about as many as the server scans at once.
pub(in crate::ops) fn audit_sample(
    server: &mut dyn Server,
    settings: &CacheSettings,
    named: &[ExpiringKeys],
) -> Result<AuditReport> {
    let mut audit = Audit::new(settings, named);
    let page = server.page("", 0)?;
    audit.page(server, &page.names)?;
    Ok(AuditReport { prefixes: audit.found.into_values().collect() })
}

/// Wrong keys that may be corrected, by kind and time to live.
type Wrong = BTreeMap<(String, u64), Vec<KeyName>>;

/// An audit under way.
struct Audit<'a> {
    named: &'a [ExpiringKeys],
    /// Time to live of cfn's own answers, without jitter.
    own_s: u64,
    found: BTreeMap<String, AuditedPrefix>,
}

/// What a key should be.
struct Rule {
    prefix: String,
    owner: Option<&'static str>,
    /// The most that is right, and what `--fix` sets.
    longest: Option<(u64, u64)>,
    may_fix: bool,
}

impl<'a> Audit<'a> {
    fn new(settings: &CacheSettings, named: &'a [ExpiringKeys]) -> Self {
        let own_s = Class::ALL.into_iter().map(|it| it.ttl(settings).as_secs()).max().unwrap_or_default();
        Self { named, own_s, found: BTreeMap::new() }
    }

    /// Counts the keys of a page; returns those to correct.
    fn page(&mut self, server: &mut dyn Server, names: &[KeyName]) -> Result<Wrong> {
        let mut wrong = Wrong::new();
        for (name, resident) in names.iter().zip(server.look(names)?) {
            let Some(resident) = resident else { continue };
            let Some(rule) = self.rule(name, &resident) else { continue };
            let found = self.found.entry(rule.prefix.clone()).or_insert_with(|| AuditedPrefix {
                prefix: rule.prefix.trim_end_matches('*').to_owned(),
                owner: rule.owner,
                memory_bytes: Some(0),
                ..AuditedPrefix::default()
            });
            let longest = rule.longest.map(|it| it.0);
            found.longest_s = if resident.is_an_answer { found.longest_s.or(longest) } else { longest };
            if found.add(name, &resident, &rule)
                && let Some((_, set)) = rule.longest.filter(|_| rule.may_fix)
            {
                found.fixable += 1;
                wrong.entry((rule.prefix, set)).or_default().push(name.clone());
            }
        }
        Ok(wrong)
    }

    /// What is known of a key; `None` if nothing is.
    fn rule(&self, name: &[u8], resident: &Resident) -> Option<Rule> {
        if resident.is_an_answer && name.starts_with(QUERY_PREFIX.as_bytes()) {
            let with_jitter = self.own_s + self.own_s.div_ceil(10);
            let longest = Some((with_jitter, self.own_s));
            return Some(Rule { prefix: format!("{QUERY_PREFIX}*"), owner: Some("cfn"), longest, may_fix: true });
        }
        let named = self.named.iter().find(|it| fits(&it.pattern, name));
        let wanted = named.and_then(|it| it.seconds);
        match known_for(name) {
            Some(Known { pattern, seconds, owner }) => {
                let longest = seconds.max(wanted).map(|it| (it, it));
                Some(Rule { prefix: pattern.to_owned(), owner: Some(owner), longest, may_fix: named.is_some() })
            }
            None => named.map(|it| Rule {
                prefix: it.pattern.clone(),
                owner: None,
                longest: wanted.map(|it| (it, it)),
                may_fix: true,
            }),
        }
    }
}

impl AuditedPrefix {
    /// Counts a key; returns whether it lives longer than it should.
    fn add(&mut self, name: &KeyName, resident: &Resident, rule: &Rule) -> bool {
        self.keys += 1;
        self.memory_bytes = self.memory_bytes.zip(resident.memory_bytes).map(|(sum, more)| sum + more);
        let counter = match (resident.expires_in_s, rule.longest) {
            (None, _) => &mut self.without_ttl,
            (Some(seconds), Some((longest, _))) if seconds > longest => &mut self.too_long,
            (Some(_), _) => return false,
        };
        *counter += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(String::from_utf8_lossy(name).into_owned());
        }
        true
    }
}
