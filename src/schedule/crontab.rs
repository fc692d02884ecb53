//! The user's crontab.

use std::path::Path;

use crate::process::{Error, Program, Result};

/// The program that reads and replaces it. It is named by its path, since it gets to see all of the user's jobs.
const CRONTAB: &str = "/usr/bin/crontab";

/// The user's crontab; empty if there is none.
pub fn read_crontab() -> Result<Vec<u8>> {
    match crontab(&["-l"]).run() {
        Ok(ran) => Ok(ran.stdout),
        Err(Error::Failed { code: Some(1), said, .. }) if said.contains("no crontab for") => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Replaces the user's crontab.
pub fn replace_crontab(text: &str) -> Result<()> {
    crontab(&["-"]).input(text).time().map(drop)
}

fn crontab(arguments: &[&str]) -> Program {
    Program::new(Path::new(CRONTAB), Path::new("/")).args(arguments).inheriting()
}
