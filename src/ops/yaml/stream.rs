//! Reads a document item by item, within limits.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};

use serde::Deserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Options, alias_limits, budget, options};

use super::entry::{ApprovalEntry, MappingEntry, SkillEntry, UsageEntry};
use super::error::DocumentError;
use crate::ops::error::{Error, Result};

/// Maximum size of a document.
const MOST_BYTES: usize = 1024 * 1024 * 1024;
const MOST_NODES: usize = 100_000_000;
const MOST_ALIASES: usize = 1000;

/// Maximum number of values that aliases repeat. The export of another program may repeat a few lists, and a bomb is made
/// of nothing else.
const MOST_REPEATED: usize = 10_000;
/// The same in bytes of text.
const MOST_REPEATED_BYTES: usize = 1024 * 1024;
/// Maximum number of values that are kept to be repeated, and of their bytes.
const MOST_KEPT: usize = 50_000;
const MOST_KEPT_BYTES: usize = 16 * 1024 * 1024;

/// An item of a document.
pub(super) enum Item {
    /// The number of the format.
    Format(String),
    Skill(Box<SkillEntry>),
    Mapping(Box<MappingEntry>),
    Approval(Box<ApprovalEntry>),
    Usage(Box<UsageEntry>),
}

/// A section of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Skills,
    Usage,
}

/// Starts over.
pub(super) fn again(document: &mut File) -> Result<()> {
    document.seek(SeekFrom::Start(0)).map_err(|error| DocumentError::Invalid { problem: error.to_string() })?;
    Ok(())
}

/// Hands every item to `take`, in order; with a section, only its items.
pub(super) fn read(document: &mut File, only: Option<Section>, take: &mut dyn FnMut(Item) -> Result<()>) -> Result<()> {
    let size = document.metadata().map_err(|error| DocumentError::Invalid { problem: error.to_string() })?.len();
    read_sized(document, size, only, take)
}

fn read_sized(
    document: impl Read,
    size: u64,
    only: Option<Section>,
    take: &mut dyn FnMut(Item) -> Result<()>,
) -> Result<()> {
    let mut failed = None;
    let sink = Sink { only, take, failed: &mut failed };
    let limits = limits(usize::try_from(size).unwrap_or(usize::MAX));
    let read = serde_saphyr::with_deserializer_from_reader_with_options(document, limits, |it| sink.deserialize(it));
    match (read, failed) {
        (_, Some(error)) => Err(error),
        (Err(error), None) => Err(DocumentError::Invalid { problem: problem(&error) }.into()),
        (Ok(()), None) => Ok(()),
    }
}

fn limits(size: usize) -> Options {
    options! {
        with_snippet: false,
        alias_limits: alias_limits! { max_total_replayed_events: MOST_REPEATED },
        budget: budget! {
            max_reader_input_bytes: Some(MOST_BYTES),
            max_events: MOST_NODES,
            max_nodes: MOST_NODES,
            // Escapes make a text up to half as long again.
            max_total_scalar_bytes: size.saturating_mul(2).saturating_add(MOST_REPEATED_BYTES),
            max_recorded_anchor_events: MOST_KEPT,
            max_recorded_anchor_bytes: MOST_KEPT_BYTES,
            max_aliases: MOST_ALIASES,
            max_anchors: MOST_ALIASES,
        },
    }
}

/// What is wrong, without quoting the document.
fn problem(error: &serde_saphyr::Error) -> String {
    let line = error.location().map(|it| format!("line {}: ", it.line())).unwrap_or_default();
    let text = error.without_snippet().to_string();
    let known = ["missing field", "expected true, false", "duplicate"];
    let what = known.into_iter().find(|it| text.contains(it)).map_or_else(
        || "it is not YAML, it exceeds a limit, or a value has another type than its key takes".to_owned(),
        |it| format!("{it}…"),
    );
    format!("{line}{what}")
}

