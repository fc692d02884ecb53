//! A TCP proxy between cfn and the server that counts round trips: whatever is asked while no answer is outstanding begins one.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub(crate) struct Counter {
    pub(crate) port: u16,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// Requests that the server has not answered.
    outstanding: usize,
    /// Of each round trip, the first words of its statements.
    trips: Vec<Vec<String>>,
}

impl Counter {
    pub(crate) fn to(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (port, seen) = (listener.local_addr().expect("it has one").port(), Arc::<Mutex<Seen>>::default());
        let counter = Self { port, seen: Arc::clone(&seen) };
        // It ends with the tests' process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(("127.0.0.1", server_port)).expect("the server");
                let (from_server, to_client) =
                    (server.try_clone().expect("a copy"), client.try_clone().expect("a copy"));
                let (asked, answered) = (Arc::clone(&seen), Arc::clone(&seen));
                thread::spawn(move || {
                    pass_on(client, server, true, &|kind, body| asked.lock().expect("no panic").ask(kind, body));
                });
                thread::spawn(move || {
                    pass_on(from_server, to_client, false, &|kind, _| answered.lock().expect("no panic").answer(kind));
                });
            }
        });
        counter
    }

    /// The round trips since the last call.
    pub(crate) fn trips(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut self.seen.lock().expect("no panic").trips)
    }
}

impl Seen {
    fn ask(&mut self, kind: u8, body: &[u8]) {
        // Parse has the name of the statement before it; passwords are not counted.
        let statement = match kind {
            b'P' => body.iter().position(|it| *it == 0).map(|end| &body[end + 1..]),
            b'Q' => Some(body),
            _ => None,
        };
        if let Some(statement) = statement {
            let text = String::from_utf8_lossy(statement);
            let begins =
                text.split(|it: char| !it.is_alphabetic()).find(|it| !it.is_empty()).unwrap_or_default().to_owned();
            if self.outstanding == 0 {
                self.trips.push(Vec::new());
            }
            self.trips.last_mut().expect("one").push(begins);
        }
        self.outstanding += usize::from(matches!(kind, b'S' | b'Q'));
    }

    fn answer(&mut self, kind: u8) {
        if kind == b'Z' {
            self.outstanding = self.outstanding.saturating_sub(1); // the first one ends the login
        }
    }
}

/// Passes bytes on, message by message: the first one of a client has no kind.
fn pass_on(mut from: TcpStream, mut to: TcpStream, is_client: bool, each: &dyn Fn(u8, &[u8])) {
    let mut begun = !is_client;
    loop {
        let mut kind = [0; 1];
        if begun && from.read_exact(&mut kind).is_err() {
            break;
        }
        let mut length = [0; 4];
        if from.read_exact(&mut length).is_err() {
            break;
        }
        let mut body = vec![0; (u32::from_be_bytes(length) as usize).saturating_sub(4)];
        if from.read_exact(&mut body).is_err() {
            break;
        }
        let mut message = if begun { kind.to_vec() } else { Vec::new() };
        message.extend(length);
        message.extend(&body);
        if begun {
            each(kind[0], &body);
        }
        begun = true;
        if to.write_all(&message).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
