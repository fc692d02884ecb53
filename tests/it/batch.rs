//! A batch of `load` that somebody talks to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::harness::{Project, Ran};

/// A `load --batch` that is asked line by line.
#[derive(Debug)]
pub struct Batch {
    child: Child,
    input: Option<ChildStdin>,
    output: Option<BufReader<ChildStdout>>,
}

impl Batch {
    /// Starts it, with more arguments.
    pub fn start(project: &Project, more: &[&str]) -> Self {
        let mut command = project.command(["load", "--batch"].iter().chain(more));
        command.env("NO_COLOR", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("cfn starts");
        let (input, output) = (child.stdin.take(), child.stdout.take().map(BufReader::new));
        Self { child, input, output }
    }

    /// The answer to a request, which must come before another one is made.
    #[track_caller]
    pub fn ask(&mut self, request: &str) -> serde_json::Value {
        let line = self.ask_for_text(request);
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The same as text.
    #[track_caller]
    pub fn ask_for_text(&mut self, request: &str) -> String {
        writeln!(self.input.as_mut().expect("a pipe"), "{request}").expect("it reads");
        let mut line = String::new();
        self.output.as_mut().expect("a pipe").read_line(&mut line).expect("an answer");
        line
    }

    /// Stops reading the answers; requests can still be made.
    pub fn leave(&mut self) -> ChildStdin {
        drop(self.output.take());
        self.input.take().expect("a pipe")
    }

    /// Ends the input and waits for the end, with what was not read yet.
    #[track_caller]
    pub fn end(mut self) -> Ran {
        drop(self.input.take());
        let mut stdout = String::new();
        self.output.take().map(|mut it| it.read_to_string(&mut stdout));
        let ran = Ran::from(self.child.wait_with_output().expect("it ends"));
        Ran { stdout, ..ran }
    }
}