struct Sink<'a> {
    only: Option<Section>,
    take: &'a mut dyn FnMut(Item) -> Result<()>,
    failed: &'a mut Option<Error>,
}

impl Sink<'_> {
    fn give<E: serde::de::Error>(&mut self, item: Item) -> std::result::Result<(), E> {
        (self.take)(item).map_err(|error| {
            *self.failed = Some(error);
            E::custom("it was not taken")
        })
    }

    fn wants(&self, section: Option<Section>) -> bool {
        self.only.is_none() || self.only == section
    }
}

impl<'de> DeserializeSeed<'de> for Sink<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Sink<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> std::result::Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "version" if self.wants(None) => {
                    let format = map.next_value::<String>()?;
                    self.give(Item::Format(format))?;
                }
                "skills" if self.wants(Some(Section::Skills)) => {
                    map.next_value_seed(Items { sink: &mut self, item: |it| Item::Skill(Box::new(it)) })?;
                }
                "agent_skill_mappings" if self.wants(None) => {
                    map.next_value_seed(Items { sink: &mut self, item: |it| Item::Mapping(Box::new(it)) })?;
                }
                "approval_history" if self.wants(None) => {
                    map.next_value_seed(Items { sink: &mut self, item: |it| Item::Approval(Box::new(it)) })?;
                }
                "usage_statistics" if self.wants(Some(Section::Usage)) => {
                    map.next_value_seed(Items { sink: &mut self, item: |it| Item::Usage(Box::new(it)) })?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The items of a section.
struct Items<'s, 'a, T> {
    sink: &'s mut Sink<'a>,
    item: fn(T) -> Item,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Items<'_, '_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Items<'_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        while let Some(item) = items.next_element::<T>()? {
            self.sink.give((self.item)(item))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::{Item, read_sized};

    fn names(document: &str) -> Option<Vec<String>> {
        let mut names = Vec::new();
        let taken = read_sized(document.as_bytes(), document.len() as u64, None, &mut |item| {
            if let Item::Skill(skill) = item {
                names.push(format!("{} {:?} {:?}", skill.name(), skill.version, skill.tags));
            }
            Ok(())
        });
        taken.ok().map(|()| names)
    }

    #[test]
    fn text_is_read_as_it_is_spelled() {
        let found = names("version: 2.0\nskills:\n- name: 12e4\n  version: 1.10\n  tags: [a, 'b']\n  other: {x: 1}\n");
        assert_eq!(found, Some(vec![r#"12e4 Some("1.10") Some(Json("[\"a\",\"b\"]"))"#.to_owned()]));
    }

    #[test]
    fn aliases_repeat_few_values_and_little_text() {
        let list = |uses: usize| {
            let repeated = vec!["*a"; uses].join(", ");
            format!("a: &a [{}]\nskills:\n- name: s\n  other: [{repeated}]\n", "x, ".repeat(1000))
        };
        assert!(names(&list(9)).is_some());
        assert_eq!(names(&list(11)), None);
        let text = |uses: usize| {
            let repeated = vec!["*a"; uses].join(", ");
            format!("a: &a {}\nskills:\n- name: s\n  tags: [{repeated}]\n", "x".repeat(100_000))
        };
        assert!(names(&text(10)).is_some());
        assert_eq!(names(&text(15)), None);
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (before, now) in "abcdefgh".chars().zip("bcdefghi".chars()) {
            let repeated = vec![format!("*{before}"); 9].join(", ");
            let _ = writeln!(bomb, "{now}: &{now} [{repeated}]");
        }
        assert_eq!(names(&bomb), None);
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let bomb = format!("a: &a [{}]\nskills: [{}]\n", "x, ".repeat(10), "*a, ".repeat(2000));
        for bad in
            ["- a\n", "skills: 1\n", "skills:\n- name: [a]\n", "skills: [", "a: 1\na: 2\n", "--- {}\n--- {}\n", &bomb]
        {
            assert_eq!(names(bad), None, "{bad:.40}");
        }
    }
}
