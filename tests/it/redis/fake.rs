//! A server that does what a test tells it to, and counts who comes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// How a server treats every client.
#[derive(Debug, Clone, Copy)]
pub(super) enum Manner {
    /// Takes the connection, and never says anything.
    Silent,
    /// Ends the connection.
    Closes,
    /// Says this to the first request, that to the second, and so on; then nothing more.
    Says(&'static [&'static [u8]]),
    /// Says this a byte at a time, one each 5 ms.
    Trickles(&'static [u8]),
    /// Says this, and then more and more, as fast as it is taken.
    Floods(&'static [u8]),
}

pub(super) struct Fake {
    pub(super) port: u16,
    connections: Arc<AtomicUsize>,
}

impl Fake {
    pub(super) fn start(manner: Manner) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").expect("a free port"), manner)
    }

    /// At a port where nobody listened until now.
    pub(super) fn start_at(port: u16, manner: Manner) -> Self {
        Self::on(TcpListener::bind(("127.0.0.1", port)).expect("the port is free"), manner)
    }

    fn on(listener: TcpListener, manner: Manner) -> Self {
        let port = listener.local_addr().expect("an address").port();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        // The threads end with the tests; each sleeps or has ended by then.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || serve(stream, manner));
            }
        });
        Self { port, connections }
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// How many connections there were.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// An error means that the other side has gone, which is what it should do.
fn serve(mut stream: TcpStream, manner: Manner) {
    let mut request = vec![0; 65536];
    match manner {
        Manner::Closes => {}
        Manner::Silent => while stream.read(&mut request).is_ok_and(|it| it > 0) {},
        Manner::Says(replies) => {
            for reply in replies {
                if stream.read(&mut request).is_ok_and(|it| it > 0) {
                    let _ = stream.write_all(reply);
                }
            }
            while stream.read(&mut request).is_ok_and(|it| it > 0) {}
        }
        Manner::Trickles(reply) => {
            let _ = stream.read(&mut request);
            for byte in reply {
                thread::sleep(Duration::from_millis(5));
                if stream.write_all(&[*byte]).is_err() {
                    return;
                }
            }
        }
        Manner::Floods(reply) => {
            let _ = stream.read(&mut request);
            if stream.write_all(reply).is_ok() {
                while stream.write_all(&request).is_ok() {}
            }
        }
    }
}
