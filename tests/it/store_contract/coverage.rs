//! No promise without a test: every method of the contract's traits is called by a function of the contract.

use std::fs;
use std::path::Path;

/// Traits that are no part of what every engine does, each with the reason.
const EXCEPTED: &[(&str, &str)] = &[
    ("AgentRuns", "only a database that is a file has it, and the commands of 'cfn agent' have tests of their own"),
    ("Care", "the commands of 'cfn db' have tests of their own"),
    ("FileCare", "only a database that is a file has it, and the commands of 'cfn db' have tests of their own"),
    ("Inspect", "it measures SQLite, for 'cfn bench', which has tests of its own"),
    ("UsagePush", "only a database that is a file can follow another one, and followers have tests of their own"),
    ("UsageReceiver", "only a database on a server has followers, which have tests of their own"),
];

/// Files here that are no functions of the contract.
const NOT_THE_CONTRACT: &[&str] = &["coverage.rs", "memory.rs", "postgres.rs", "sqlite.rs"];

/// Each method of each trait that a source declares, as `Trait::method`.
fn methods(source: &str) -> Vec<String> {
    let mut methods = Vec::new();
    let mut inside = None;
    for line in source.lines() {
        if let Some(declared) = line.strip_prefix("pub trait ") {
            inside = declared.split(|it: char| !it.is_alphanumeric()).next().filter(|_| !line.ends_with("{}"));
        } else if line.starts_with('}') {
            inside = None;
        } else if let (Some(of), Some(signature)) = (inside, line.trim_start().strip_prefix("fn ")) {
            let name = signature.split(|it: char| it != '_' && !it.is_alphanumeric()).next().unwrap_or_default();
            methods.push(format!("{of}::{name}"));
        }
    }
    methods
}

/// The methods that nothing in the tests calls, but those of traits that are excepted.
fn uncalled(methods: &[String], tests: &str) -> Vec<String> {
    let is_excepted = |of: &str| EXCEPTED.iter().any(|(name, _)| *name == of);
    let calls = tests.split_whitespace().collect::<String>();
    let is_called = |name: &str| calls.contains(&format!(".{name}("));
    let apart = methods.iter().filter_map(|it| it.split_once("::"));
    apart.filter(|(of, name)| !is_excepted(of) && !is_called(name)).map(|(of, name)| format!("{of}::{name}")).collect()
}

fn read(folder: &Path, which: impl Fn(&str) -> bool) -> String {
    let entries = fs::read_dir(folder).expect("a folder").map(|it| it.expect("an entry").path());
    let sources = entries.filter(|it| it.is_file() && which(&it.file_name().unwrap_or_default().to_string_lossy()));
    sources.map(|it| fs::read_to_string(it).expect("a source")).collect()
}

#[test]
fn every_method_of_the_contract_has_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let methods = methods(&read(&root.join("src/store"), |_| true));
    assert!(methods.len() > 40, "the traits were not found: {methods:?}");
    for (excepted, _) in EXCEPTED {
        let beginning = format!("{excepted}::");
        assert!(methods.iter().any(|it| it.starts_with(&beginning)), "{excepted} is no trait any more");
    }
    let tests = read(&root.join("tests/it/store_contract"), |name| !NOT_THE_CONTRACT.contains(&name));
    assert_eq!(uncalled(&methods, &tests), [""; 0], "methods without a function of the contract that calls them");
}

#[test]
fn a_method_that_nothing_calls_is_found() {
    let source = "pub trait Empty: Sized {}\n\npub trait One<'a>: Send {\n    /// fn not_this()\n    fn called(&self);\n    \
                  fn not_called<T>(&self, it: T);\n}\n\nfn beside() {}\n\npub trait Inspect {\n    fn excepted(&self);\n}\n";
    let methods = methods(source);
    assert_eq!(methods, ["One::called", "One::not_called", "Inspect::excepted"]);
    let tests = "let it = one\n    .called();\nnot_called(1); one.not_called_either();";
    assert_eq!(uncalled(&methods, tests), ["One::not_called"]);
}
