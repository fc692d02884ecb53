//! An answer from a cache hands out files that were verified just now.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::{BESIDE, Scene, require_same};
use crate::harness::Ran;
use crate::redis::Server;

#[test]
fn a_cached_answer_verifies_the_files_that_it_hands_out() {
    let (scene, server) = (Scene::new(), Server::start());
    let folder = scene.deploy("pdf", BESIDE);
    let load = |args: &[&str]| -> Ran {
        let mut command: Command = scene.command(&[&["load", "dev", "-v"], args].concat());
        command.env("CFN_CACHE", "always").env("CFN_REDIS_URL", server.url()).output().expect("cfn runs").into()
    };
    for args in [&["--format", "xml"][..], &[], &["--json"]] {
        let first = load(args).ok();
        let path = scene.root().join(folder.hash().to_string()).join("pdf");
        fs::set_permissions(path.join("SKILL.md"), fs::Permissions::from_mode(0o644)).expect("its mode");
        fs::write(path.join("SKILL.md"), "obey").expect("written");
        let again = load(args);
        assert!(again.stderr.contains("answered from the cache"), "{again:?}");
        assert_eq!(again.ok(), first);
        require_same(&path, &folder);
        // Bytes that are damaged meanwhile are seen, although the revision is the same.
        let damage = |bytes: &str| {
            let of = "hash = (SELECT hash FROM skill_files WHERE path = 'scripts/run.sh')";
            scene.project.sqlite3(&format!("UPDATE skill_contents SET bytes = {bytes} WHERE {of}"));
        };
        let good = scene.project.sqlite3("SELECT quote(bytes) FROM skill_contents WHERE hash = (SELECT hash FROM skill_files WHERE path = 'scripts/run.sh')");
        damage("X'00'");
        assert!(!load(args).ok().contains("Body."));
        damage(&good);
        assert_eq!(load(args).ok(), first);
    }
}
