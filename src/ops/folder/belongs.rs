//! Names that never belong to a skill's folder, and those that mark a project's root.

use rustix::fs::FileType;

use crate::ops::tree::{EXPORT_LOCK, IGNORE_FILE, is_skill_file};

/// Names of version control and of desktops, whatever they are.
const NEVER: [&[u8]; 5] = [b".git", b".hg", b".svn", b".DS_Store", b"Thumbs.db"];

/// Folders of installed dependencies and of builds.
const NEVER_FOLDERS: [&[u8]; 5] = [b"node_modules", b".venv", b"venv", b"__pycache__", b"target"];

/// Names beside a skill file that mark its folder as the root of a project, whose files are not the skill's: folders of
/// version control and of agents, and what names a package in the most used languages. Files of settings and of
/// dependencies (`requirements.txt`) are no mark: scripts of skills have them.
const MARKS: [&str; 12] = [
    ".git",
    ".claude",
    "package.json",
    "Cargo.toml",
    "pyproject.toml",
    "setup.py",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "composer.json",
    "Gemfile",
    "mix.exs",
];

/// The name that marks the folder with these entries as a project's root.
pub(in crate::ops) fn project_mark(mut is_there: impl FnMut(&str) -> bool) -> Option<&'static str> {
    MARKS.into_iter().find(|it| is_there(it))
}

/// Whether an entry directly in a skill's folder may belong to it, beside the skill file; nothing but its name is known.
pub(in crate::ops) fn may_belong(name: &[u8], kind: FileType) -> bool {
    !never_belongs(name, kind) && !is_skill_file(name) && !is_copy_of_version(name)
}

/// Whether an entry anywhere below a skill's folder never belongs to it.
pub(super) fn never_belongs(name: &[u8], kind: FileType) -> bool {
    let is_own = matches!(name, b"." | b"..") || name == IGNORE_FILE || name == EXPORT_LOCK;
    is_own
        || NEVER.contains(&name)
        || kind != FileType::RegularFile && NEVER_FOLDERS.contains(&name)
        || kind != FileType::Directory && is_backup(name)
}

/// Whether a file is an editor's backup, swap or lock file: `*~`, `.*.sw?`, `#*#`, `.#*`.
fn is_backup(name: &[u8]) -> bool {
    let is_swap = matches!(name, [b'.', .., b'.', b's', b'w', _]);
    let is_auto_saved = matches!(name, [b'#', .., b'#']);
    name.ends_with(b"~") || is_swap || is_auto_saved || name.starts_with(b".#")
}

/// Whether a file beside the skill file is a copy of a version, as the old scripts kept them: `SKILL-1.2.3.md`.
pub(super) fn is_copy_of_version(name: &[u8]) -> bool {
    let version = name.strip_prefix(b"SKILL-").and_then(|it| it.strip_suffix(b".md"));
    version.is_some_and(|it| {
        let mut parts = it.split(|byte| *byte == b'.');
        let is_number = |it: &[u8]| !it.is_empty() && it.iter().all(u8::is_ascii_digit);
        parts.by_ref().take(3).filter(|it| is_number(it)).count() == 3 && parts.next().is_none()
    })
}

#[cfg(test)]
mod tests {
    use rustix::fs::FileType;

    use super::may_belong;

    #[test]
    fn names_of_tools_and_of_editors_do_not_belong() {
        let file = FileType::RegularFile;
        for name in ["a~", ".a.swp", ".x.swo", "#a#", ".#a", ".DS_Store", "Thumbs.db", ".git", ".cfnignore"] {
            assert!(!may_belong(name.as_bytes(), file), "{name}");
        }
        for name in ["SKILL.md", "skill.MD", "SKILL-1.0.0.md", "SKILL-10.20.30.md", "cfn-export.lock"] {
            assert!(!may_belong(name.as_bytes(), file), "{name}");
        }
        for name in ["run.sh", ".env", "a.swp", "#a", "SKILL-1.0.md", "SKILL-1.0.0.txt", "SKILL-1.0.0.0.md", "target"] {
            assert!(may_belong(name.as_bytes(), file), "{name}");
        }
        for name in ["target", "node_modules", "venv", "__pycache__", ".git"] {
            assert!(!may_belong(name.as_bytes(), FileType::Directory), "{name}");
            assert!(!may_belong(name.as_bytes(), FileType::Symlink), "{name}");
        }
        assert!(may_belong(b"dist", FileType::Directory));
    }
}
