//! The rules of the house that the compiler does not know, checked on every file: imports go down the layers only and never in a
//! circle, what reaches outside (terminal, environment, SQL, programs) has one place each, and files and functions can be read in
//! one go.
//!
//! A rule is a pure function from source files to what is wrong with them, and each has a test beside it that it can fail.

mod code;
mod cycles;
mod layers;
mod lengths;
mod names;
mod places;
mod source;
mod text;

use self::source::{CRATES, Source, read_all};

fn require_none(mut wrong: Vec<String>) {
    wrong.sort();
    assert!(wrong.is_empty(), "{} broken rules:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_source_keeps_to_its_layers_and_places() -> std::io::Result<()> {
    let sources = read_all("src")?;
    assert!(sources.iter().any(|source| source.path == "lib.rs"), "src/lib.rs was not read");
    let rules = [layers::layers, places::reserved, places::written, names::telling_names];
    require_none(sources.iter().flat_map(|source| rules.iter().flat_map(|rule| rule(source))).collect());
    Ok(())
}

#[test]
fn no_files_need_each_other_in_a_circle() -> std::io::Result<()> {
    let mut wrong = Vec::new();
    for (folder, root) in CRATES {
        let sources: Vec<Source> = read_all(folder)?.into_iter().filter(Source::is_code).collect();
        assert!(sources.iter().any(|source| source.path == root), "{folder}/{root} was not read");
        wrong.extend(cycles::cycles(&sources).into_iter().map(|it| format!("{folder}: {it}")));
    }
    require_none(wrong);
    Ok(())
}

#[test]
fn files_and_functions_can_be_read_in_one_go() -> std::io::Result<()> {
    let mut wrong = Vec::new();
    let mut there = Vec::new();
    for folder in ["src", "benches", "tests"] {
        for source in read_all(folder)?.into_iter().filter(|it| it.is_code() || folder == "src") {
            wrong.extend(lengths::lengths(&source, lengths::EXCEPTIONS));
            there.push(source.name());
        }
    }
    let file = |exception: &str| exception.split(' ').next().unwrap_or_default().to_owned();
    let gone = lengths::EXCEPTIONS.iter().filter(|(it, _)| !there.contains(&file(it)));
    wrong.extend(gone.map(|(it, _)| format!("{it}: an exception for a file that is gone")));
    require_none(wrong);
    Ok(())
}
