//! The reference tool of the Agent Skills format, `skills-ref` on PyPI, takes every exported folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{entries, export, with_skills};

/// The version that the tests were written with.
const PACKAGE: &str = "skills-ref==0.1.1";

fn must(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} must start: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Installs the tool once, into a folder of its own that a killed run leaves incomplete under another name.
fn tool() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("skills-ref-0.1.1");
    if !folder.exists() {
        let staged = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        must(
            Command::new("python3")
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--target"])
                .args([staged.path().as_os_str(), PACKAGE.as_ref()]),
        );
        let _ = std::fs::rename(staged.path(), &folder); // another test may have been faster
    }
    folder
}

#[test]
fn the_reference_tool_validates_every_exported_folder() {
    let project = with_skills();
    let tool = tool();
    for (layout, place) in [("plain", "out"), ("agents", "out/.agents/skills"), ("claude", "out/.claude/skills")] {
        export(&project, &["--all", "--layout", layout]).ok();
        let place = project.path().join(place);
        let names: Vec<_> =
            entries(&place).into_iter().filter(|it| place.join(it).is_dir() && !it.starts_with('.')).collect();
        assert_eq!(names, ["jwt", "pdf", "sql"]);
        for name in names {
            let mut command = Command::new("python3");
            command.args(["-c", "from skills_ref.cli import main; main()", "validate"]).arg(place.join(&name));
            let said = must(command.env("PYTHONPATH", &tool));
            assert!(said.starts_with("Valid skill"), "{said}");
        }
    }
}
