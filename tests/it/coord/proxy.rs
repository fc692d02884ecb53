//! Stands between cfn and Redis: counts round trips, or cuts a request short.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

pub(super) struct Proxy {
    pub(super) port: u16,
    trips: Arc<AtomicUsize>,
}

impl Proxy {
    /// Passes so many bytes of each connection's requests on, and then cuts it.
    pub(super) fn start(to: u16, most: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let trips = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&trips);
        // The thread ends with the tests.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                thread::spawn(move || pass(client, to, most, &count));
            }
        });
        Self { port, trips }
    }

    /// How often a client waited for an answer since the last look.
    pub(super) fn trips(&self) -> usize {
        self.trips.swap(0, Ordering::SeqCst)
    }
}

/// Requests and answers take turns: cfn asks no second time before it has its answer.
fn pass(mut client: TcpStream, to: u16, most: usize, trips: &Arc<AtomicUsize>) {
    let mut server = TcpStream::connect(("127.0.0.1", to)).expect("Redis takes it");
    let (mut answers, mut back) = (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
    let is_answered = Arc::new(AtomicUsize::new(1));
    let answered = Arc::clone(&is_answered);
    thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = answers.read(&mut buffer) {
            answered.store(1, Ordering::SeqCst);
            if back.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
    });
    let (mut buffer, mut left) = (vec![0; 65_536], most);
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        trips.fetch_add(is_answered.swap(0, Ordering::SeqCst), Ordering::SeqCst);
        let passed = length.min(left);
        left -= passed;
        if server.write_all(&buffer[..passed]).is_err() || left == 0 {
            break;
        }
    }
    // An error means that it is closed already.
    let _ = server.shutdown(Shutdown::Both);
    let _ = client.shutdown(Shutdown::Both);
}
