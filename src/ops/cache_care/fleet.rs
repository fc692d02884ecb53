//! The keys of the fleet, with the times to live that their owners set: `fleet.txt`.

use std::sync::LazyLock;

/// Keys of one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// `*` is anything but a colon, and at the end anything.
    pub(super) pattern: &'static str,
    /// The longest time to live that an owner sets, in seconds; `None` if none is set.
    pub(super) seconds: Option<u64>,
    /// The owner.
    pub(super) owner: &'static str,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| include_str!("fleet.txt").lines().filter_map(known).collect());

fn known(line: &'static str) -> Option<Known> {
    let (pattern, rest) = line.split_once(' ').filter(|(first, _)| *first != "#")?;
    let (seconds, owner) = rest.split_once(' ')?;
    Some(Known { pattern, seconds: seconds.parse().ok(), owner })
}

/// The first known pattern that fits a key.
pub(super) fn known_for(key: &[u8]) -> Option<Known> {
    KNOWN.iter().find(|it| fits(it.pattern, key)).copied()
}

/// Whether a key fits a pattern.
pub(super) fn fits(pattern: &str, key: &[u8]) -> bool {
    let (wanted, is_open) = match pattern.strip_suffix('*') {
        Some(wanted) => (wanted, true),
        None => (pattern, false),
    };
    let (mut rest, mut first) = (key, true);
    for literal in wanted.split('*') {
        if !first {
            let end = rest.iter().position(|it| *it == b':').unwrap_or(rest.len());
            rest = &rest[end..];
        }
        match rest.strip_prefix(literal.as_bytes()) {
            Some(left) => rest = left,
            None => return false,
        }
        first = false;
    }
    is_open || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, fits, known_for};

    #[test]
    fn a_star_is_one_part_and_at_the_end_anything() {
        for (pattern, key, expected) in [
            ("session:*", "session:1:2", true),
            ("session:*", "sessions:1", false),
            ("swarm:*:context", "swarm:t1:context", true),
            ("swarm:*:context", "swarm:t1:a:context", false),
            ("swarm:*:*:done", "swarm:t1:a1:done", true),
            ("swarm:*:*:done", "swarm:t1:done", false),
            ("zai_team_costs", "zai_team_costs", true),
            ("zai_team_costs", "zai_team_costs2", false),
        ] {
            assert_eq!(fits(pattern, key.as_bytes()), expected, "{pattern} {key}");
        }
    }

    #[test]
    fn every_line_is_read_and_can_be_the_first_to_fit() {
        let lines = include_str!("fleet.txt").lines().filter(|it| !it.starts_with('#')).count();
        assert_eq!(KNOWN.len(), lines);
        for known in KNOWN.iter() {
            let key = known.pattern.replace('*', "x");
            assert_eq!(known_for(key.as_bytes()), Some(*known), "an earlier pattern hides it");
        }
        let found = |key: &str| known_for(key.as_bytes()).map(|it| (it.pattern, it.seconds));
        assert_eq!(found("session:1"), Some(("session:*", Some(86_400))));
        assert_eq!(found("swarm:t:a:done"), Some(("swarm:*:*:done", None)));
        assert_eq!(found("other"), None);
    }
}
