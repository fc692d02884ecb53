//! Connects to the first usable host, with a time limit for each.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_postgres::config::{ChannelBinding as ClientChannelBinding, SslMode as ClientSslMode, TargetSessionAttrs};
use tokio_postgres::{AsyncMessage, Client, Config, Error};

use super::client_error::{ClientResult, sentence};
use super::{Refusal, password, tls};
use crate::settings::{ChannelBinding, Host, PostgresServer, SslMode};

/// A dead network is detected after about this time.
const SILENCE: Duration = Duration::from_secs(30);

/// Gets the payload of each notification that a connection hears.
pub(super) type Heard = UnboundedSender<String>;

/// Why connecting failed.
#[derive(Debug)]
pub enum NotConnected {
    /// The settings are unusable.
    Setup(String),
    /// A host does not answer, or refuses the connection.
    Host(String, Option<Refusal>),
}

/// Connects to the first usable host, which it returns too. A host that refuses this role ends the search, as with libpq.
pub(super) async fn first_host(server: &PostgresServer, heard: Option<Heard>) -> Result<(Client, Host), NotConnected> {
    let mut hosts: Vec<&Host> = server.hosts.iter().collect();
    if server.any_order {
        let turns = usize::try_from(std::process::id()).unwrap_or(0) % hosts.len().max(1);
        hosts.rotate_left(turns);
    }
    let (mut whys, mut refusal) = (Vec::new(), None);
    for host in hosts {
        let no_answer =
            || NotConnected::Host(format!("no answer within {} ms", server.connect_timeout.as_millis()), None);
        let failed = match timeout(server.connect_timeout, one_host(server, host, heard.clone())).await {
            Ok(Ok(client)) => return Ok((client, host.clone())),
            Ok(Err(failed)) => failed,
            Err(_) => no_answer(),
        };
        let NotConnected::Host(why, kind) = failed else { return Err(failed) };
        whys.push(if server.hosts.len() > 1 { format!("{host}: {why}") } else { why });
        refusal = kind.or(refusal);
        if kind == Some(Refusal::Login) {
            break;
        }
    }
    Err(NotConnected::Host(whys.join("; "), refusal))
}

async fn one_host(server: &PostgresServer, host: &Host, heard: Option<Heard>) -> Result<Client, NotConnected> {
    let protections = Protections::of(server, host).map_err(NotConnected::Setup)?;
    let user = match &server.user {
        Some(user) => Some(user.clone()),
        // The system's name service may hang.
        None => spawn_blocking(whoami::username).await.ok().and_then(Result::ok),
    };
    let (mut config, remark) = config(server, host, user.as_deref());
    let addresses = addresses(host).await.map_err(|error| NotConnected::Host(error.to_string(), None))?;
    for address in addresses {
        config.host(&host.name).port(host.port); // the name is what the certificate is for
        if let Some(address) = address {
            config.hostaddr(address);
        }
    }
    connect(config, protections, heard).await.map_err(|error| {
        let (why, refusal) = (sentence(&error), refusal_of(&error));
        let why = match remark.filter(|_| refusal == Some(Refusal::Login)) {
            Some(remark) => format!("{why}; {remark}"),
            None => why,
        };
        NotConnected::Host(why, refusal)
    })
}

/// Why a host refuses the connection, if it does. That a password is needed and there is none is found out by the client.
fn refusal_of(error: &Error) -> Option<Refusal> {
    let is_without_password =
        || std::error::Error::source(error).is_some_and(|it| it.to_string() == "password missing");
    match error.code() {
        Some(code) => Some(Refusal::of(code.code())),
        None => is_without_password().then_some(Refusal::Login),
    }
}

/// The distinct addresses of a host, in the order to try; for a Unix socket, one `None`.
async fn addresses(host: &Host) -> io::Result<Vec<Option<IpAddr>>> {
    if host.is_socket() || host.address.is_some() {
        return Ok(vec![host.address]);
    }
    let (name, port) = (host.name.clone(), host.port);
    let found = spawn_blocking(move || (name.as_str(), port).to_socket_addrs()).await.map_err(io::Error::other)??;
    let mut addresses: Vec<Option<IpAddr>> = Vec::new();
    for address in found.map(|it| Some(it.ip())) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// The TLS mode to try, and the fallback if TLS fails.
struct Protections {
    first: Protection,
    without_tls: Option<Protection>,
}

struct Protection {
    mode: ClientSslMode,
    tls: tls::Connector,
}

impl Protections {
    fn of(server: &PostgresServer, host: &Host) -> Result<Self, String> {
        let plain = || tls::unverified().map(|tls| Protection { mode: ClientSslMode::Disable, tls });
        if host.is_socket() || server.ssl_mode == SslMode::Disable {
            return Ok(Self { first: plain()?, without_tls: None }); // a Unix socket has no TLS
        }
        let tls = tls::connector(server)?;
        Ok(if server.ssl_mode == SslMode::Prefer {
            Self { first: Protection { mode: ClientSslMode::Prefer, tls }, without_tls: Some(plain()?) }
        } else {
            Self { first: Protection { mode: ClientSslMode::Require, tls }, without_tls: None }
        })
    }
}

async fn connect(mut config: Config, protections: Protections, heard: Option<Heard>) -> Result<Client, Error> {
    match (connect_once(&mut config, protections.first, heard.clone()).await, protections.without_tls) {
        (Err(error), Some(plain)) if tls::failed(&error) => {
            tracing::debug!(%error, "TLS failed; trying without it");
            connect_once(&mut config, plain, heard).await
        }
        (outcome, _) => outcome,
    }
}

async fn connect_once(config: &mut Config, protection: Protection, heard: Option<Heard>) -> ClientResult<Client> {
    let (client, mut connection) = config.ssl_mode(protection.mode).connect(protection.tls).await?;
    match heard {
        None => drop(tokio::spawn(connection)),
        Some(heard) => drop(tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(it) = message
                    && heard.send(it.payload().to_owned()).is_err()
                {
                    return;
                }
            }
        })),
    }
    Ok(client)
}

/// The configuration without address and TLS. Also returns what was wrong with the password file, in case the server
/// refuses the login.
fn config(server: &PostgresServer, host: &Host, user: Option<&str>) -> (Config, Option<String>) {
    let mut config = Config::new();
    if !server.database.is_empty() {
        config.dbname(&server.database); // else it is named as the user
    }
    config
        .application_name(&server.application_name)
        .connect_timeout(server.connect_timeout)
        .tcp_user_timeout(SILENCE)
        .keepalives_idle(SILENCE / 3)
        .keepalives_interval(SILENCE / 6)
        .keepalives_retries(4)
        .channel_binding(match server.channel_binding {
            ChannelBinding::Disable => ClientChannelBinding::Disable,
            ChannelBinding::Prefer => ClientChannelBinding::Prefer,
            ChannelBinding::Require => ClientChannelBinding::Require,
        });
    if server.writable {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    if let Some(user) = user {
        config.user(user);
    }
    if let Some(options) = &server.options {
        config.options(options);
    }
    let (password, remark) = password::find(server, host, user.unwrap_or_default());
    if let Some(password) = password {
        config.password(password.reveal());
    }
    (config, remark)
}
