//! Metrics for a server that scrapes them.

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::interruption::Interruption;
use crate::http::{self, Answer, Status};
use crate::ops::Exposition;

/// For so long, further requests get the same text: many requests cost no more than one.
const FRESH: Duration = Duration::from_millis(500);

/// Answers requests until a signal, which is a good end.
pub(super) fn listen(
    context: &Context,
    address: SocketAddr,
    format: Exposition,
    text: &dyn Fn() -> Result<String, Failure>,
) -> Result<(), Failure> {
    let interruption = Interruption::listen()?;
    let listener = TcpListener::bind(address).map_err(|error| unusable(address, &error))?;
    let bound = listener.local_addr().unwrap_or(address);
    text()?; // what is wrong with the database is said at once
    context.output.note(&format!("listening: http://{bound}/metrics and http://{bound}/healthz"));
    let mut last: Option<(Instant, Answer)> = None;
    let mut answer = |path: &str| {
        let is_health = match path {
            "/metrics" => false,
            "/healthz" => true,
            _ => return None,
        };
        let metrics = match last.take().filter(|it| it.0.elapsed() < FRESH) {
            Some((since, answer)) => (since, answer),
            None => (Instant::now(), scraped(context, format, text)),
        };
        let (_, metrics) = last.insert(metrics);
        Some(if is_health { health(metrics.status) } else { metrics.clone() })
    };
    http::serve(&listener, &|| interruption.stopped(), &mut answer).map_err(|error| unusable(address, &error))
}

/// The metrics; why there are none is for the terminal of this process alone.
fn scraped(context: &Context, format: Exposition, text: &dyn Fn() -> Result<String, Failure>) -> Answer {
    match text() {
        Ok(text) => Answer { status: Status::Ok, content_type: format.content_type(), text: Rc::from(text) },
        Err(failure) => {
            context.output.warn(&failure.message);
            Answer::plain(Status::Unavailable, "the database cannot be read\n")
        }
    }
}

fn health(status: Status) -> Answer {
    Answer::plain(status, if status == Status::Ok { "ok\n" } else { "the database cannot be read\n" })
}

fn unusable(address: SocketAddr, error: &std::io::Error) -> Failure {
    let message = format!("{address} cannot be listened on: {error}");
    Failure::new(FailureKind::AddressUnusable, message, "Name another address and port with --listen.")
}
