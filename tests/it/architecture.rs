//! The rules of the house that the compiler does not know, checked on every file under `src/`: imports go down the layers
//! only, and what reaches outside (terminal, environment, SQL, arguments) has one place each.
//!
//! A rule is a pure function from one source file to what is wrong with it, and each has a test here that it can fail.

mod code;

use std::fs;
use std::path::Path;

/// Each module right under `src/` with the modules that it may name, from the top layer to the bottom.
const LAYERS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "ops",
            "bench",
            "store",
            "workflow",
            "cache",
            "settings",
            "skill_file",
            "process",
            "model",
            "clock",
            "draft",
            "output_file",
            "regular_file",
        ],
    ),
    ("bench", &["ops", "store", "cache", "settings", "process", "model", "clock", "output_file", "regular_file"]),
    ("ops", &["store", "workflow", "cache", "settings", "skill_file", "model", "clock", "regular_file"]),
    ("store", &["settings", "model", "clock", "draft", "regular_file"]),
    ("workflow", &["settings", "model", "clock", "certificates", "regular_file"]),
    ("cache", &["settings", "model", "clock", "certificates", "regular_file"]),
    ("settings", &["model", "clock", "regular_file"]),
    ("skill_file", &["model"]),
    ("model", &[]),
    ("clock", &[]),
    ("draft", &[]),
    ("certificates", &["regular_file"]),
    ("process", &["model"]),
    ("output_file", &["draft"]),
    ("regular_file", &[]),
];

/// What only some files may name.
const RESERVED: &[Reserved] = &[
    Reserved { what: "store::sqlite", places: &["store/sqlite/", "cli/context.rs"], named: names_the_backend },
    Reserved {
        what: "workflow::postgres",
        places: &["workflow/", "cli/context.rs"],
        named: |path| has(path, "workflow", &["postgres"]),
    },
    Reserved {
        what: "cache::redis",
        places: &["cache/", "cli/context.rs"],
        named: |path| has(path, "cache", &["redis"]) || path.segments.len() > 1 && starts(path, &["redis"]),
    },
    Reserved {
        what: "rustls",
        places: &["workflow/postgres/", "cache/redis/", "certificates.rs"],
        named: |path| starts(path, &["rustls"]),
    },
    // The time limits of the PostgreSQL client need it; nothing else in cfn is asynchronous.
    Reserved { what: "tokio", places: &["workflow/postgres/"], named: names_the_runtime },
    Reserved { what: "rusqlite", places: &["store/sqlite/"], named: |path| starts(path, &["rusqlite"]) },
    Reserved { what: "clap", places: &["cli/"], named: names_clap },
    Reserved { what: "anyhow", places: &["cli/"], named: |path| starts(path, &["anyhow"]) },
    Reserved { what: "std::env", places: &["cli/"], named: |path| starts(path, &["std", "env"]) && !path.is_macro },
    Reserved { what: "the terminal", places: &["cli/output.rs"], named: names_the_terminal },
    Reserved { what: "std::process::Command", places: &["process/"], named: |path| has(path, "process", &["Command"]) },
    Reserved { what: "process::exit", places: &[], named: |path| has(path, "process", &["exit"]) },
];

/// Names that say nothing about what a file holds.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helpers", "common", "misc"];

/// The most lines of a file that can still be read in one go.
const MOST_LINES: usize = 300;

/// Longer files, each with the reason why it is better whole.
const LONG_FILES: &[(&str, &str)] = &[];

struct Reserved {
    what: &'static str,
    /// Files, and folders with a `/` at the end, below `src/`.
    places: &'static [&'static str],
    named: fn(&code::Path) -> bool,
}

/// A file below `src/`: its path from there, with `/`, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The module that the file is: `["store", "sqlite"]` for `store/sqlite/mod.rs`; the root for `lib.rs`.
    fn module(&self) -> Vec<String> {
        let path = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let path = path.strip_suffix("/mod").unwrap_or(path);
        path.split('/').filter(|name| *name != "lib").map(str::to_owned).collect()
    }

    fn paths(&self) -> Vec<code::Path> {
        match self.path.rsplit_once('.') {
            Some((_, "rs")) => code::paths(&self.module(), &self.text),
            _ => Vec::new(),
        }
    }

    fn finding(&self, line: usize, what: &str) -> String {
        format!("src/{}:{line}: {what}", self.path)
    }
}

fn starts(path: &code::Path, with: &[&str]) -> bool {
    path.segments.len() >= with.len() && path.segments.iter().zip(with).all(|(segment, name)| segment == name)
}

fn has(path: &code::Path, first: &str, then: &[&str]) -> bool {
    path.segments.windows(2).any(|pair| pair[0] == first && then.contains(&pair[1].as_str()))
}

/// `sqlite` as part of a path, however it was shortened by a `use`; `mod sqlite;` is not such a path.
fn names_the_backend(path: &code::Path) -> bool {
    path.segments.len() > 1 && path.segments.iter().any(|segment| segment == "sqlite")
}

