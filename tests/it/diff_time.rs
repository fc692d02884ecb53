//! What `cfn skill diff` reads, and how long it takes.

use std::time::{Duration, Instant};

use crate::harness::Project;
use crate::scene::sha256;

#[test]
fn a_diff_of_one_file_reads_no_other_and_all_files_share_its_time() {
    let project = Project::new();
    let text = |seed: u32| {
        let mut state = seed;
        let line = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ["a\n", "b\n", "c\n"][(state >> 16) as usize % 3]
        };
        (0..20_000).map(line).collect::<String>()
    };
    project.file("jwt/SKILL.md", "# Body\n");
    let write = |seed: u32| {
        for it in 0..12 {
            project.file(&format!("jwt/f{it}.txt"), text(it + seed));
        }
    };
    write(0);
    project.cfn("deploy 1 jwt jwt domain dev".split(' ')).ok();
    write(100);
    let since = Instant::now();
    let diff = project.cfn("skill diff jwt --disk --json".split(' ')).json();
    let took = since.elapsed();
    assert_eq!(diff["files"].as_array().map(Vec::len), Some(12));
    assert!(took < Duration::from_secs(60), "without a deadline, it would be minutes: {took:?}");
    // Bytes that cannot be read stop a diff of the files that they belong to.
    project.sqlite3(&format!("UPDATE skill_contents SET bytes = 'x' WHERE hash = '{}'", sha256(text(1))));
    project.cfn("skill diff jwt --disk".split(' ')).fails(7);
    project.file("jwt/f2.txt", text(2) + "one more\n");
    let diff = project.cfn("skill diff jwt --disk --file f2.txt".split(' ')).ok();
    assert!(diff.contains("1 added, 0 removed") && diff.ends_with("+one more\n"), "{diff:.300}");
}
