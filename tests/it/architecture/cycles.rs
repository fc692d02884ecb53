//! No file needs, by whatever way, a file that needs it: the drawing of the structure has no circle.
//!
//! A file needs another where it names something of it: with `use`, by a path, or through the `use` of a third file, which is
//! followed to where the thing is. Declaring a module, and handing on what is in it (`pub use`), is not needing it; so a `mod.rs`
//! may be the front of its folder, or hold what the files of its folder share, but not both. What the tests in a file name, the
//! file does not need.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::code;
use super::source::Source;

/// The path of a module, or of a thing in it, from the root of its crate.
type Name = Vec<String>;

/// Every circle, by a shortest way around: `a → b → a`.
pub(super) fn cycles(sources: &[Source]) -> Vec<String> {
    let needs = Files::of(sources).needs();
    let mut found: Vec<String> = Vec::new();
    let mut seen: BTreeSet<&Name> = BTreeSet::new();
    for start in needs.keys() {
        if seen.contains(start) {
            continue;
        }
        if let Some(circle) = way_back(start, &needs) {
            seen.extend(&circle);
            let names: Vec<String> = circle.iter().chain([&start]).map(|it| it.join("::")).collect();
            found.push(format!("a circle of files: {}", names.join(" → ")));
        }
    }
    found
}

/// The files of a shortest way from one back to itself.
fn way_back<'a>(start: &'a Name, needs: &'a BTreeMap<Name, BTreeSet<Name>>) -> Option<Vec<&'a Name>> {
    let (mut reached_from, mut next) = (BTreeMap::<&Name, &Name>::new(), VecDeque::from([start]));
    while let Some(at) = next.pop_front() {
        for needed in needs.get(at).into_iter().flatten() {
            if needed == start {
                let mut way = vec![at];
                while let Some(before) = way.last().filter(|it| **it != start).and_then(|it| reached_from.get(it)) {
                    way.push(before);
                }
                way.reverse();
                return Some(way);
            }
            if !reached_from.contains_key(needed) {
                reached_from.insert(needed, at);
                next.push_back(needed);
            }
        }
    }
    None
}

/// The files of a crate, with what each names.
struct Files {
    paths: BTreeMap<Name, Vec<code::Path>>,
    /// What a name in a module stands for, by the `use`s of the module.
    imports: BTreeMap<(Name, String), Name>,
}

impl Files {
    fn of(sources: &[Source]) -> Self {
        let outside_tests = |it: &Source| it.paths().into_iter().filter(|path| !path.in_tests).collect();
        let paths: BTreeMap<Name, Vec<_>> = sources.iter().map(|it| (it.module(), outside_tests(it))).collect();
        let mut files = Self { paths, imports: BTreeMap::new() };
        for (module, paths) in &files.paths {
            for path in paths {
                if let (Some(import), Some(target)) = (&path.import, files.rooted(module, path)) {
                    files.imports.insert((module.clone(), import.name.clone()), target);
                }
            }
        }
        files
    }

    /// A path from the root of the crate; none for what is not of this crate. A path may begin with a module of the file's own.
    fn rooted(&self, module: &Name, path: &code::Path) -> Option<Name> {
        let named = |segments: &[String]| segments.iter().filter(|it| *it != "self").cloned().collect::<Name>();
        let (first, rest) = path.segments.split_first()?;
        if first == "crate" {
            return (!rest.is_empty()).then(|| named(rest));
        }
        let own: Name = module.iter().chain([first]).cloned().collect();
        (path.segments.len() > 1 && self.paths.contains_key(&own)).then(|| [own, named(rest)].concat())
    }

    /// The file that a path leads to.
    fn file_of(&self, path: &Name, hops: usize) -> Option<Name> {
        let length = (0..=path.len()).rev().find(|length| self.paths.contains_key(&path[..*length]))?;
        let (module, rest) = (path[..length].to_vec(), &path[length..]);
        let handed_on = rest.first().and_then(|name| self.imports.get(&(module.clone(), name.clone())));
        match handed_on {
            Some(target) if hops > 0 => self.file_of(&[target, &rest[1..]].concat(), hops - 1),
            _ => Some(module),
        }
    }

