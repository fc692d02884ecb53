//! The system's name service: the addresses of a host, and the name of this process's user.
//!
//! How a system looks names up is its own affair (a file, DNS, mDNS, LDAP, systemd …), and the modules for it are built for that
//! system's C library. A program with a C library of its own cannot load them, so cfn asks `getent`, which comes with every C library
//! of Linux; only where there is none does the C library look by itself.

use std::io::{self, Read};
use std::net::{IpAddr, ToSocketAddrs};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The most that is read of an answer, in bytes: a host with thousands of addresses.
const MOST_BYTES: usize = 64 * 1024;

/// The addresses of a host, in the order in which they are to be tried. Where there is no `getent`, `until` is not heeded.
pub fn addresses(host: &str, until: Instant) -> io::Result<Vec<IpAddr>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let found = match ask("getent", &["ahosts", "--", host], until) {
        Ok(answer) => addresses_in(&answer),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            (host, 0).to_socket_addrs()?.map(|it| it.ip()).collect()
        }
        Err(error) => return Err(error),
    };
    if found.is_empty() { Err(io::Error::other("no address was found for its name")) } else { Ok(found) }
}

/// The name of the user that this process runs as; none where it has none, or where `getent` does not say it in time.
#[must_use]
pub fn user(until: Instant) -> Option<String> {
    let number = rustix::process::geteuid().as_raw().to_string();
    let answer = ask("getent", &["passwd", "--", &number], until).ok()?;
    answer.split(':').next().filter(|it| !it.is_empty()).map(str::to_owned)
}

/// Each address has a line for each kind of socket: it counts once.
fn addresses_in(answer: &str) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = Vec::new();
    for address in answer.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()) {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

/// What a program answers; nothing where it found nothing. It gets three quarters of the time that is left: whoever waits for the
/// whole of it may end then, and nobody would be there to end the program.
fn ask(program: &str, arguments: &[&str], until: Instant) -> io::Result<String> {
    let until = until.checked_sub(until.saturating_duration_since(Instant::now()) / 4).unwrap_or(until);
    let mut command = Command::new(program);
    let mut child =
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let answer = read(&mut child, until);
    // After all of its answer it ends by itself; otherwise nobody waits for it any more.
    let _ = child.kill();
    let _ = child.wait();
    answer
}

fn read(child: &mut Child, until: Instant) -> io::Result<String> {
    let mut answer = Vec::new();
    let Some(mut output) = child.stdout.take() else { return Ok(String::new()) };
    let mut part = [0; 4096];
    while answer.len() < MOST_BYTES {
        let left = until.saturating_duration_since(Instant::now());
        let limit = Timespec::try_from(left).ok();
        match poll(&mut [PollFd::new(&output, PollFlags::IN)], limit.as_ref()) {
            Ok(0) => return Err(io::Error::new(io::ErrorKind::TimedOut, "looking its name up took too long")),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        match output.read(&mut part)? {
            0 => break,
            length => answer.extend_from_slice(&part[..length]),
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::IpAddr;
    use std::time::{Duration, Instant};

    use super::{addresses, addresses_in, ask, user};

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn an_address_needs_no_look_up() -> io::Result<()> {
        let past = Instant::now();
        let of = |host: &str| addresses(host, past).map(|it| it.iter().map(IpAddr::to_string).collect::<Vec<_>>());
        assert_eq!(of("192.0.2.1")?, ["192.0.2.1"]);
        assert_eq!(of("2001:db8::1")?, ["2001:db8::1"]);
        Ok(())
    }

    #[test]
    fn an_address_of_several_kinds_of_sockets_counts_once_and_the_order_stays() {
        let answer =
            "192.0.2.7       STREAM db.example\n192.0.2.7       DGRAM  \n2001:db8::1     STREAM \nfe80::1%lo STREAM\n";
        let found: Vec<_> = addresses_in(answer).iter().map(IpAddr::to_string).collect();
        assert_eq!(found, ["192.0.2.7", "2001:db8::1"]);
    }

    #[test]
    fn a_program_that_does_not_answer_in_time_is_ended() {
        let since = Instant::now();
        let outcome = ask("sh", &["-c", "echo 192.0.2.1; exec sleep 60"], since + Duration::from_millis(100));
        assert_eq!(outcome.map_err(|it| it.kind()), Err(io::ErrorKind::TimedOut));
        assert!(since.elapsed() < Duration::from_secs(20), "it was not waited for");
    }

    #[test]
    fn what_looks_like_an_option_is_a_name() {
        // As an option, it would list all hosts of a file.
        let refused = addresses("-sfiles", soon()).map_err(|it| it.to_string());
        assert_eq!(refused, Err("no address was found for its name".to_owned()));
    }

    #[test]
    fn an_answer_without_end_is_cut() -> io::Result<()> {
        let answer = ask("sh", &["-c", "while :; do echo 192.0.2.1; done"], soon())?;
        assert!(answer.len() >= super::MOST_BYTES && addresses_in(&answer).len() == 1);
        Ok(())
    }

    #[test]
    fn the_user_has_the_name_that_the_system_gives_him() -> io::Result<()> {
        let own = ask("id", &["-un"], soon())?;
        assert_eq!(user(soon()).as_deref(), Some(own.trim_end()));
        Ok(())
    }
}
