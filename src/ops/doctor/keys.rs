//! The keys of the fleet, by a sample.

use super::diagnosis::{Area, Diagnosis, Fix, first_of};
use crate::ops::cache_care::{AuditReport, AuditedPrefix};

const REDIS: Area = Area::Redis;

/// Whether keys have the time to live that their owners set, and which keys have none.
pub(super) fn key_lines(sample: &AuditReport) -> Vec<Diagnosis> {
    vec![times(sample), leaks(sample)]
}

fn times(sample: &AuditReport) -> Diagnosis {
    let name = "times to live";
    let looked_at: u64 = sample.prefixes.iter().map(|it| it.keys).sum();
    let wrong: Vec<_> =
        sample.prefixes.iter().filter(|it| it.longest_s.is_some() && it.without_ttl + it.too_long > 0).collect();
    if wrong.is_empty() {
        return Diagnosis::ok(REDIS, name, format!("right for {looked_at} known keys of a sample"));
    }
    let shown: Vec<_> = wrong.iter().map(|it| described(it)).collect();
    let prefixes = wrong.iter().map(|it| it.prefix.as_str()).collect::<Vec<_>>().join(",");
    let mend = format!("cfn cache audit --fix --expire-keys {}", super::diagnosis::quoted(&prefixes));
    let line = Diagnosis::warn(REDIS, name, first_of(&shown), mend);
    if sample.fixable() > 0 { line.fixed_by(Fix::ExpireKeys) } else { line }
}

fn described(keys: &AuditedPrefix) -> String {
    let owner = keys.owner.map_or_else(String::new, |it| format!(" of {it}"));
    let longest = keys.longest_s.unwrap_or_default();
    format!(
        "{}{owner}: {} of {} without a time, {} with more than {longest} s",
        keys.prefix, keys.without_ttl, keys.keys, keys.too_long
    )
}

/// Keys that stay for ever because their owners set no time.
fn leaks(sample: &AuditReport) -> Diagnosis {
    let name = "keys that stay";
    let stay: Vec<_> = sample.prefixes.iter().filter(|it| it.longest_s.is_none() && it.without_ttl > 0).collect();
    if stay.is_empty() {
        return Diagnosis::ok(REDIS, name, "none in a sample");
    }
    let shown: Vec<_> = stay.iter().map(|it| format!("{}: {}", it.prefix, it.without_ttl)).collect();
    let prefixes = stay.iter().map(|it| format!("{}=604800", it.prefix)).collect::<Vec<_>>().join(",");
    let mend = format!(
        "their owners set no time; if a week is enough: cfn cache audit --fix --expire-keys {}",
        super::diagnosis::quoted(&prefixes)
    );
    Diagnosis::warn(REDIS, name, first_of(&shown), mend)
}
