//! Diagnostics: who gets them, and that they look the same in a file as they do in a log.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::harness::{Project, Ran};
use crate::scene::with_skill;

fn with_filter(project: &Project, filter: impl AsRef<OsStr>, args: &[&str]) -> Ran {
    project.command(args).env("RUST_LOG", filter).output().expect("cfn runs").into()
}

#[test]
fn diagnostics_have_colours_only_where_somebody_looks_or_asks() {
    let project = with_skill("jwt", "domain", "dev");
    for args in [&["-v", "load", "dev"][..], &["-vv", "load", "dev"], &["-v", "load", "dev", "--color", "never"]] {
        let ran = project.cfn(args);
        assert!(ran.code == Some(0) && ran.stderr.contains("opened"), "{ran:?}");
        assert!(!ran.stderr.contains('\u{1b}'), "{ran:?}");
    }
    let ran = with_filter(&project, "cfn=debug", &["load", "dev"]);
    assert!(ran.stderr.contains("opened") && !ran.stderr.contains('\u{1b}'), "{ran:?}");
    assert!(project.cfn(["-v", "load", "dev", "--color", "always"]).stderr.contains('\u{1b}'));
}

#[test]
fn a_flag_beats_the_variable() {
    let project = with_skill("jwt", "domain", "dev");
    assert_eq!(with_filter(&project, "trace", &["-q", "load", "dev"]).stderr, "");
    assert!(with_filter(&project, "off", &["-v", "load", "dev"]).stderr.contains("opened"));
    assert_eq!(with_filter(&project, "off", &["load", "dev"]).stderr, "");
}

#[test]
fn what_other_programs_say_in_the_variable_is_passed_over() {
    let project = with_skill("jwt", "domain", "dev");
    let plain = project.cfn(["load", "dev", "--format", "names"]).ok();
    for filter in [
        OsStr::new("cfn=loud"),
        OsStr::new("[span]"),
        OsStr::new("my_server[request]=trace"),
        OsStr::new("app[span{field=\"a,b\"}]=debug"),
        OsStr::new("off,tower=trace,/regex"),
        OsStr::new(" , "),
        OsStr::from_bytes(b"\xff"),
    ] {
        let ran = with_filter(&project, filter, &["load", "dev", "--format", "names"]);
        assert_eq!((ran.stderr.clone(), ran.ok()), (String::new(), plain.clone()), "{filter:?}");
    }
    let said = with_filter(&project, "[span], cfn=debug ,x=warn", &["load", "dev"]).stderr;
    assert!(said.contains("opened") && said.contains("ignored [span] in RUST_LOG"), "{said}");
}
