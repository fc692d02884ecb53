//! The key of an answer: a digest of everything that the answer depends on.

use std::fmt::Write as _;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::class::Class;
use crate::model::{CacheKey, Revision, Tables};

/// What every key of an answer begins with.
pub const QUERY_PREFIX: &str = "cache:query:";

/// The format of answers. It includes the version of cfn, since another version may answer the same query differently.
const FORMAT: &str = concat!("cfn ", env!("CARGO_PKG_VERSION"), ", format 5");

/// The prefix of the key of a database's statistics.
pub const STATISTICS_PREFIX: &str = "cache:stats:";

/// A query key: the name of the query, and all its parameters that the answer depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The class of the query.
    pub class: Class,
    /// The tables that its answer depends on.
    pub tables: Tables,
    /// Each field is preceded by its kind and length, so that different queries have different bytes.
    fields: Vec<u8>,
}

impl Question {
    /// A question without parameters; `name` is unique among all questions.
    #[must_use]
    pub fn new(class: Class, tables: Tables, name: &str) -> Self {
        Self { class, tables, fields: Vec::with_capacity(256) }.text(name)
    }

    /// Adds a text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.fields.push(b't');
        field(&mut self.fields, text.as_bytes());
        self
    }

    /// Adds an optional text. `None` differs from an empty text.
    #[must_use]
    pub fn optional(mut self, text: Option<&str>) -> Self {
        if let Some(text) = text {
            return self.text(text);
        }
        self.fields.push(b'-');
        self
    }

    /// Adds a set of texts.
    #[must_use]
    pub fn set(mut self, texts: &[String]) -> Self {
        let mut sorted: Vec<_> = texts.iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        self.fields.push(b's');
        self.fields.extend((sorted.len() as u64).to_le_bytes());
        sorted.into_iter().fold(self, |it, text| it.text(text))
    }

    /// Adds an optional number.
    #[must_use]
    pub fn number(mut self, number: Option<u64>) -> Self {
        match number {
            Some(number) => {
                self.fields.push(b'n');
                self.fields.extend(number.to_le_bytes());
            }
            None => self.fields.push(b'-'),
        }
        self
    }

    /// Adds a boolean.
    #[must_use]
    pub fn flag(mut self, flag: bool) -> Self {
        self.fields.push(if flag { b'y' } else { b'f' });
        self
    }

    /// A digest of the query, independent of the revision.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.fields).into()
    }
}

/// A question about one state of one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The class of the query.
    pub class: Class,
    pub(super) digest: [u8; 32],
    pub(super) secret: CacheKey,
    database_id: [u8; 16],
}

impl Key {
    /// The key of this question's answer where the database is in this state.
    #[must_use]
    pub fn of(revision: &Revision, question: &Question) -> Self {
        let mut bytes = Vec::with_capacity(256);
        field(&mut bytes, FORMAT.as_bytes());
        field(&mut bytes, revision.database());
        field(&mut bytes, revision.state());
        bytes.extend(&question.fields);
        Self {
            class: question.class,
            digest: Sha256::digest(&bytes).into(),
            secret: revision.cache_key().clone(),
            database_id: *revision.database(),
        }
    }

    /// The name in Redis. It has only the first 16 digits of the digest, so it may hold the value of another key.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{QUERY_PREFIX}{}", hex(&self.digest[..8]))
    }

    /// The full digest.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The name of its database's statistics.
    #[must_use]
    pub fn statistics_name(&self) -> String {
        statistics_name(&self.database_id)
    }

    /// The time to live ±10 %, so that entries stored together do not all expire together.
    #[must_use]
    pub(super) fn jittered(&self, ttl: Duration) -> Duration {
        let share = u32::from(self.digest[31]) * 200 / 255; // the digest is as good as random
        (ttl * (900 + share) / 1000).max(Duration::from_secs(1))
    }
}

/// The name of a database's statistics.
#[must_use]
pub fn statistics_name(database_id: &[u8; 16]) -> String {
    format!("{STATISTICS_PREFIX}{}", hex(database_id))
}

fn field(bytes: &mut Vec<u8>, field: &[u8]) {
    bytes.extend((field.len() as u64).to_le_bytes());
    bytes.extend(field);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use super::{Key, Question};
    use crate::cache::Class;
    use crate::model::{CacheKey, Revision, Tables};

    pub(in crate::cache) fn revision() -> Revision {
        Revision::new([1; 16], vec![2; 16], CacheKey([9; 32]))
    }

    fn question() -> Question {
        Question::new(Class::Load, Tables::Catalogue, "load")
    }

    #[test]
    fn everything_that_an_answer_depends_on_is_in_the_key() {
        let of = |database, state: &[u8]| Revision::new([database; 16], state.to_vec(), CacheKey([9; 32]));
        let revisions = [revision(), of(3, &[2; 16]), of(1, &[3; 16]), of(1, &[2; 32]), of(1, &[])];
        let names: HashSet<_> = revisions.iter().map(|it| Key::of(it, &question()).name()).collect();
        assert_eq!(names.len(), revisions.len());
        assert_eq!(Key::of(&revision(), &question()), Key::of(&revision(), &question()));
    }

    #[test]
    fn no_two_questions_have_the_same_key() {
        let texts = |it: &[&str]| it.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
        let questions = [
            question(),
            Question::new(Class::Load, Tables::Catalogue, "loads"),
            question().text("ab").text("c"),
            question().text("a").text("bc"),
            question().text("abc").text(""),
            question().optional(None),
            question().text(""),
            question().text("").optional(None),
            question().optional(None).text(""),
            question().set(&[]),
            question().set(&texts(&["ab", "c"])),
            question().set(&texts(&["a", "bc"])),
            question().set(&texts(&["abc"])),
            question().number(Some(0)),
            question().number(Some(1)),
            question().flag(true),
            question().flag(true).flag(true),
        ];
        let names: HashSet<_> = questions.iter().map(|it| Key::of(&revision(), it).name()).collect();
        assert_eq!(names.len(), questions.len());
        let (one, other) = (question().set(&texts(&["b", "a", "a"])), question().set(&texts(&["a", "b"])));
        assert_eq!(Key::of(&revision(), &one), Key::of(&revision(), &other), "the order means nothing");
    }

    #[test]
    fn a_name_is_the_prefix_and_sixteen_digits() {
        let name = Key::of(&revision(), &question()).name();
        let digits = name.strip_prefix("cache:query:").unwrap_or_default();
        assert!(digits.len() == 16 && digits.bytes().all(|it| it.is_ascii_hexdigit()), "{name}");
        assert_eq!(Key::of(&revision(), &question()).statistics_name(), format!("cache:stats:{}", "01".repeat(16)));
    }

    #[test]
    fn jitter_is_at_most_a_tenth() {
        let ttl = |byte| {
            let mut key = Key::of(&revision(), &question());
            key.digest[31] = byte;
            key.jittered(Duration::from_secs(3600)).as_secs()
        };
        assert_eq!((ttl(0), ttl(255)), (3240, 3960));
        assert!((0..=255).all(|byte| (3240..=3960).contains(&ttl(byte))));
        assert_eq!(Key::of(&revision(), &question()).jittered(Duration::from_millis(1)), Duration::from_secs(1));
    }
}
