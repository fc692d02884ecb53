//! A TCP proxy between cfn and the server that loses what the server answers to a COMMIT.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// How many more answers to a COMMIT are lost.
    to_lose: Arc<AtomicUsize>,
    pub(crate) lost: Arc<AtomicUsize>,
}

impl Proxy {
    pub(crate) fn to(server_port: u16, to_lose: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("it has one").port();
        let proxy = Self { port, to_lose: Arc::new(AtomicUsize::new(to_lose)), lost: Arc::default() };
        let (to_lose, lost) = (Arc::clone(&proxy.to_lose), Arc::clone(&proxy.lost));
        // It ends with the tests' process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(("127.0.0.1", server_port)).expect("the server");
                let (to_lose, lost) = (Arc::clone(&to_lose), Arc::clone(&lost));
                thread::spawn(move || session(&client, &server, &to_lose, &lost));
            }
        });
        proxy
    }
}

/// Passes everything on, until a COMMIT is on its way and its answer is to be lost: then the server gets the COMMIT and answers
/// it, and the client gets a closed connection.
fn session(client: &TcpStream, server: &TcpStream, to_lose: &AtomicUsize, lost: &AtomicUsize) {
    let (mut to_client, mut from_server) = (client.try_clone().expect("a copy"), server.try_clone().expect("a copy"));
    let answers = thread::spawn(move || {
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let (mut from_client, mut to_server, mut bytes) = (client, server, [0; 8192]);
    while let Ok(count @ 1..) = from_client.read(&mut bytes) {
        let message = &bytes[..count];
        let commits = message.windows(7).any(|it| it == b"COMMIT\0");
        let cut = commits && to_lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |it| it.checked_sub(1)).is_ok();
        if cut {
            // Before the server can answer: nothing of the answer may get through.
            let _ = client.shutdown(Shutdown::Write);
            lost.fetch_add(1, Ordering::SeqCst);
        }
        if to_server.write_all(message).is_err() {
            break;
        }
        if cut {
            thread::sleep(std::time::Duration::from_millis(100)); // the server commits meanwhile
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
    let _ = answers.join();
}
