//! Decides by their paths which of two files with one name is the skill.

use std::cmp::Ordering;
use std::path::{Component, Path, PathBuf};

use super::tree_file::folder_name;
use crate::model::folded;

/// The claim of a file to its name; the lowest one wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ops) struct Claim {
    other_folder: bool,
    no_front_matter: bool,
    aside: bool,
    depth: usize,
    length: usize,
    path: PathBuf,
}

impl Claim {
    /// `path` is relative to the searched folder.
    pub(in crate::ops) fn of(path: &Path, name: &str, has_front_matter: bool) -> Self {
        Self {
            other_folder: !bears(path, name),
            no_front_matter: !has_front_matter,
            aside: is_aside(path),
            depth: path.components().count(),
            length: path.as_os_str().len(),
            path: path.to_owned(),
        }
    }

    /// The path relative to the searched folder.
    pub(in crate::ops) fn path(&self) -> &Path {
        &self.path
    }

    pub(in crate::ops) fn has_front_matter(&self) -> bool {
        !self.no_front_matter
    }

    /// Whether no file later in path order can have a better claim: its folder is directly below the searched one, and
    /// its name can differ from others only in case.
    pub(in crate::ops) fn is_best_of_those_to_come(&self) -> bool {
        let is_best = !self.other_folder && !self.no_front_matter && !self.aside && self.depth == 2;
        is_best && folder_name(&self.path).is_some_and(str::is_ascii)
    }

    /// The first reason why this claim is better than another.
    pub(in crate::ops) fn better_because(&self, other: &Self) -> &'static str {
        let reasons = [
            (self.other_folder.cmp(&other.other_folder), "its folder has the name"),
            (self.no_front_matter.cmp(&other.no_front_matter), "it has front matter"),
            (self.aside.cmp(&other.aside), "it is not a hidden, backup, translated or example copy"),
            (self.depth.cmp(&other.depth), "its path is shorter"),
            (self.length.cmp(&other.length), "its path is shorter"),
        ];
        reasons.into_iter().find(|(order, _)| *order == Ordering::Less).map_or("it comes first", |(_, reason)| reason)
    }
}

/// Whether the folder of a file has this name.
pub(in crate::ops) fn bears(path: &Path, name: &str) -> bool {
    folder_name(path).is_some_and(|folder| folded(folder) == folded(name))
}

/// Whether a file is in a hidden folder, or below one for copies, documentation, examples or translations. The name of
/// its own folder does not count: that is the skill's.
fn is_aside(path: &Path) -> bool {
    let parents: Vec<&str> = path
        .parent()
        .into_iter()
        .flat_map(Path::components)
        .filter_map(|part| if let Component::Normal(name) = part { name.to_str() } else { None })
        .collect();
    let above = parents.split_last().map_or(&[][..], |(_, above)| above);
    parents.iter().any(|it| it.starts_with('.')) || above.iter().any(|it| holds_copies(&it.to_ascii_lowercase()))
}

fn holds_copies(folder: &str) -> bool {
    const COPIES: [&str; 6] = ["backup", "backups", "bak", "archive", "archives", "archived"];
    const OTHERS: [&str; 10] =
        ["docs", "doc", "examples", "example", "templates", "template", "i18n", "l10n", "locales", "translations"];
    OTHERS.contains(&folder) || folder.split(['-', '_', '.']).any(|it| COPIES.contains(&it)) || is_language(folder)
}

/// The languages of ISO 639-1.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz \
    ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv \
    ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn \
    no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg \
    th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Codes that are also English words: alone, they do not mark a translation.
const WORDS: [&str; 9] = ["am", "an", "as", "be", "is", "my", "or", "so", "to"];