    fn needs(&self) -> BTreeMap<Name, BTreeSet<Name>> {
        let of = |(module, paths): (&Name, &Vec<code::Path>)| {
            let named = paths.iter().filter_map(|path| self.needed(module, path));
            let files = named.filter_map(|it| self.file_of(&it, 9)).filter(|it| it != module);
            (module.clone(), files.collect())
        };
        self.paths.iter().filter(|(module, _)| !module.is_empty()).map(of).collect()
    }

    /// What a file needs by a path; nothing where it only hands it on.
    fn needed(&self, module: &Name, path: &code::Path) -> Option<Name> {
        match &path.import {
            Some(import) if import.exported => None,
            _ => self.rooted(module, path).or_else(|| {
                let (first, rest) = path.segments.split_first()?;
                let target = self.imports.get(&(module.clone(), first.clone())).filter(|_| path.import.is_none())?;
                Some([target, rest].concat())
            }),
        }
    }
}

mod tests {
    use super::cycles;
    use crate::architecture::source::made_up;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        cycles(&files.iter().map(|(path, text)| made_up(path, text)).collect::<Vec<_>>())
    }

    #[test]
    fn two_files_that_need_each_other_are_a_circle() {
        let of = |to_a: &str| found(&[("ops/a.rs", "use super::b::B;"), ("ops/b.rs", to_a)]);
        for to_a in [
            "use crate::ops::a;",
            "use super::a::A;",
            "fn f() { crate::ops::a::f() }",
            "mod t { use super::super::a::A; }",
        ] {
            assert_eq!(of(to_a), ["a circle of files: ops::a → ops::b → ops::a"], "{to_a}");
        }
        for none in
            ["", "mod tests { use super::super::a; }", "use crate::ops::c;", "// use super::a;", "use crate::model::a;"]
        {
            assert_eq!(of(none), [""; 0], "{none}");
        }
    }

    #[test]
    fn a_circle_of_three_and_one_through_a_front_are_seen() {
        let three = [
            ("a.rs", "use crate::b;"),
            ("b.rs", "use crate::c;"),
            ("c.rs", "use crate::a;"),
            ("d.rs", "use crate::a;"),
        ];
        assert_eq!(found(&three), ["a circle of files: a → b → c → a"]);
        let front = [
            ("ops/mod.rs", "mod a; mod b; pub use a::A; pub use b::{self, B as Other};"),
            ("ops/a.rs", "use crate::ops::Other;"),
            ("ops/b.rs", "use super::A;"),
        ];
        assert_eq!(found(&front), ["a circle of files: ops::a → ops::b → ops::a"]);
    }

    #[test]
    fn a_front_or_a_shared_root_is_no_circle_and_both_is_one() {
        let of = |front: &str, file: &str| found(&[("ops/mod.rs", front), ("ops/a.rs", file)]);
        assert_eq!(of("mod a; pub use a::A;", "struct A;"), [""; 0]);
        assert_eq!(of("mod a; pub use a::a; struct Shared;", "pub(in crate::ops) fn a(it: super::Shared)"), [""; 0]);
        assert_eq!(of("mod a; fn f() { a::f() }", "struct A;"), [""; 0]);
        assert_eq!(of("mod a; struct Shared;", "use super::Shared;"), [""; 0]);
        let circle = ["a circle of files: ops → ops::a → ops"];
        assert_eq!(of("mod a; struct Shared; fn f() { a::f() }", "use super::Shared;"), circle);
        assert_eq!(of("mod a; use a::A; struct Shared;", "use super::Shared;"), circle);
        assert_eq!(of("mod a; pub use a::A; fn f() -> A { A::new() } struct Shared;", "use super::Shared;"), circle);
    }
}
