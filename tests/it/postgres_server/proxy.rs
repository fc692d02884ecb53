//! A TCP proxy between cfn and the server that cuts connections at chosen statements, or after so many bytes, and that stands for
//! a network which is slow, silent or gone.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::programs::kill;

/// Where a connection is cut: at the next message of the client that has this text.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    pub(crate) at: &'static str,
    /// Whether the server gets the message, and the client no answer to it.
    pub(crate) passes: bool,
    /// A server that is killed in the same moment.
    pub(crate) kills: Option<u32>,
}

impl Cut {
    /// The client gets no answer to its COMMIT.
    fn answer_to_commit() -> Self {
        Self { at: "COMMIT\0", passes: true, kills: None }
    }
}

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// It passes on, after so many milliseconds.
    Passes(u64),
    /// It passes on nothing, and says so to nobody.
    Silent,
    /// It ends every connection, also new ones.
    Gone,
}

pub(crate) struct Proxy {
    pub(crate) port: u16,
    network: Arc<Mutex<Network>>,
    cuts: Arc<Mutex<VecDeque<Cut>>>,
    pub(crate) lost: Arc<AtomicUsize>,
    traffic: Arc<Traffic>,
}

/// What clients sent.
struct Traffic {
    /// By the last connection.
    sent: AtomicU64,
    /// After so many bytes, a connection ends.
    most: AtomicU64,
}

impl Proxy {
    /// A proxy that loses so many answers to a COMMIT.
    pub(crate) fn to(server_port: u16, to_lose: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("it has one").port();
        let cuts = VecDeque::from(vec![Cut::answer_to_commit(); to_lose]);
        let traffic = Arc::new(Traffic { sent: AtomicU64::new(0), most: AtomicU64::new(u64::MAX) });
        let network = Arc::new(Mutex::new(Network::Passes(0)));
        let proxy = Self { port, network, cuts: Arc::new(Mutex::new(cuts)), lost: Arc::default(), traffic };
        let network = Arc::clone(&proxy.network);
        let (cuts, lost) = (Arc::clone(&proxy.cuts), Arc::clone(&proxy.lost));
        let traffic = Arc::clone(&proxy.traffic);
        // It ends with the tests' process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if is(&network) == Network::Gone {
                    continue;
                }
                let (cuts, lost, traffic) = (Arc::clone(&cuts), Arc::clone(&lost), Arc::clone(&traffic));
                let network = Arc::clone(&network);
                // The server may be down.
                let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)) else { continue };
                // Small messages pass at once.
                for side in [&client, &server] {
                    side.set_nodelay(true).expect("an option");
                }
                thread::spawn(move || session(&client, &server, &cuts, &lost, &traffic, &network));
            }
        });
        proxy
    }

    /// Changes the network.
    pub(crate) fn network(&self, to: Network) {
        *self.network.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }

    /// Cuts a connection once.
    pub(crate) fn cut(&self, cut: Cut) {
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner).push_back(cut);
    }

    /// Cuts no more; whether every cut was made.
    pub(crate) fn has_cut(&self) -> bool {
        let mut cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        let are_made = cuts.is_empty();
        cuts.clear();
        are_made
    }

    /// The number of bytes that the last connection's client sent.
    pub(crate) fn sent(&self) -> u64 {
        self.traffic.sent.load(Ordering::SeqCst)
    }

    /// Ends every connection after so many bytes of its client.
    pub(crate) fn cut_after(&self, bytes: u64) {
        self.traffic.most.store(bytes, Ordering::SeqCst);
    }
}

fn is(network: &Mutex<Network>) -> Network {
    *network.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until the network passes on; `false` if it is gone.
fn passes(network: &Mutex<Network>) -> bool {
    loop {
        match is(network) {
            Network::Passes(delay) => {
                thread::sleep(Duration::from_millis(delay));
                return true;
            }
            Network::Silent => thread::sleep(Duration::from_millis(10)),
            Network::Gone => return false,
        }
    }
}

/// Passes on what one side sends, while there is a network.
fn copy(mut from: &TcpStream, mut to: &TcpStream, network: &Mutex<Network>) {
    let mut bytes = [0; 8192];
    loop {
        match from.read(&mut bytes) {
            Ok(count @ 1..) => {
                if !passes(network) || to.write_all(&bytes[..count]).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock && is(network) != Network::Gone => {}
            Ok(_) | Err(_) => return,
        }
    }
}

/// The cut that is to be made at this message, which is made only once.
fn cut_at(message: &[u8], cuts: &Mutex<VecDeque<Cut>>) -> Option<Cut> {
    let mut cuts = cuts.lock().unwrap_or_else(PoisonError::into_inner);
    let at = cuts.front()?.at.as_bytes();
    message.windows(at.len()).any(|it| it == at).then(|| cuts.pop_front()).flatten()
}

/// Passes everything on, until a connection is to be cut.
fn session(
    client: &TcpStream,
    server: &TcpStream,
    cuts: &Mutex<VecDeque<Cut>>,
    lost: &AtomicUsize,
    traffic: &Traffic,
    network: &Arc<Mutex<Network>>,
) {
    traffic.sent.store(0, Ordering::SeqCst);
    let (to_client, from_server) = (client.try_clone().expect("a copy"), server.try_clone().expect("a copy"));
    // To look whether the network is gone.
    server.set_read_timeout(Some(Duration::from_millis(20))).expect("an option");
    let of_answers = Arc::clone(network);
    let answers = thread::spawn(move || {
        copy(&from_server, &to_client, &of_answers);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let (mut from_client, mut to_server, mut bytes) = (client, server, [0; 8192]);
    while let Ok(count @ 1..) = from_client.read(&mut bytes) {
        if !passes(network) {
            break;
        }
        let before = traffic.sent.fetch_add(count as u64, Ordering::SeqCst);
        let room = traffic.most.load(Ordering::SeqCst).saturating_sub(before);
        let message = &bytes[..count.min(usize::try_from(room).unwrap_or(usize::MAX))];
        let cut = cut_at(message, cuts);
        if cut.is_some() {
            // Before the server can answer: nothing of the answer may get through.
            lost.fetch_add(1, Ordering::SeqCst);
            let _ = client.shutdown(Shutdown::Write);
        }
        let passes = cut.as_ref().is_none_or(|it| it.passes);
        let is_over = passes && to_server.write_all(message).is_err() || message.len() < count;
        if let Some(cut) = cut {
            match cut.kills {
                Some(server) => kill("-QUIT", &[server]),
                None if passes => thread::sleep(Duration::from_millis(100)), // the server commits meanwhile
                None => {}
            }
            break;
        }
        if is_over {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
    let _ = answers.join();
}
