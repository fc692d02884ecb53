//! What reaches outside has one place each: terminal, environment, arguments, SQL, other programs, what only Linux has.

use super::code;
use super::source::Source;

/// What only some files may name.
const RESERVED: &[Reserved] = &[
    Reserved {
        what: "store::sqlite",
        places: &["store/sqlite/", "cli/context.rs", "cli/opening.rs"],
        named: names_the_backend,
    },
    Reserved {
        what: "workflow::postgres",
        places: &["workflow/", "cli/context.rs"],
        named: |path| has(path, "workflow", &["postgres"]),
    },
    Reserved {
        what: "cache::redis",
        places: &["cache/", "coordination/", "cli/redis.rs"],
        named: |path| has(path, "cache", &["redis"]) || path.segments.len() > 1 && path.starts(&["redis"]),
    },
    Reserved {
        what: "rustls",
        places: &["workflow/postgres/", "cache/redis/", "certificates.rs"],
        named: |path| path.starts(&["rustls"]),
    },
    // The time limits of the PostgreSQL client need it; nothing else in cfn is asynchronous.
    Reserved {
        what: "tokio",
        places: &["workflow/postgres/", "store/postgres/", "postgres/"],
        named: names_the_runtime,
    },
    Reserved { what: "rusqlite", places: &["store/sqlite/"], named: |path| path.starts(&["rusqlite"]) },
    Reserved { what: "clap", places: &["cli/"], named: names_clap },
    Reserved { what: "anyhow", places: &["cli/"], named: |path| path.starts(&["anyhow"]) },
    Reserved { what: "std::env", places: &["cli/"], named: |path| path.starts(&["std", "env"]) && !path.is_macro },
    Reserved { what: "the terminal", places: &["cli/output.rs"], named: names_the_terminal },
    Reserved { what: "what starts programs", places: &["process/"], named: names_what_starts_programs },
    Reserved { what: "what only Linux has", places: &["linux/"], named: names_what_only_linux_has },
    // Each would block on a FIFO, and read a device for ever. What is left are files of the kernel's, what this process
    // itself has just written, and tests.
    Reserved {
        what: "opening a file that may not be regular",
        places: &[
            "regular_file.rs",
            "linux/",
            "staged_file.rs",
            "process/bounded/early.rs",
            "bench/suite/tests/",
            "ops/folder/tests.rs",
            "skill_folder/tests.rs",
            "skill_folder/materialized/tests/",
            "staged_file/tests.rs",
        ],
        named: names_what_opens_anything,
    },
    Reserved { what: "process::exit", places: &[], named: |path| has(path, "process", &["exit"]) },
];

/// What is written in strings, and only in some files.
const WRITTEN: &[Written] = &[
    Written {
        what: "SQL",
        // The benchmark gives it to the `sqlite3` program, to compare with that.
        places: &["store/", "workflow/", "bench/statements.rs"],
        matches: begins_like_sql,
    },
    Written {
        what: "a file of the kernel's",
        // Output may go to `/dev/stdout`, which is a link to there.
        places: &["linux/", "output_file.rs"],
        matches: |text| ["/proc/", "/sys/", "proc/", "sys/"].iter().any(|it| text.starts_with(it)) || text == "/proc",
    },
];

/// The first words of SQL statements, each with words of which one follows in every such statement; none where any may.
const STATEMENTS: &[(&str, &[&str])] = &[
    ("select", &["from", "exists", "1", "count", "(select"]),
    ("insert", &["into"]),
    ("replace", &["into"]),
    ("update", &["set"]),
    ("delete", &["from"]),
    ("create", &["table", "index", "view", "trigger"]),
    ("alter", &["table"]),
    ("drop", &["table", "index", "view", "trigger"]),
    ("with", &["select"]),
    ("begin", &["immediate", "deferred", "exclusive", "transaction"]),
    ("pragma", &[]),
    ("vacuum", &["into"]),
    ("attach", &["as"]),
    ("explain", &["select"]),
];

