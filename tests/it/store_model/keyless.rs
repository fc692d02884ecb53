//! Texts without the keys of rows, which differ between engines once one of them has skipped some.

use std::sync::LazyLock;

use regex::Regex;

/// A text without the keys of rows.
pub(super) fn keyless(text: &str) -> String {
    static KEY: LazyLock<Regex> = LazyLock::new(|| {
        let fields = r"(?:id|open|decision|version_id): (?:Some\(\s*)?(?:SkillId\(\s*)?|SkillId\(\s*";
        Regex::new(&format!(r#"({fields}|overrides_\w+[\\"]*:)\d+"#)).expect("a regex")
    });
    KEY.replace_all(text, "$1#").into_owned()
}