/// `ja`, `ja-jp`, `zh_hans`, `es-419`, `zh-hant-tw`.
fn is_language(folder: &str) -> bool {
    if WORDS.contains(&folder) {
        return false;
    }
    let mut parts = folder.split(['-', '_']);
    let language = parts.next().is_some_and(|it| LANGUAGES.split(' ').any(|known| known == it));
    let qualifies = |it: &str| match it.len() {
        2 | 4 => it.bytes().all(|byte| byte.is_ascii_alphabetic()),
        3 => it.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    language && parts.all(qualifies)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Claim, bears, is_aside};

    fn best<'p>(name: &str, paths: &[&'p str]) -> &'p str {
        let claim = |path: &&&str| Claim::of(Path::new(**path), name, !path.contains("bare"));
        paths.iter().min_by_key(claim).copied().unwrap_or_default()
    }

    #[test]
    fn reasons_apply_in_order() {
        let of_x = |paths: &[&'static str]| best("x", paths);
        assert_eq!(of_x(&["a/SKILL.md", "docs/deep/er/x/SKILL.md"]), "docs/deep/er/x/SKILL.md", "the folder is first");
        assert_eq!(of_x(&["bare/x/SKILL.md", ".old/longer/x/SKILL.md"]), ".old/longer/x/SKILL.md", "then front matter");
        assert_eq!(of_x(&["docs/x/SKILL.md", "some/thing/longer/x/SKILL.md"]), "some/thing/longer/x/SKILL.md");
        assert_eq!(of_x(&["a/b/x/SKILL.md", "a-long-name/x/SKILL.md"]), "a-long-name/x/SKILL.md", "fewer folders");
        assert_eq!(of_x(&["bb/x/SKILL.md", "c/x/SKILL.md"]), "c/x/SKILL.md", "fewer bytes");
        assert_eq!(of_x(&["c/x/SKILL.md", "b/x/SKILL.md"]), "b/x/SKILL.md", "path order at last");
    }

    #[test]
    fn the_better_claim_has_a_reason() {
        let claim = |path: &str, has| Claim::of(Path::new(path), "x", has);
        let main = claim("skills/x/SKILL.md", true);
        for (other, has, why) in [
            ("skills/y/SKILL.md", true, "its folder has the name"),
            ("skill/x/SKILL.md", false, "it has front matter"),
            (".kiro/x/SKILL.md", true, "it is not a hidden, backup, translated or example copy"),
            ("a/b/x/SKILL.md", true, "its path is shorter"),
            ("skulls/x/SKILL.md", true, "it comes first"),
        ] {
            assert_eq!(main.better_because(&claim(other, has)), why, "{other}");
        }
    }

    #[test]
    fn no_later_file_beats_one_directly_below_the_folder() {
        let claim = |path: &str, has| Claim::of(Path::new(path), "x", has);
        let first = claim("X/SKILL.md", true);
        assert!(first.is_best_of_those_to_come());
        for (later, has) in
            [("a/x/SKILL.md", true), ("x/SKILL.md", true), ("y/SKILL.md", true), ("z/y/x/SKILL.md", false)]
        {
            assert!(first < claim(later, has), "{later}");
        }
        for (path, has) in [("SKILL.md", true), ("a/x/SKILL.md", true), ("x/SKILL.md", false), ("y/SKILL.md", true)] {
            assert!(!claim(path, has).is_best_of_those_to_come(), "{path}");
        }
        let accented = Claim::of(Path::new("caf\u{e9}/SKILL.md"), "caf\u{e9}", true);
        assert!(!accented.is_best_of_those_to_come(), "the same letters can be shorter");
    }

    #[test]
    fn copies_examples_and_translations_have_a_weaker_claim() {
        for path in [
            ".kiro/skills/x/SKILL.md",
            "skills/.x/SKILL.md",
            "backup/x/SKILL.md",
            "Backups/x/SKILL.md",
            "skills.bak/x/SKILL.md",
            "backup-2024/x/SKILL.md",
            "archive/2024/x/SKILL.md",
            "docs/x/SKILL.md",
            "docs/ja-JP/skills/x/SKILL.md",
            "examples/x/SKILL.md",
            "templates/x/SKILL.md",
            "i18n/zh/x/SKILL.md",
            "zh_CN/x/SKILL.md",
            "zh-Hant-TW/x/SKILL.md",
            "es-419/x/SKILL.md",
            "my-MM/x/SKILL.md",
        ] {
            assert!(is_aside(Path::new(path)), "{path}");
        }
        for path in [
            "skills/x/SKILL.md",
            "skills/docs/SKILL.md",
            "skills/db-backup/SKILL.md",
            "skills/de/SKILL.md",
            "js/x/SKILL.md",
            "go-tools/x/SKILL.md",
            "path/to/x/SKILL.md",
            "it-support/x/SKILL.md",
            "SKILL.md",
        ] {
            assert!(!is_aside(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn names_of_folders_are_compared_case_insensitively_in_nfc() {
        assert!(bears(Path::new("a/Bird/SKILL.md"), "bird"));
        assert!(bears(Path::new("caf\u{e9}/SKILL.md"), "cafe\u{301}"));
        assert!(!bears(Path::new("bird-co/SKILL.md"), "bird"));
        assert!(!bears(Path::new("SKILL.md"), "bird"));
    }
}
