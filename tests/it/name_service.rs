//! A system that knows other names: what cfn asks for the address of a host and the name of its user is a script of the test's.

use std::ffi::OsString;
use std::process::Command;

use crate::harness::Project;

/// A `PATH` on which `getent` is a shell script with this text; `$1` is the database of names, `$3` the name.
pub fn answering(project: &Project, script: &str) -> OsString {
    let folder = project.path().join("name-service");
    // A file that this process had open for writing could not be run while another test starts a process.
    let write = "mkdir -p \"$0\" && printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$0/getent\" && chmod +x \"$0/getent\"";
    let written = Command::new("sh").args(["-c", write]).arg(&folder).arg(script).status();
    assert!(written.expect("a shell").success());
    let mut path = folder.into_os_string();
    path.push(":/usr/bin:/bin");
    path
}
