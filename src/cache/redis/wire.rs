//! The connection: TCP, TCP with TLS, or a Unix socket. All operations on it have a deadline.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::certificates;
use crate::settings::{RedisAddress, RedisServer};

/// Idle time before the system probes the other end.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A connected stream.
pub(super) enum Wire {
    Plain(Timed),
    Tls(Box<StreamOwned<ClientConnection, Timed>>),
}

/// A socket with one deadline for all its reads and writes.
pub(super) struct Timed {
    socket: Socket,
    until: Instant,
}

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Wire {
    /// Resolves the name, connects, and does the TLS handshake. Name resolution, and connecting to a Unix socket whose
    /// server does not accept, ignore the deadline; run this on a thread to limit them.
    pub(super) fn connect(server: &RedisServer, until: Instant) -> io::Result<Self> {
        match &server.address {
            RedisAddress::Unix(path) => Ok(Self::Plain(Timed::of(Socket::Unix(UnixStream::connect(path)?), until)?)),
            RedisAddress::Tcp { host, port, tls } => {
                let socket = Timed::of(Socket::Tcp(tcp(host, *port, until)?), until)?;
                if *tls { with_tls(socket, host, server.root_certificates.as_deref()) } else { Ok(Self::Plain(socket)) }
            }
        }
    }

    /// Sets the deadline.
    pub(super) fn set_limit(&mut self, until: Instant) {
        match self {
            Self::Plain(timed) => timed.until = until,
            Self::Tls(stream) => stream.sock.until = until,
        }
    }
}

fn tcp(host: &str, port: u16, until: Instant) -> io::Result<TcpStream> {
    let mut outcome = Err(io::ErrorKind::NotFound.into());
    for address in (host, port).to_socket_addrs()? {
        outcome = TcpStream::connect_timeout(&address, left(until)?);
        if outcome.is_ok() {
            break;
        }
    }
    let stream = outcome?;
    stream.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(&stream, true)?;
    rustix::net::sockopt::set_tcp_keepidle(&stream, KEEP_ALIVE)?;
    Ok(stream)
}

fn with_tls(mut socket: Timed, host: &str, roots: Option<&Path>) -> io::Result<Wire> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let file = roots.map_or_else(|| certificates::system("SSL_CERT_FILE"), |it| Ok(it.to_owned()));
    let trusted = file.and_then(|it| certificates::read(&it)).map_err(io::Error::other)?;
    let config = certificates::client(Some(trusted), true, None).map_err(io::Error::other)?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut socket)?;
    }
    Ok(Wire::Tls(Box::new(StreamOwned::new(connection, socket))))
}

fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

impl Timed {
    fn of(socket: Socket, until: Instant) -> io::Result<Self> {
        match &socket {
            Socket::Tcp(it) => it.set_nonblocking(true)?,
            Socket::Unix(it) => it.set_nonblocking(true)?,
        }
        Ok(Self { socket, until })
    }

    /// Retries until it does not block. The system's own socket timeouts are too coarse: multiples of its clock tick, 4
    /// ms or more.
    fn within<T>(&mut self, ready: PollFlags, mut attempt: impl FnMut(&mut Socket) -> io::Result<T>) -> io::Result<T> {
        loop {
            let left = left(self.until)?;
            match attempt(&mut self.socket) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let left = Timespec::try_from(left).map_err(io::Error::other)?;
                    let mut wanted = [PollFd::from_borrowed_fd(self.socket.as_fd(), ready)];
                    match poll(&mut wanted, Some(&left)) {
                        Ok(_) | Err(Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                outcome => return outcome,
            }
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(it) => it.as_fd(),
            Self::Unix(it) => it.as_fd(),
        }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.within(PollFlags::IN, |socket| match socket {
            Socket::Tcp(it) => it.read(buffer),
            Socket::Unix(it) => it.read(buffer),
        })
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.within(PollFlags::OUT, |socket| match socket {
            Socket::Tcp(it) => it.write(buffer),
            Socket::Unix(it) => it.write(buffer),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(it) => it.read(buffer),
            Self::Tls(it) => it.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(it) => it.write(buffer),
            Self::Tls(it) => it.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(it) => it.flush(),
            Self::Tls(it) => it.flush(),
        }
    }
}
