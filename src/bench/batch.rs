//! A running `cfn load --batch`: what a process that stays takes to answer.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout};
use std::time::{Duration, Instant};

use super::error::{Error, Result};
use crate::process::Program;

/// Answers that are not timed: the first fills the cache, the next ones meet a process that is awake.
const WARM_UP: usize = 3;

/// What an agent takes from a process that has served it before: from the request to the end of the answer. The process is there
/// for this only, since an open connection would change what the others have to do at their end.
pub(super) fn served_again(cfn: &Program, agent: &str) -> Result<Duration> {
    let mut batch = Batch::start(cfn)?;
    for _ in 0..WARM_UP {
        batch.ask(agent)?;
    }
    batch.ask(agent)
}

struct Batch {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Batch {
    fn start(cfn: &Program) -> Result<Self> {
        let mut process = cfn.clone().args(["load", "--batch"]).start()?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (requests, answers) = pipes.ok_or(Error::Defect("a child has no pipes"))?;
        Ok(Self { process, requests: Some(requests), answers: BufReader::new(answers) })
    }

    fn ask(&mut self, agent: &str) -> Result<Duration> {
        let wrong = |what: String| Error::WrongAnswer { line: "cfn load --batch".to_owned(), what };
        let requests = self.requests.as_mut().ok_or(Error::Defect("the batch has ended"))?;
        let (request, mut answer) = (format!("{{\"agent_type\":\"{agent}\"}}\n"), String::new());
        let since = Instant::now();
        requests
            .write_all(request.as_bytes())
            .and_then(|()| self.answers.read_line(&mut answer))
            .map_err(|error| wrong(error.to_string()))?;
        let took = since.elapsed();
        if answer.contains("\"content_hash\"") { Ok(took) } else { Err(wrong(answer.chars().take(200).collect())) }
    }
}

impl Drop for Batch {
    /// It ends when its input does.
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.process.wait(); // its last answer was the one that counts
    }
}
