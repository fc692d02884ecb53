//! Reads a folder of real files, which are not part of the project: `CFN_CORPUS` names it. Prints what was made of each, for
//! a person to judge.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::{Limits, Mode, SkillFile, validate};

#[test]
#[expect(clippy::print_stdout, reason = "the answer is for a person; the test harness captures it otherwise")]
fn reads_every_real_file_or_says_why_not() {
    let Some(folder) = std::env::var_os("CFN_CORPUS") else {
        println!("CFN_CORPUS is not set, so no real files were read");
        return;
    };
    let mut files = Vec::new();
    collect(Path::new(&folder), &mut files);
    files.sort();
    let mut spent = Duration::ZERO;
    for path in &files {
        let bytes = fs::read(path).unwrap_or_default();
        let start = Instant::now();
        let read = SkillFile::read(&bytes, &Limits::default());
        spent += start.elapsed();
        println!("== {}", path.display());
        match read {
            Ok(file) => print(&file, path),
            Err(error) => {
                assert!(!error.to_string().is_empty() && error.line() > 0);
                println!("   line {}: {error}", error.line());
            }
        }
    }
    println!("{} files in {spent:?}", files.len());
    assert!(!files.is_empty(), "{} has no skill files", folder.display());
}

#[expect(clippy::print_stdout, reason = "the answer is for a person; the test harness captures it otherwise")]
fn print(file: &SkillFile<'_>, path: &Path) {
    if let Some(front_matter) = &file.front_matter {
        println!("   {}", serde_json::to_string(front_matter).unwrap_or_default());
    }
    for finding in &file.findings {
        println!("   {}: {}", finding.line, finding.message);
    }
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let strict = validate(file, folder, Mode::Strict);
    println!("   strict: {} findings", strict.len());
    assert!(validate(file, folder, Mode::Lenient).len() <= strict.len());
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            collect(&entry.path(), files);
        } else if entry.file_name().eq_ignore_ascii_case("skill.md") {
            files.push(entry.path());
        }
    }
}
