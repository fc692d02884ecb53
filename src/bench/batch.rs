//! Measures the answers of a running `cfn load --batch`.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout};
use std::time::{Duration, Instant};

use super::error::{Error, Result};
use crate::process::Program;

/// Answers before the timed one: the first fills the cache, the others wake the process up.
const WARM_UP: usize = 3;

/// The time from a request to the end of its answer, by a process that has served the agent before. The process is
/// started only for this, since an open connection would change the work of other processes when they close theirs.
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
    /// Closes its input, which ends it.
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.process.wait(); // its last answer was the one that counts
    }
}
