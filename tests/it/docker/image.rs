//! The image that the Dockerfile makes. Its first stage needs a registry and a compiler; a program that is built already
//! takes its place here.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::engine::{Engine, shared_engine};
use super::root::{Root, release};
use crate::harness::repository;

const IMAGE: &str = "cfn-test-production";

fn build(engine: &Engine) {
    let root = Root::of_cfn();
    for name in ["Dockerfile", ".dockerignore"] {
        fs::copy(repository(name), root.context().join(name)).expect("a copy");
    }
    let options = ["build", "--target=production", "--build-arg=PROGRAM=built", "--build-arg=BUILDKIT_INLINE_CACHE=1"];
    let arguments = options.into_iter().chain(["--network=none", "--tag", IMAGE]).map(OsStr::new);
    engine.run(arguments.chain([root.context().as_os_str()])).ok();
}

#[test]
fn the_image_is_cfn_with_its_database_in_a_volume_for_any_user() {
    let Some(engine) = shared_engine() else { return };
    build(engine);
    let cfn = |options: &[&str], arguments: &[&str]| {
        let run = ["run", "--rm", "--network=none", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL"];
        engine.run([&run, options, &[IMAGE], arguments].concat()).ok()
    };
    assert_eq!(cfn(&[], &["--version"]), concat!("cfn ", env!("CARGO_PKG_VERSION"), "\n"));
    for (volume, user) in [("cfn-test-own", &[][..]), ("cfn-test-other", &["--user=4321:4321"])] {
        let mount = format!("--volume={volume}:/data");
        let with = [&[mount.as_str()], user].concat();
        cfn(&with, &["init", "--bootstrap"]);
        let status: Value = serde_json::from_str(&cfn(&with, &["db", "status", "--json"])).expect("JSON");
        assert_eq!(status["path"], "/data/skills.db", "{status}");
    }
    let inspected: Value = serde_json::from_str(&engine.run(["image", "inspect", IMAGE]).ok()).expect("JSON");
    let size = inspected[0]["Size"].as_u64().expect("a size");
    // A debug program is larger.
    assert!(release().is_none() || size < 20_000_000, "{size} bytes");
    let exported = engine.run(["run", "--rm", "--entrypoint=/bin/sh", IMAGE]);
    assert_ne!(exported.code, Some(0), "there is no shell in it");
}

/// Cargo refuses a manifest whose targets are not there.
#[test]
fn the_first_stage_gets_whatever_cargo_and_the_program_are_built_from() {
    let admitted = fs::read_to_string(repository(".dockerignore")).expect("a file");
    let stage = TempDir::new().expect("a folder");
    for name in admitted.lines().filter_map(|it| it.strip_prefix('!')).filter(|it| !it.contains('/')) {
        let mut copy = Command::new("cp");
        copy.arg("-r").arg(repository(name)).arg(stage.path());
        assert!(copy.status().expect("cp runs").success(), "{name}");
    }
    let mut metadata = Command::new(env!("CARGO"));
    metadata.args(["metadata", "--offline", "--locked", "--no-deps", "--format-version=1"]).current_dir(stage.path());
    let output = metadata.output().expect("cargo runs");
    assert!(output.status.success(), "{output:?}");
    assert!(stage.path().join("migrations/sqlite").exists() && stage.path().join(".cargo/config.toml").exists());
    let recipe = fs::read_to_string(repository("Dockerfile")).expect("a file");
    let version = recipe.lines().find_map(|it| it.strip_prefix("ARG RUST=")).expect("the version of Rust");
    let manifest = fs::read_to_string(repository("Cargo.toml")).expect("a file");
    assert!(manifest.contains(&format!("rust-version = \"{version}\"")), "{version} is not the version that cfn needs");
}
