//! The bytes of the index. Skills are numbered by blocks: block `id / SIZE`, number `id % SIZE`.
//!
//! | what | bytes |
//! |---|---|
//! | postings of a term | for each skill: the distance to the previous number, and the weight of the term |
//! | lengths of a block | four bytes for each number: the length plus one, with the highest bit set if it is served |
//! | documents of a block | for each skill: the distance, its fingerprint, and its name |
//!
//! Numbers are written in seven bits a byte, the lowest first. What cannot be decoded is damage.

use super::failed::Failed;

/// Number of skills in a block. A change rewrites its block, and a search looks every term up in each.
pub(super) const SIZE: i64 = 1024;

/// Set in a length if agents may get the skill.
const SERVED: u32 = 1 << 31;

/// The block and the number of a skill.
pub(super) fn place(skill: i64) -> (i64, u16) {
    let number = u16::try_from(skill.rem_euclid(SIZE)).unwrap_or_default();
    (skill.div_euclid(SIZE), number)
}

/// The id of a skill.
pub(super) fn id(block: i64, number: u16) -> i64 {
    block.saturating_mul(SIZE).saturating_add(i64::from(number))
}

/// The length of a document, and whether it is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) words: u32,
    pub(super) served: bool,
}

/// The lengths of a block, by number.
pub(super) fn lengths(bytes: &[u8]) -> Vec<Option<Length>> {
    let (fours, _) = bytes.as_chunks::<4>();
    let length = |it: &[u8; 4]| {
        let word = u32::from_le_bytes(*it);
        (word & !SERVED).checked_sub(1).map(|words| Length { words, served: word & SERVED != 0 })
    };
    fours.iter().map(length).collect()
}

pub(super) fn lengths_to_bytes(lengths: &[Option<Length>]) -> Vec<u8> {
    let word = |it: &Option<Length>| {
        it.map_or(0, |it| it.words.saturating_add(1).min(SERVED - 1) | if it.served { SERVED } else { 0 })
    };
    lengths.iter().flat_map(|it| word(it).to_le_bytes()).collect()
}

/// A document of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) number: u16,
    /// Of everything that the index has of the skill.
    pub(super) fingerprint: u64,
    pub(super) name: String,
}

pub(super) fn documents(bytes: &[u8]) -> Result<Vec<Document>, Failed> {
    documents_that(bytes, |_| true)
}

/// The documents whose number passes. Of the others, nothing is copied.
pub(super) fn documents_that(bytes: &[u8], passes: impl Fn(u16) -> bool) -> Result<Vec<Document>, Failed> {
    let (mut reader, mut documents, mut last) = (Reader(bytes), Vec::new(), 0);
    while !reader.0.is_empty() {
        last += reader.number()?;
        let number = within_block(last)?;
        let fingerprint = reader.take(8)?.try_into().map(u64::from_le_bytes).map_err(|_| Failed::Damaged)?;
        let length = usize::try_from(reader.number()?).map_err(|_| Failed::Damaged)?;
        let name = reader.take(length)?;
        if passes(number) {
            let name = String::from_utf8(name.to_vec()).map_err(|_| Failed::Damaged)?;
            documents.push(Document { number, fingerprint, name });
        }
    }
    Ok(documents)
}

pub(super) fn documents_to_bytes(documents: &[Document]) -> Vec<u8> {
    let (mut bytes, mut last) = (Vec::new(), 0);
    for it in documents {
        put(u64::from(it.number - last), &mut bytes);
        bytes.extend(it.fingerprint.to_le_bytes());
        put(it.name.len() as u64, &mut bytes);
        bytes.extend(it.name.as_bytes());
        last = it.number;
    }
    bytes
}

/// The postings of a term: numbers and weights, in order.
pub(super) fn postings(bytes: &[u8]) -> Result<Vec<(u16, u32)>, Failed> {
    let (mut reader, mut postings, mut number) = (Reader(bytes), Vec::with_capacity(bytes.len() / 2), 0);
    while !reader.0.is_empty() {
        number += reader.number()?;
        let weight = u32::try_from(reader.number()?).map_err(|_| Failed::Damaged)?;
        postings.push((within_block(number)?, weight));
    }
    Ok(postings)
}

pub(super) fn postings_to_bytes(postings: &[(u16, u32)]) -> Vec<u8> {
    let (mut bytes, mut last) = (Vec::with_capacity(2 * postings.len()), 0);
    for &(number, weight) in postings {
        put(u64::from(number - last), &mut bytes);
        put(u64::from(weight), &mut bytes);
        last = number;
    }
    bytes
}

fn within_block(number: u64) -> Result<u16, Failed> {
    u16::try_from(number).ok().filter(|it| i64::from(*it) < SIZE).ok_or(Failed::Damaged)
}

fn put(mut number: u64, to: &mut Vec<u8>) {
    while number > 0x7f {
        to.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    to.push(u8::try_from(number).unwrap_or_default());
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// At most 35 bits, which keeps sums within 64.
    fn number(&mut self) -> Result<u64, Failed> {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let (&byte, rest) = self.0.split_first().ok_or(Failed::Damaged)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Failed::Damaged)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Failed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Failed::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Document, Length, documents, documents_to_bytes, id, lengths, lengths_to_bytes, place, postings,
        postings_to_bytes,
    };

    #[test]
    fn everything_comes_back_as_it_was() {
        for skill in [0, 1, 1023, 1024, -1, -1024, -1025, 5_000_000, i64::MAX, i64::MIN] {
            let (block, number) = place(skill);
            assert_eq!(id(block, number), skill);
        }
        let some = [(0, 1), (1, 127), (300, 128), (1023, u32::MAX)];
        assert_eq!(postings(&postings_to_bytes(&some)).ok().as_deref(), Some(&some[..]));
        let length = |words, served| Some(Length { words, served });
        let all = [length(0, true), None, length(70_000, false)];
        assert_eq!(lengths(&lengths_to_bytes(&all)), all);
        let document = |number, name: &str| Document { number, fingerprint: u64::MAX - 1, name: name.to_owned() };
        let two = [document(3, "jwt"), document(1023, "")];
        assert_eq!(documents(&documents_to_bytes(&two)).ok().as_deref(), Some(&two[..]));
    }

    #[test]
    fn damage_is_found_and_nothing_panics() {
        for bytes in [&[0x80][..], &[0xff; 9], &[1], &[0xff, 0x7f, 1], &[1, 2, 0xff]] {
            assert!(postings(bytes).is_err(), "{bytes:?}");
            assert!(documents(bytes).is_err(), "{bytes:?}");
        }
        assert!(lengths(&[1, 2]).is_empty());
    }
}
