//! One pass over the lines of a text.

use std::collections::BTreeSet;

use super::report::Raised;
use super::shape::Shape;
use super::signals::{Part, SIGNALS, of_line};
use crate::model::hidden_characters;

/// What a host adds to the score of external dependencies, and the most that all of them add.
const HOST: f64 = 0.1;
const HOSTS: f64 = 0.5;

/// What hidden characters add to the score of security.
const HIDDEN: f64 = 0.4;

/// Hosts of examples, and of the machine itself.
const INSIDE: [&str; 4] = ["0.0.0.0", "example.com", "example.org", "example.net"];

/// What the lines of a text raise.
#[derive(Debug, Default)]
pub(super) struct Scan<'t> {
    pub(super) security: Vec<Raised>,
    pub(super) external: Vec<Raised>,
    pub(super) shape: Shape<'t>,
}

impl<'t> Scan<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut scan = Self::default();
        let mut found: Vec<Raised> = SIGNALS.iter().map(|it| Raised::new(it.what, it.weight)).collect();
        let mut last = vec![0; SIGNALS.len()];
        let mut hosts = Hosts::default();
        for (line, number) in text.lines().zip(1..) {
            scan.shape.add(number, line);
            if line.is_empty() {
                continue;
            }
            hosts.add(number, line);
            for index in of_line(line) {
                if let (Some(raised), Some(last)) = (found.get_mut(index), last.get_mut(index))
                    && std::mem::replace(last, number) != number
                {
                    raised.add(number, line);
                }
            }
        }
        for (signal, raised) in SIGNALS.iter().zip(found).filter(|(_, it)| !it.lines.is_empty()) {
            match signal.part {
                Part::Security => scan.security.push(raised),
                Part::External => scan.external.push(raised),
            }
        }
        scan.security.extend(hidden(text));
        scan.external.extend(hosts.raised());
        scan
    }
}

/// Characters that a reviewer does not see.
fn hidden(text: &str) -> Option<Raised> {
    let mut raised = Raised::new("hides characters", HIDDEN);
    for it in hidden_characters(text) {
        raised.add(it.line, &format!("U+{:04X}", u32::from(it.character)));
    }
    Some(raised).filter(|it| !it.lines.is_empty())
}

/// The hosts of the URLs, each once.
#[derive(Debug, Default)]
struct Hosts<'t> {
    names: BTreeSet<&'t str>,
    lines: Vec<(usize, &'t str)>,
}

impl<'t> Hosts<'t> {
    fn add(&mut self, number: usize, line: &'t str) {
        for (at, marker) in line.match_indices("://") {
            let is_web = line[..at].ends_with("http") || line[..at].ends_with("https");
            let rest = &line[at + marker.len()..];
            let end = rest.bytes().position(|it| !(it.is_ascii_alphanumeric() || b".-".contains(&it)));
            let host = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            if is_web && is_outside(host) && self.names.insert(host) {
                self.lines.push((number, line));
            }
        }
    }

    fn raised(self) -> Option<Raised> {
        let count = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let what = if count == 1 { "names a host".to_owned() } else { format!("names {count} hosts") };
        let mut raised = Raised::new(what, (HOST * f64::from(count)).min(HOSTS));
        for (number, line) in self.lines {
            raised.add(number, line);
        }
        Some(raised).filter(|it| !it.lines.is_empty())
    }
}

/// Whether it is a name or address of another machine. A name without a dot is one of the local network.
fn is_outside(host: &str) -> bool {
    let is_example = INSIDE.iter().any(|it| host == *it || host.strip_suffix(it).is_some_and(|it| it.ends_with('.')));
    host.trim_matches('.').contains('.') && !host.starts_with("127.") && !is_example
}

#[cfg(test)]
mod tests {
    use super::Scan;

    #[test]
    fn hosts_are_counted_once_each() {
        let text = "https://a.test/x and http://b.test\nhttps://a.test\nhttp://localhost:80 https://example.com http://127.0.0.1 ftp://c.test";
        let found = Scan::of(text).external;
        let hosts = found.iter().find(|it| it.what.starts_with("names")).map(|it| (it.what.as_str(), it.adds));
        assert_eq!(hosts, Some(("names 2 hosts", 0.2)));
        assert!(Scan::of("https://example.org").external.is_empty());
    }

    #[test]
    fn hidden_characters_are_named_by_their_number() {
        let found = Scan::of("fine\na\u{200b}b\n").security;
        assert_eq!((found[0].lines[0].line, found[0].lines[0].text.as_str()), (2, "U+200B"));
    }
}
