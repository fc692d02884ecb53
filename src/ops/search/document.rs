//! What the index has of a skill: its terms, each with a weight, and its length.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::encoding::Length;
use super::words;
use crate::model::{StoredTags, folded};
use crate::skill_file::{Limits, SkillFile};
use crate::store::Searchable;

/// The weights of the fields, doubled so that they are whole numbers.
const NAME: u32 = 10;
const TAGS: u32 = 6;
const DESCRIPTION: u32 = 4;
const HEADINGS: u32 = 3;
const BODY: u32 = 2;

/// Before a term that is a whole name. No word has it.
pub(super) const NAME_MARK: &str = "=";
/// Before a term that is a tag.
pub(super) const TAG_MARK: &str = "#";

/// The terms of a skill.
#[derive(Debug, Default)]
pub(super) struct Terms {
    pub(super) weights: HashMap<String, u32>,
    words: u32,
}

impl Terms {
    /// The terms of a skill with these bytes; without bytes, of its name and tags.
    pub(super) fn of(skill: &Searchable, bytes: Option<&[u8]>) -> Self {
        let mut terms = Self::default();
        terms.add(&skill.name, NAME);
        terms.mark(NAME_MARK, &words::name_key(&skill.name));
        for tag in skill.tags.iter().flat_map(StoredTags::words) {
            terms.add(&tag, TAGS);
            terms.mark(TAG_MARK, &folded(&tag));
        }
        // Its size was checked when it was stored.
        let limits = Limits { file_bytes: usize::MAX, ..Limits::default() };
        if let Some(file) = bytes.and_then(|it| SkillFile::read(it, &limits).ok()) {
            let description = file.front_matter.as_ref().and_then(|it| it.description.as_deref());
            terms.add(description.unwrap_or_default(), DESCRIPTION);
            terms.body(file.body);
        }
        terms
    }

    pub(super) fn length(&self, served: bool) -> Length {
        Length { words: self.words, served }
    }

    /// Headings, and the rest. In code, a `#` starts a comment.
    fn body(&mut self, body: &str) {
        let mut code = false;
        for line in body.lines() {
            code ^= line.trim_start().starts_with("```");
            let heading = !code && line.starts_with('#');
            self.add(line, if heading { HEADINGS } else { BODY });
        }
    }

    fn add(&mut self, text: &str, weight: u32) {
        words::each_word(text, &mut |word| {
            self.words = self.words.saturating_add(weight);
            match self.weights.get_mut(word) {
                Some(sum) => *sum = sum.saturating_add(weight),
                None => {
                    self.weights.insert(word.to_owned(), weight);
                }
            }
        });
    }

    /// A term that does not count as a word. An endless tag would be a key without limit.
    fn mark(&mut self, mark: &str, text: &str) {
        if !text.is_empty() && text.len() <= 256 {
            self.weights.insert(format!("{mark}{text}"), 1);
        }
    }
}

/// Changes with everything that the index has of a skill.
pub(super) fn fingerprint(skill: &Searchable) -> u64 {
    let tags = skill.tags.as_ref().map(StoredTags::as_str).unwrap_or_default();
    let mut digest = Sha256::new();
    for part in [&skill.name, tags, &skill.content_hash] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.update([u8::from(skill.served)]);
    let digest: [u8; 32] = digest.finalize().into();
    digest.first_chunk().map_or(0, |it| u64::from_le_bytes(*it))
}

#[cfg(test)]
mod tests {
    use super::{Terms, fingerprint};
    use crate::model::{SkillId, StoredTags};
    use crate::store::Searchable;

    fn skill() -> Searchable {
        Searchable {
            id: SkillId(1),
            name: "jwt-auth".to_owned(),
            tags: Some(StoredTags::of(&["Web API".to_owned()])),
            version: "1.0.0".to_owned(),
            content_hash: "h".to_owned(),
            served: true,
        }
    }

    #[test]
    fn each_field_has_its_weight() {
        let text = "---\nname: x\ndescription: Signs tokens.\n---\n# Keys\nSigns.\n```sh\n# comment\n```\n";
        let terms = Terms::of(&skill(), Some(text.as_bytes()));
        let weight = |term: &str| terms.weights.get(term).copied().unwrap_or_default();
        assert_eq!(["jwt", "web", "tokens", "keys", "comment"].map(weight), [10, 6, 4, 3, 2]);
        assert_eq!((weight("signs"), weight("sh"), weight("x")), (6, 2, 0));
        assert_eq!((weight("=jwt-auth"), weight("#web api")), (1, 1));
        assert_eq!(terms.length(true).words, 10 * 2 + 6 * 2 + 4 * 2 + 3 + 2 * 3);
        let bare = Terms::of(&skill(), None);
        assert_eq!(bare.length(true).words, 32, "name and tags");
    }

    #[test]
    fn a_fingerprint_changes_with_each_part() {
        let first = fingerprint(&skill());
        assert_eq!(first, fingerprint(&Searchable { version: "2.0.0".to_owned(), ..skill() }));
        for other in [
            Searchable { name: "jwt".to_owned(), ..skill() },
            Searchable { tags: None, ..skill() },
            Searchable { content_hash: "i".to_owned(), ..skill() },
            Searchable { served: false, ..skill() },
        ] {
            assert_ne!(fingerprint(&other), first, "{other:?}");
        }
    }
}
