//! Where skills are materialized.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::locations;
use crate::harness::{Project, Ran};
use crate::scene::with_skill;

fn load(project: &Project, set: impl FnOnce(&mut Command)) -> Ran {
    let mut command = project.command(["load", "dev", "--format", "xml"]);
    command.env_remove("XDG_CONFIG_HOME").env_remove("XDG_CACHE_HOME");
    set(&mut command);
    command.output().expect("cfn runs").into()
}

#[test]
fn the_folder_is_named_by_the_environment_the_users_file_or_the_home() {
    let (project, home) = (with_skill("jwt", "testing", "dev"), Project::empty());
    let path = |name: &str| home.path().join(name);
    home.file(".config/cfn/config.toml", "");
    let here = |ran: Ran, folder: &str| {
        let found = locations(&ran.ok());
        assert!(found[0].starts_with(path(folder)), "{folder}: {found:?}");
    };
    here(
        load(&project, |it| {
            it.env("HOME", home.path());
        }),
        ".cache/cfn/skills",
    );
    here(
        load(&project, |it| {
            it.env("HOME", home.path()).env("XDG_CACHE_HOME", path("xdg"));
        }),
        "xdg/cfn/skills",
    );
    here(
        load(&project, |it| {
            it.env("HOME", home.path()).env("XDG_CACHE_HOME", "not/absolute");
        }),
        ".cache/cfn/skills",
    );
    home.file(".config/cfn/config.toml", format!("materialize_dir = '{}'", path("of-file").display()));
    here(
        load(&project, |it| {
            it.env("HOME", home.path());
        }),
        "of-file",
    );
    here(
        load(&project, |it| {
            it.env("HOME", home.path()).env("CFN_MATERIALIZE_DIR", path("named"));
        }),
        "named",
    );
    let mut config = project.command(["config", "--json"]);
    config.env_remove("XDG_CONFIG_HOME").env("HOME", home.path());
    let report = Ran::from(config.output().expect("cfn runs")).json();
    let found = report["settings"].as_array().into_iter().flatten().find(|it| it["name"] == "materialize_dir");
    let setting = found.expect("the setting");
    let of_file = path("of-file").to_string_lossy().into_owned();
    assert_eq!((&setting["value"], &setting["source"]), (&Value::from(of_file), &Value::from("user")));
    Command::new("chmod").args(["-R", "u+w"]).arg(home.path()).status().expect("chmod runs");
}

#[test]
fn a_project_may_not_name_the_folder() {
    let project = with_skill("jwt", "testing", "dev");
    project.file("cfn.toml", "materialize_dir = '/tmp/x'\n");
    let message = project.cfn(["load", "dev"]).fails(1);
    assert!(message.contains("materialize_dir"), "{message}");
    fs::remove_file(project.path().join("cfn.toml")).expect("removed");
}

#[test]
fn the_folders_that_it_makes_are_the_users_own_whatever_the_umask_is() {
    use std::os::unix::fs::PermissionsExt as _;
    for umask in ["000", "022", "077"] {
        let (project, home) = (with_skill("jwt", "testing", "dev"), Project::empty());
        let cfn = project.command(["load", "dev", "--format", "xml"]);
        let mut command = Command::new("sh");
        command.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]).arg(cfn.get_program()).args(cfn.get_args());
        command.current_dir(project.path()).env("HOME", home.path());
        command.env_remove("XDG_CONFIG_HOME").env_remove("XDG_CACHE_HOME").env_remove("CFN_MATERIALIZE_DIR");
        Ran::from(command.output().expect("sh runs")).ok();
        for folder in [".cache", ".cache/cfn", ".cache/cfn/skills"] {
            let mode = fs::metadata(home.path().join(folder)).expect("a folder").permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{folder} under {umask}");
        }
        Command::new("chmod").args(["-R", "u+w"]).arg(home.path()).status().expect("chmod runs");
    }
}