struct Reserved {
    what: &'static str,
    /// Files, and folders with a `/` at the end, below `src/`.
    places: &'static [&'static str],
    named: fn(&code::Path) -> bool,
}

struct Written {
    what: &'static str,
    places: &'static [&'static str],
    matches: fn(&str) -> bool,
}

/// Whether a file is one of these, or in one of these folders.
fn is_in(source: &Source, places: &[&str]) -> bool {
    places.iter().any(|it| if it.ends_with('/') { source.path.starts_with(it) } else { source.path == *it })
}

fn has(path: &code::Path, first: &str, then: &[&str]) -> bool {
    path.segments.windows(2).any(|pair| pair[0] == first && then.contains(&pair[1].as_str()))
}

/// `sqlite` as part of a path, however it was shortened by a `use`; `mod sqlite;` is not such a path.
fn names_the_backend(path: &code::Path) -> bool {
    path.segments.len() > 1 && path.segments.iter().any(|segment| segment == "sqlite")
}

fn names_the_runtime(path: &code::Path) -> bool {
    ["tokio", "tokio_postgres", "tokio_postgres_rustls"].iter().any(|name| path.starts(&[name]))
}

fn names_what_opens_anything(path: &code::Path) -> bool {
    !path.in_tests && (has(path, "File", &["open"]) || has(path, "fs", &["read", "read_to_string"]))
}

/// `clap::Command` starts nothing.
fn names_what_starts_programs(path: &code::Path) -> bool {
    const CALLS: [&str; 6] = ["fork", "vfork", "posix_spawn", "posix_spawnp", "execv", "execve"];
    has(path, "process", &["Command"])
        || has(path, "Command", &["new"]) && !names_clap(path)
        || path.segments.len() > 1 && path.segments.iter().any(|it| CALLS.contains(&it.as_str()))
}

fn names_what_only_linux_has(path: &code::Path) -> bool {
    const NAMES: [&str; 6] = ["openat2", "RawDir", "statfs", "fstatfs", "epoll", "memfd_create"];
    path.segments.len() > 1 && path.segments.iter().any(|it| NAMES.contains(&it.as_str()))
        || has(path, "OFlags", &["PATH"])
}

/// A statement in lower case has all its words; one in capitals is seen by its first.
fn begins_like_sql(text: &str) -> bool {
    let text = text.replace("\\n", " ");
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || "\\;(".contains(c));
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or_default();
    let lower: Vec<String> = words.map(str::to_lowercase).collect();
    let Some((_, follow)) = STATEMENTS.iter().find(|(it, _)| first.eq_ignore_ascii_case(it)) else { return false };
    let shouted = first.chars().all(|c| c.is_ascii_uppercase()) && !lower.is_empty();
    shouted || !follow.is_empty() && lower.iter().any(|it| follow.contains(&it.as_str())) && is_no_sentence(text)
}

/// English begins with a capital, or ends with a full stop, or has an article.
fn is_no_sentence(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    !text.starts_with(char::is_uppercase)
        && !text.ends_with('.')
        && !words.iter().any(|it| ["the", "a", "an"].contains(it))
}

fn names_clap(path: &code::Path) -> bool {
    ["clap", "clap_complete", "clap_mangen"].iter().any(|name| path.starts(&[name]))
}

fn names_the_terminal(path: &code::Path) -> bool {
    let prints = |name: &String| ["println", "eprintln", "print", "eprint"].contains(&name.as_str());
    path.is_macro && path.segments.last().is_some_and(prints)
        || has(path, "io", &["stdout", "stderr", "Stdout", "Stderr"])
}

/// Terminal, environment, SQL, arguments and the exit have one place each.
pub(super) fn reserved(source: &Source) -> Vec<String> {
    let elsewhere: Vec<_> = RESERVED.iter().filter(|reserved| !is_in(source, reserved.places)).collect();
    let mut wrong = Vec::new();
    for path in source.paths() {
        for reserved in elsewhere.iter().filter(|reserved| (reserved.named)(&path)) {
            let place = if reserved.places.is_empty() { "nowhere" } else { &reserved.places.join(", ") };
            wrong.push(source.finding(path.line, &format!("{} may be named only in: {place}", reserved.what)));
        }
    }
    wrong
}

