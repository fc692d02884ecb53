//! A command that has nothing of the process that runs it.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a command has instead of the surroundings of the process that runs it. It leads a session of its own, no
/// program that it starts gains rights, and nothing of it is dumped.
#[derive(Debug)]
pub struct Apart<'a> {
    /// The name of its control group, by which others find what is left of it.
    pub group: &'a str,
    /// Its current folder.
    pub folder: &'a Path,
    /// All of its environment.
    pub environment: &'a [(OsString, OsString)],
    /// Its stdin, if it has one.
    pub stdin: Option<&'a File>,
    /// Its stdout.
    pub stdout: &'a File,
    /// Its stderr.
    pub stderr: &'a File,
    /// Whether its stdin is the terminal of its session.
    pub is_on_terminal: bool,
}

impl Apart<'_> {
    pub(super) fn surround(&self, command: &mut Command) -> io::Result<()> {
        let stdin = self.stdin.map_or(Ok(Stdio::null()), |it| it.try_clone().map(Stdio::from))?;
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder).stdin(stdin);
        command.stdout(self.stdout.try_clone()?).stderr(self.stderr.try_clone()?);
        Ok(())
    }
}