fn names_the_runtime(path: &code::Path) -> bool {
    ["tokio", "tokio_postgres", "tokio_postgres_rustls"].iter().any(|name| starts(path, &[name]))
}

fn names_clap(path: &code::Path) -> bool {
    ["clap", "clap_complete", "clap_mangen"].iter().any(|name| starts(path, &[name]))
}

fn names_the_terminal(path: &code::Path) -> bool {
    let prints = |name: &String| ["println", "eprintln", "print", "eprint"].contains(&name.as_str());
    path.is_macro && path.segments.last().is_some_and(prints)
        || has(path, "io", &["stdout", "stderr", "Stdout", "Stderr"])
}

/// Imports go down: a module names only itself and what `LAYERS` gives it. `lib.rs` is the map and may name everything.
fn layers(source: &Source) -> Vec<String> {
    let module = source.module();
    let Some(own) = module.first() else { return Vec::new() };
    let Some((_, below)) = LAYERS.iter().find(|(name, _)| name == own) else {
        return vec![source.finding(1, &format!("`{own}` has no place in the layers"))];
    };
    let wrong = source.paths().into_iter().filter_map(|path| {
        let from_root = starts(&path, &["crate"]) || own == "main" && starts(&path, &["cfn"]);
        let other = path.segments.get(1).filter(|_| from_root)?;
        let allowed = other == own || below.contains(&other.as_str());
        (!allowed).then(|| source.finding(path.line, &format!("{own} may not name crate::{other}")))
    });
    wrong.collect()
}

/// Terminal, environment, SQL, arguments and the exit have one place each.
fn reserved(source: &Source) -> Vec<String> {
    let at_home =
        |place: &&str| if place.ends_with('/') { source.path.starts_with(place) } else { source.path == *place };
    let elsewhere: Vec<_> = RESERVED.iter().filter(|reserved| !reserved.places.iter().any(at_home)).collect();
    let mut wrong = Vec::new();
    for path in source.paths() {
        for reserved in elsewhere.iter().filter(|reserved| (reserved.named)(&path)) {
            let place = if reserved.places.is_empty() { "nowhere" } else { &reserved.places.join(", ") };
            wrong.push(source.finding(path.line, &format!("{} may be named only in: {place}", reserved.what)));
        }
    }
    wrong
}

/// A name says what is inside.
fn telling_names(source: &Source) -> Vec<String> {
    let stems = source.path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    let empty = stems.filter(|stem| EMPTY_NAMES.contains(stem));
    empty.map(|stem| source.finding(1, &format!("the name `{stem}` does not say what is inside"))).collect()
}

/// A file can be read in one go, or `exceptions` says why not; an exception that is not needed any more has to go.
fn length(source: &Source, exceptions: &[(&str, &str)]) -> Vec<String> {
    let lines = source.text.lines().count();
    let excepted = exceptions.iter().find(|(path, _)| *path == source.path);
    match (lines > MOST_LINES, excepted) {
        (true, None) => vec![source.finding(lines, &format!("{lines} lines, and at most {MOST_LINES} are allowed"))],
        (true, Some((_, reason))) if reason.trim().is_empty() => {
            vec![source.finding(lines, "is an exception without a reason")]
        }
        (false, Some(_)) => vec![source.finding(lines, "needs no exception any more")],
        _ => Vec::new(),
    }
}

fn read_all(folder: &Path, below: &str, sources: &mut Vec<Source>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_all(&entry.path(), &format!("{path}/"), sources)?;
        } else {
            sources.push(Source { path, text: fs::read_to_string(entry.path())? });
        }
    }
    Ok(())
}