/// What is written in strings has its places too.
pub(super) fn written(source: &Source) -> Vec<String> {
    let mut wrong = Vec::new();
    for written in WRITTEN.iter().filter(|written| !is_in(source, written.places)) {
        let places = written.places.join(", ");
        for (line, _) in source.strings().into_iter().filter(|(_, text)| (written.matches)(text)) {
            wrong.push(source.finding(line, &format!("{} may be written only in: {places}", written.what)));
        }
    }
    wrong
}

mod tests {
    use super::{reserved, written};
    use crate::architecture::source::made_up;

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
            ("fn f() { Command::new(name).spawn() }", "cli/delivery.rs", Some("process/background.rs")),
            ("fn f() { nix::unistd::fork() }", "cli/delivery.rs", Some("process/background.rs")),
            ("use libc::posix_spawn;", "ops/load.rs", Some("process/program.rs")),
            ("fn f() { rustix::fs::openat2(a, b) }", "ops/load.rs", Some("linux/without_links.rs")),
            ("const P: OFlags = OFlags::PATH;", "ops/load.rs", Some("linux/without_links.rs")),
            ("fn f() { std::fs::read(path) }", "agents/wave_plan.rs", Some("regular_file.rs")),
            ("fn f() { File::open(path) }", "agents/spawn.rs", Some("linux/mounts.rs")),
            ("fn f() { std::process::exit(1) }", "cli/output.rs", None),
            ("use std::process::{self, exit};", "main.rs", None),
        ];
        for (text, wrong, right) in cases {
            let found = reserved(&made_up(wrong, text));
            assert!(found.len() == 1 && found[0].contains("may be named only in"), "{wrong}: {text}: {found:?}");
            if let Some(right) = right {
                assert_eq!(reserved(&made_up(right, text)), [""; 0], "{right}: {text}");
            }
        }
    }

    #[test]
    fn reserved_names_are_not_seen_where_they_are_not() {
        let text =
            "pub mod sqlite; // println!\nfn f() { env!(\"X\"); command.stdout(Stdio::piped()); print(\"std::env\"); }";
        assert_eq!(reserved(&made_up("store/mod.rs", text)), [""; 0]);
    }

    #[test]
    fn sql_is_seen_where_it_begins() {
        let statements = [
            "SELECT 1",
            "\\n   UPDATE skills SET owner = ?1",
            "PRAGMA user_version",
            "BEGIN IMMEDIATE;",
            "insert into skills values (1)",
            "select name from skills",
            "delete from skills where id = 1",
        ];
        for statement in statements {
            let text = format!("fn f() {{ run({statement:?}) }}");
            let found = written(&made_up("ops/load.rs", &text));
            assert!(found.len() == 1 && found[0].contains("SQL may be written only in"), "{statement}: {found:?}");
            assert_eq!(written(&made_up("store/sqlite/skills.rs", &text)), [""; 0], "{statement}");
        }
        for sentence in
            ["Select the skills from a list", "update", "UPDATE", "drop the table", "with nothing to select.", ""]
        {
            let text = format!("fn f() {{ run({sentence:?}) }} // \"SELECT 1\"");
            assert_eq!(written(&made_up("ops/load.rs", &text)), [""; 0], "{sentence}");
        }
    }

    #[test]
    fn files_of_the_kernel_are_read_in_one_place() {
        let text = "fn f() { fs::read_to_string(\"/proc/self/status\") }";
        let found = written(&made_up("bench/suite/mod.rs", text));
        assert!(found.len() == 1 && found[0].contains("linux/"), "{found:?}");
        assert_eq!(written(&made_up("linux/machine.rs", text)), [""; 0]);
    }

    #[test]
    fn clap_starts_nothing() {
        assert_eq!(reserved(&made_up("cli/typed.rs", "fn f() { clap::Command::new(\"cfn\") }")), [""; 0]);
    }
}
