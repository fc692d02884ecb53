//! What is of no use any more is removed, and what was purged at once.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{BESIDE, Scene};
use crate::scene::deploy;

/// Makes a folder look unused for so many days.
fn age(path: &Path, days: u32) {
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    let manifest = path.with_file_name(format!(".{name}.manifest"));
    let status = Command::new("touch").args(["-d", &format!("{days} days ago")]).arg(manifest).status();
    assert!(status.expect("touch runs").success());
}

#[test]
fn maintenance_removes_what_no_version_names_and_nobody_used_for_30_days() {
    let scene = Scene::new();
    for name in ["pdf", "sql", "new"] {
        scene.deploy(name, if name == "sql" { &[] } else { BESIDE });
    }
    let folders: Vec<_> = scene.locations(&[]).iter().map(|it| it.parent().expect("a folder").to_owned()).collect();
    assert_eq!(folders.len(), 3);
    let removed = |count: usize| {
        let report = scene.cfn(&["db", "maintain", "--json"]).json();
        assert_eq!(report["removed_folders"], count, "{report}");
    };
    for it in &folders {
        age(it, 40);
    }
    removed(0);
    scene.project.cfn(["skill", "delete", "pdf", "sql", "new", "--yes", "--reason", "gone"]).ok();
    for it in &folders {
        age(it, 29);
    }
    removed(0);
    age(&folders[0], 31);
    age(&folders[1], 31);
    let left = folders[2].with_file_name(".cfn-tmp-0123456789abcdef");
    fs::create_dir(&left).expect("a folder");
    removed(2);
    assert!(!left.exists(), "what a killed process left");
    assert_eq!(fs::read_dir(scene.root()).expect("a folder").count(), 2, "one, and the tag of a cache");
    age(&folders[2], 31);
    let text = scene.cfn(&["db", "maintain"]).ok();
    assert!(text.contains("removed 1 materialized folder of no version that nobody used for 30 days"), "{text}");
    removed(0);
}

#[test]
fn a_purge_removes_the_materialized_folders_with_the_bytes() {
    let scene = Scene::new();
    scene.deploy("pdf", BESIDE);
    deploy(&scene.project, "sql", "Body.", &["testing", "dev"]);
    let found = scene.locations(&[]);
    let purge = ["skill", "purge", "pdf", "1.0.0", "--yes", "--reason", "a password"];
    let dry = scene.cfn(&[&purge[..], &["--dry-run", "--json"]].concat()).json();
    let path = found[0].parent().expect("a folder");
    assert_eq!(dry["materialized"], serde_json::json!([path]), "{dry}");
    assert!(path.exists());
    let text = scene.cfn(&purge).ok();
    assert!(text.contains(&format!("removed {}\n", path.display())), "{text}");
    assert!(!path.exists() && found[1].exists());
    assert_eq!(scene.locations(&[]), found[1..]);
}
