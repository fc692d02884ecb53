//! The prefix for a name that several files declare.

use std::path::Path;

/// The collection of a file: the first folder of its path, or the imported folder if the first one is the skill's own.
pub(super) fn collection(path: &Path, imported: &str) -> String {
    let folders: Vec<_> = path.parent().into_iter().flat_map(Path::components).collect();
    let first = folders.first().filter(|_| folders.len() > 1);
    let own = first.map(|it| as_name(&it.as_os_str().to_string_lossy())).filter(|it| !it.is_empty());
    own.or_else(|| Some(as_name(imported)).filter(|it| !it.is_empty())).unwrap_or_else(|| "collection".to_owned())
}

/// Converts to lower-case letters and digits, with single hyphens for everything else.
fn as_name(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let words = lower.split(|it: char| !it.is_ascii_alphanumeric()).filter(|it| !it.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::collection;

    #[test]
    fn the_collection_is_the_first_folder_or_the_imported_one() {
        for (path, name) in [
            ("acme__tools/skills/x/SKILL.md", "acme-tools"),
            (".kiro/skills/x/SKILL.md", "kiro"),
            ("x/SKILL.md", "my-pack"),
            ("SKILL.md", "my-pack"),
            ("\u{65e5}\u{672c}/x/SKILL.md", "my-pack"),
        ] {
            assert_eq!(collection(Path::new(path), "My Pack"), name, "{path}");
        }
        assert_eq!(collection(Path::new("SKILL.md"), "/"), "collection");
    }
}
