//! Runs several programs at once.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use super::error::{Error, Result};
use crate::process::Program;

/// The time from the start of the first program to the end of the last one, all started together.
pub fn together(programs: &[Program]) -> Result<Duration> {
    let barrier = Barrier::new(programs.len());
    let run = |program: &Program| {
        barrier.wait();
        let started = Instant::now();
        Ok(program.time().map(|took| (started, started + took))?)
    };
    let ran: Result<Vec<(Instant, Instant)>> = thread::scope(|scope| {
        let threads: Vec<_> = programs.iter().map(|program| scope.spawn(|| run(program))).collect();
        // A panicked thread has no figure.
        let lost = || Err(Error::Defect("a measuring thread panicked"));
        threads.into_iter().map(|it| it.join().unwrap_or_else(|_| lost())).collect()
    });
    let ran = ran?;
    let (first, last) = (ran.iter().map(|it| it.0).min(), ran.iter().map(|it| it.1).max());
    Ok(first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first))
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::together;
    use crate::process::Program;
    use std::path::Path;
    use std::time::Duration;

    fn sh(script: &str) -> Program {
        Program::new(Path::new("/bin/sh"), Path::new("/")).args(["-c", script])
    }

    #[test]
    fn programs_started_together_take_as_long_as_the_slowest() {
        let took = together(&[sh("sleep 0.05"), sh("sleep 0.1"), sh(":")]).expect("they run");
        assert!(took >= Duration::from_millis(100), "{took:?}");
        assert!(together(&[sh(":"), sh("exit 1")]).is_err());
    }
}
