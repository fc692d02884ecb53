//! A small HTTP server: short texts for `GET`, on one thread. Whatever clients do, it keeps few connections, a small
//! buffer for each, and none for long.
//!
//! | file | what it owns |
//! |---|---|
//! | `message` | requests, answers and their bytes |
//! | `connection` | a connection, from its request to its end |

mod connection;
mod message;

use std::io;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use self::connection::Connection;

pub use self::message::{Answer, Status};

/// The most connections at once. A further one takes the place of the oldest.
const CONNECTIONS: usize = 64;

/// The most connections to accept before others are looked at again: a client that sends its request at once is
/// answered before so many newer ones have come.
const ACCEPTED_AT_ONCE: usize = 16;

/// The longest time without a look at `stopped`.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// The pause after a failure to accept, such as too many open files.
const AFTER_A_FAILURE: Duration = Duration::from_millis(100);

/// Answers requests for paths until `stopped`; a path without an answer is not found.
pub fn serve(
    listener: &TcpListener,
    stopped: &dyn Fn() -> bool,
    answer: &mut dyn FnMut(&str) -> Option<Answer>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let mut connections: Vec<Connection> = Vec::new();
    while !stopped() {
        let (arrived, ready) = wait(listener, &connections)?;
        for (connection, _) in connections.iter_mut().zip(ready).filter(|it| it.1) {
            connection.proceed(answer);
        }
        connections.retain(|it| !it.is_over());
        if arrived {
            accept(listener, &mut connections, answer);
        }
    }
    Ok(())
}

/// Waits for something to do: whether somebody arrived, and which connections can proceed.
fn wait(listener: &TcpListener, connections: &[Connection]) -> io::Result<(bool, Vec<bool>)> {
    let mut all = vec![PollFd::new(listener, PollFlags::IN)];
    all.extend(connections.iter().map(|it| PollFd::new(it.stream(), it.waits_for())));
    match poll(&mut all, Some(&PAUSE)) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok((false, Vec::new())),
        Err(error) => return Err(error.into()),
    }
    let mut ready = all.iter().map(|it| !it.revents().is_empty());
    Ok((ready.next().unwrap_or(false), ready.collect()))
}

fn accept(listener: &TcpListener, connections: &mut Vec<Connection>, answer: &mut dyn FnMut(&str) -> Option<Answer>) {
    for _ in 0..ACCEPTED_AT_ONCE {
        match accepted(listener) {
            Ok(stream) => {
                let mut connection = Connection::new(stream);
                connection.proceed(answer); // most requests are there already
                if !connection.is_over() {
                    connections.push(connection);
                }
                if connections.len() > CONNECTIONS {
                    connections.remove(0);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::debug!(%error, "a connection was not accepted");
                thread::sleep(AFTER_A_FAILURE);
                return;
            }
        }
    }
}

fn accepted(listener: &TcpListener) -> io::Result<TcpStream> {
    let (stream, _) = listener.accept()?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}
