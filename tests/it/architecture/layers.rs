//! Imports go down.

use super::source::Source;

/// Each module right under `src/` with the modules that it may name, from the top layer to the bottom.
const LAYERS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "postgres",
            "ops",
            "agents",
            "bench",
            "schedule",
            "store",
            "workflow",
            "coordination",
            "cache",
            "settings",
            "skill_file",
            "skill_folder",
            "process",
            "model",
            "clock",
            "staged_file",
            "linux",
            "output_file",
            "database_note",
            "regular_file",
            "http",
        ],
    ),
    ("agents", &["ops", "store", "process", "model", "clock", "staged_file", "output_file", "linux", "regular_file"]),
    (
        "bench",
        &["ops", "store", "cache", "settings", "process", "model", "clock", "linux", "output_file", "regular_file"],
    ),
    (
        "ops",
        &[
            "store",
            "workflow",
            "coordination",
            "cache",
            "settings",
            "skill_file",
            "skill_folder",
            "model",
            "clock",
            "linux",
            "database_note",
            "regular_file",
        ],
    ),
    ("schedule", &["process", "model", "staged_file", "regular_file"]),
    ("store", &["postgres", "settings", "model", "clock", "staged_file", "linux", "regular_file"]),
    ("coordination", &["cache", "settings", "model"]),
    ("workflow", &["postgres", "settings", "model", "clock"]),
    ("cache", &["settings", "model", "clock", "certificates", "linux", "database_note"]),
    ("postgres", &["settings", "model", "certificates", "regular_file"]),
    ("settings", &["model", "clock", "regular_file"]),
    ("skill_file", &["model"]),
    ("skill_folder", &["model", "linux"]),
    ("model", &[]),
    ("clock", &["model"]),
    ("staged_file", &["regular_file"]),
    ("certificates", &["regular_file"]),
    ("linux", &[]),
    ("process", &["model", "linux"]),
    ("output_file", &["staged_file"]),
    ("database_note", &["model", "staged_file", "regular_file"]),
    ("regular_file", &[]),
    ("http", &[]),
];

/// Imports go down: a module names only itself and what `LAYERS` gives it. `lib.rs` is the map and may name everything.
pub(super) fn layers(source: &Source) -> Vec<String> {
    let module = source.module();
    let Some(own) = module.first() else { return Vec::new() };
    let Some((_, below)) = LAYERS.iter().find(|(name, _)| name == own) else {
        return vec![source.finding(1, &format!("`{own}` has no place in the layers"))];
    };
    let wrong = source.paths().into_iter().filter_map(|path| {
        let from_root = path.starts(&["crate"]) || own == "main" && path.starts(&["cfn"]);
        let other = path.segments.get(1).filter(|_| from_root)?;
        let allowed = other == own || below.contains(&other.as_str());
        (!allowed).then(|| source.finding(path.line, &format!("{own} may not name crate::{other}")))
    });
    wrong.collect()
}

mod tests {
    use super::layers;
    use crate::architecture::source::made_up;

    #[test]
    fn layers_refuse_what_goes_up_or_sideways() {
        let broken = [
            ("model/name.rs", "use crate::clock::Clock;", "model may not name crate::clock"),
            ("staged_file.rs", "fn f() -> super::model::Version { }", "staged_file may not name crate::model"),
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
            assert_eq!(layers(&made_up(path, text)), [format!("src/{path}:1: {what}")], "{text}");
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
            assert_eq!(layers(&made_up(path, text)), [""; 0], "{path}: {text}");
        }
    }
}