#[test]
fn the_source_keeps_the_rules_of_the_house() -> std::io::Result<()> {
    let mut sources = Vec::new();
    read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut sources)?;
    assert!(sources.iter().any(|source| source.path == "lib.rs"), "src/lib.rs was not read");
    let gone = LONG_FILES.iter().filter(|(path, _)| !sources.iter().any(|source| source.path == *path));
    let mut wrong: Vec<_> = gone.map(|(path, _)| format!("src/{path}: an exception for a file that is gone")).collect();
    for source in &sources {
        wrong.extend([layers(source), reserved(source), telling_names(source), length(source, LONG_FILES)].concat());
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{} broken rules:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

mod each_rule_can_fail {
    use super::{MOST_LINES, Source, layers, length, reserved, telling_names};

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn layers_refuse_what_goes_up_or_sideways() {
        let broken = [
            ("model/name.rs", "use crate::clock::Clock;", "model may not name crate::clock"),
            ("clock.rs", "fn f() -> super::model::Version { }", "clock may not name crate::model"),
            ("settings.rs", "use crate::{model::Version, store};", "settings may not name crate::store"),
            ("store/mod.rs", "use crate::cache::Key;", "store may not name crate::cache"),
            ("cache/lru.rs", "use super::super::store;", "cache may not name crate::store"),
            ("ops/load.rs", "mod t { use super::super::super::bench; }", "ops may not name crate::bench"),
            ("ops/deploy.rs", "fn f() { crate::cli::failure::of(e) }", "ops may not name crate::cli"),
            ("bench/real.rs", "use crate::cli::Cli;", "bench may not name crate::cli"),
            ("cli/mod.rs", "use crate::*;", "cli may not name crate::*"),
            ("main.rs", "use cfn::ops;", "main may not name crate::ops"),
            ("other/mod.rs", "", "`other` has no place in the layers"),
        ];
        for (path, text, what) in broken {
            assert_eq!(layers(&source(path, text)), [format!("src/{path}:1: {what}")], "{text}");
        }
    }

    #[test]
    fn layers_allow_what_goes_down_and_what_is_no_code() {
        let kept = [
            ("cli/load.rs", "use crate::{bench, ops::load, store, cache, settings, model, clock};"),
            ("bench/real.rs", "use crate::{ops::load, store};"),
            ("store/sqlite/open.rs", "use crate::{model::Version, store::{Store, sqlite::rows}, clock};"),
            ("model/name.rs", "use super::Visible; mod tests { use super::SkillName; use super::super::Version; }"),
            ("model/name.rs", "/// See [`crate::store::Store`].\n// crate::ops\nconst A: &str = \"crate::cli\";"),
            ("lib.rs", "pub use crate::cli::run;"),
            ("main.rs", "fn main() { cfn::cli::run() }"),
        ];
        for (path, text) in kept {
            assert_eq!(layers(&source(path, text)), [""; 0], "{path}: {text}");
        }
    }

    #[test]
    fn reserved_names_have_one_place_each() {
        // What is named, where it may not be, where it may.
        let cases = [
            ("use crate::store::sqlite;", "ops/load.rs", Some("cli/context.rs")),
            ("fn f() { sqlite::open() }", "store/mod.rs", Some("store/sqlite/open.rs")),
            ("use crate::workflow::postgres::Postgres;", "ops/sync.rs", Some("cli/context.rs")),
            ("use tokio::time::timeout;", "workflow/mod.rs", Some("workflow/postgres/mod.rs")),
            ("fn f() { tokio_postgres::Config::new() }", "cli/context.rs", Some("workflow/postgres/mod.rs")),
            ("use rusqlite::params;", "store/mod.rs", Some("store/sqlite/open.rs")),
            ("#[derive(clap::Args)] struct A;", "settings.rs", Some("cli/load.rs")),
            ("use clap_mangen::Man;", "ops/man.rs", Some("cli/man.rs")),
            ("fn f() -> anyhow::Result<()> { }", "ops/load.rs", Some("cli/load.rs")),
            ("use std::{env, fs};", "settings.rs", Some("cli/context.rs")),
            ("fn f() { println!() }", "cli/load.rs", Some("cli/output.rs")),
            ("fn f() { std::eprint!() }", "ops/load.rs", Some("cli/output.rs")),
            ("use std::io::{self, stdout};", "cli/load.rs", Some("cli/output.rs")),
            ("fn f() { io::stderr().lock() }", "bench/real.rs", Some("cli/output.rs")),
            ("use std::process::Command;", "cli/delivery.rs", Some("process/background.rs")),
            ("fn f() { std::process::exit(1) }", "cli/output.rs", None),
            ("use std::process::{self, exit};", "main.rs", None),
        ];
        for (text, wrong, right) in cases {
            let found = reserved(&source(wrong, text));
            assert!(found.len() == 1 && found[0].contains("may be named only in"), "{wrong}: {text}: {found:?}");
            if let Some(right) = right {
                assert_eq!(reserved(&source(right, text)), [""; 0], "{right}: {text}");
            }
        }
    }

    #[test]
    fn reserved_names_are_not_seen_where_they_are_not() {
        let text =
            "pub mod sqlite; // println!\nfn f() { env!(\"X\"); command.stdout(Stdio::piped()); print(\"std::env\"); }";
        assert_eq!(reserved(&source("store/mod.rs", text)), [""; 0]);
    }

    #[test]
    fn names_that_say_nothing_are_refused() {
        for path in ["util.rs", "ops/helpers.rs", "store/common/mod.rs", "model/misc.txt", "cli/utils/load.rs"] {
            assert_eq!(telling_names(&source(path, "")).len(), 1, "{path}");
        }
        assert_eq!(telling_names(&source("ops/common_names.rs", "")), [""; 0]);
    }

    #[test]
    fn long_files_need_a_reason_for_as_long_as_they_are_long() {
        let long = source("ops/load.rs", &"\n".repeat(MOST_LINES + 1));
        let short = source("ops/load.rs", &"\n".repeat(MOST_LINES));
        assert_eq!(length(&long, &[]), ["src/ops/load.rs:301: 301 lines, and at most 300 are allowed"]);
        assert_eq!(length(&long, &[("ops/load.rs", " ")]).len(), 1);
        assert_eq!(length(&short, &[("ops/load.rs", "one table")]).len(), 1);
        assert_eq!(length(&long, &[("ops/load.rs", "one table")]), [""; 0]);
        assert_eq!(length(&short, &[]), [""; 0]);
    }
}
