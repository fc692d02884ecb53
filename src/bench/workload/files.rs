//! Generates skill files with realistic sizes.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bench::error::{Result, file};
use crate::bench::random::Random;

/// Median size of the skill files in public collections.
pub const MEDIAN_BYTES: usize = 4096;

/// The size distribution of skill files in public collections: percentiles and their sizes in bytes.
const SIZES: [(usize, usize); 8] =
    [(0, 400), (5, 1000), (25, 2300), (50, MEDIAN_BYTES), (75, 7400), (95, 17_000), (99, 34_000), (100, 60_000)];

const WORDS: [&str; 32] = [
    "agent",
    "approves",
    "before",
    "branch",
    "checks",
    "commit",
    "context",
    "database",
    "deploys",
    "every",
    "failure",
    "handler",
    "index",
    "keeps",
    "migration",
    "names",
    "never",
    "order",
    "prompt",
    "query",
    "reads",
    "review",
    "rollback",
    "schema",
    "skill",
    "test",
    "the",
    "token",
    "version",
    "when",
    "with",
    "writes",
];

/// The name of a skill.
#[must_use]
pub fn skill_name(number: usize) -> String {
    format!("skill-{number:06}")
}

/// A skill file. Each revision has different bytes. Sizes are those of public collections: median 4 KB, 95th percentile
/// 17 KB.
#[must_use]
pub fn skill_text(number: usize, revision: u64) -> String {
    let drawn = Random::new(number as u64 ^ 0x5_12E5).below(100_000);
    sized_skill_text(&skill_name(number), number, revision, size_at(drawn))
}

/// A skill file of this size, plus at most one line.
#[must_use]
pub fn sized_skill_text(name: &str, number: usize, revision: u64, bytes: usize) -> String {
    let mut random = Random::new((number as u64) << 20 | revision);
    let mut text = String::with_capacity(bytes + 200);
    let _ = write!(text, "---\nname: {name}\ndescription: ");
    words(&mut text, &mut random, 12);
    text += ". Use when ";
    words(&mut text, &mut random, 8);
    let (one, other) = (WORDS[random.below(32)], WORDS[random.below(32)]);
    let team = random.below(20);
    let _ = write!(text, ".\nversion: 1.0.{revision}\ntags: [{one}, {other}]\nowner: team-{team}\n---\n\n# ");
    words(&mut text, &mut random, 4);
    text.push('\n');
    while text.len() < bytes {
        let (before, count, after) = match random.below(8) {
            0 => ("\n## ", 3, "\n\n"),
            1 => ("- ", 8, "\n"),
            2 => ("\n```sh\n", 6, "\n```\n\n"),
            _ => ("", 14, ".\n"),
        };
        text += before;
        words(&mut text, &mut random, count);
        text += after;
    }
    text
}

/// Writes a skill file; returns its path.
pub fn write_skill(folder: &Path, number: usize, revision: u64) -> Result<PathBuf> {
    write_file(folder, &skill_name(number), &skill_text(number, revision))
}

/// Writes the text of a skill's file; returns its path.
pub fn write_file(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let folder = folder.join(name);
    fs::create_dir_all(&folder).map_err(file("could not create the folder", &folder))?;
    let path = folder.join("SKILL.md");
    fs::write(&path, text).map_err(file("could not write", &path))?;
    Ok(path)
}

/// Writes a folder of skills.
pub fn write_tree(folder: &Path, skills: usize) -> Result<()> {
    (0..skills).try_for_each(|number| write_skill(folder, number, 0).map(|_| ()))
}

/// The size at a rank from 0 to 99,999, computed in integers to be the same on every machine.
fn size_at(place: usize) -> usize {
    let above = SIZES.iter().position(|(percent, _)| percent * 1000 > place).unwrap_or(SIZES.len() - 1);
    let ((low, small), (high, large)) = (SIZES[above - 1], SIZES[above]);
    small + (large - small) * (place - low * 1000) / ((high - low) * 1000)
}

fn words(text: &mut String, random: &mut Random, count: usize) {
    for number in 0..count {
        if number > 0 {
            text.push(' ');
        }
        *text += WORDS[random.below(32)];
    }
}

#[cfg(test)]
mod tests {
    use super::{MEDIAN_BYTES, SIZES, size_at, sized_skill_text, skill_text};

    #[test]
    fn sizes_are_those_of_public_collections() {
        assert_eq!(
            SIZES.map(|(percent, _)| size_at(percent * 1000 - usize::from(percent == 100)) / 100),
            [4, 10, 23, 40, 74, 170, 340, 599]
        );
        let mut sizes: Vec<_> = (0..2000).map(|number| skill_text(number, 0).len()).collect();
        sizes.sort_unstable();
        let (median, p95) = (sizes[1000], sizes[1900]);
        assert!((3700..4600).contains(&median) && (15_000..19_500).contains(&p95), "{median} {p95}");
    }

    #[test]
    fn a_skill_is_reproducible_and_each_revision_differs() {
        assert_eq!(skill_text(3, 0), skill_text(3, 0));
        assert_ne!(skill_text(3, 0), skill_text(3, 1));
        let text = sized_skill_text("mine", 3, 0, MEDIAN_BYTES);
        assert!(text.starts_with("---\nname: mine\n") && (MEDIAN_BYTES..MEDIAN_BYTES + 200).contains(&text.len()));
    }
}
