//! Parses `redis://user:password@host:port/database` and its variants, as other Redis clients do.

use std::borrow::Cow;
use std::path::Path;

use super::server::{RedisAddress, RedisServer};
use crate::settings::Secret;
use crate::settings::percent::decoded;

/// The problem of a URL. It quotes no part of the URL except the name of a parameter.
type Wrong = Cow<'static, str>;

const SHAPE: &str = "redis://USER:PASSWORD@HOST:PORT/DATABASE, the same with rediss:// for TLS, or \
    unix:///PATH?db=N&user=USER&pass=PASSWORD, with special characters written as %XX";

const DEFAULT_PORT: u16 = 6379;

/// Parses a URL. Relative socket paths start at `current_folder`.
pub(super) fn parse(url: &str, current_folder: &Path) -> Result<RedisServer, Wrong> {
    let (scheme, rest) = url.split_once(':').ok_or(SHAPE)?;
    match scheme {
        "redis" => tcp(rest, false),
        "rediss" => tcp(rest, true),
        "unix" | "redis+unix" => unix(rest, current_folder),
        _ => Err(SHAPE.into()),
    }
}

fn tcp(rest: &str, tls: bool) -> Result<RedisServer, Wrong> {
    let rest = rest.strip_prefix("//").ok_or(SHAPE)?;
    if rest.contains('#') {
        return Err(SHAPE.into());
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    if let Some(parameter) = parameters(query)?.first() {
        return Err(unknown(parameter.0, "none"));
    }
    let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let (host, port) = host_and_port(place)?;
    Ok(RedisServer {
        address: RedisAddress::Tcp { host, port, tls },
        user: given(user)?,
        password: given(password)?.map(Secret::from),
        database: number(database)?,
        root_certificates: None,
    })
}

/// `host:port`, where a host may be `[::1]`.
fn host_and_port(place: &str) -> Result<(String, u16), Wrong> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(SHAPE)?;
            (host, port.strip_prefix(':').unwrap_or(port))
        }
        None => place.split_once(':').unwrap_or((place, "")),
    };
    let host = given(host)?.ok_or(SHAPE)?;
    Ok((host, if port.is_empty() { DEFAULT_PORT } else { number(port)? }))
}

fn unix(rest: &str, current_folder: &Path) -> Result<RedisServer, Wrong> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = given(path)?.ok_or(SHAPE)?;
    let mut server = RedisServer {
        address: RedisAddress::Unix(current_folder.join(path)),
        user: None,
        password: None,
        database: 0,
        root_certificates: None,
    };
    for (name, value) in parameters(query)? {
        match name {
            "db" => server.database = number(value)?,
            "user" => server.user = given(value)?,
            "pass" => server.password = given(value)?.map(Secret::from),
            _ => return Err(unknown(name, "db, user and pass")),
        }
    }
    Ok(server)
}

fn parameters(query: &str) -> Result<Vec<(&str, &str)>, Wrong> {
    // Possibly an unencoded `?` in a password: do not show what follows.
    if query.contains('@') {
        return Err(SHAPE.into());
    }
    let pairs = query.split('&').filter(|it| !it.is_empty());
    pairs.map(|pair| pair.split_once('=').ok_or_else(|| SHAPE.into())).collect()
}

fn unknown(name: &str, known: &str) -> Wrong {
    format!("a URL without the parameter \"{name}\", which cfn does not support (only {known})").into()
}

/// Decodes the text; `None` if it is empty.
fn given(text: &str) -> Result<Option<String>, Wrong> {
    let text = decoded(text).ok_or(SHAPE)?;
    Ok(Some(text).filter(|it| !it.is_empty()))
}

fn number(text: &str) -> Result<u16, Wrong> {
    if text.is_empty() {
        Ok(0)
    } else {
        text.parse().map_err(|_| "a URL with whole numbers as port and database".into())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{RedisAddress, RedisServer, parse};
    use crate::settings::Secret;

    fn server(url: &str) -> Result<RedisServer, String> {
        parse(url, Path::new("/here")).map_err(String::from)
    }

    #[test]
    fn a_url_has_all_parts() {
        let found = server("rediss://me%40work:p%3Aw@[::1]:6380/7");
        assert!(found.is_ok());
        let Ok(found) = found else { return };
        assert_eq!(found.address, RedisAddress::Tcp { host: "::1".into(), port: 6380, tls: true });
        assert_eq!(found.user.as_deref(), Some("me@work"));
        assert_eq!(found.password.as_ref().map(Secret::reveal), Some("p:w"));
        assert_eq!(found.database, 7);
        let plain = server("redis://localhost").map(|it| (it.to_string(), it.user, it.password));
        assert_eq!(plain, Ok(("localhost:6379/0".into(), None, None)));
        let password = server("redis://:secret@h/").map(|it| (it.user, it.password.is_some()));
        assert_eq!(password, Ok((None, true)));
    }

    #[test]
    fn a_socket_is_a_path() {
        for url in ["unix:///run/a%20b.sock?db=2&user=u&pass=p", "redis+unix:///run/a%20b.sock?db=2&user=u&pass=p"] {
            let found = server(url).map(|it| (it.to_string(), it.user, it.password.is_some()));
            assert_eq!(found, Ok(("/run/a b.sock/2".into(), Some("u".into()), true)), "{url}");
        }
        assert_eq!(server("unix:redis.sock").map(|it| it.to_string()), Ok("/here/redis.sock/0".into()));
    }

    #[test]
    fn an_unknown_parameter_is_named_and_a_password_is_not() {
        for (url, name) in
            [("rediss://h:1/0?ssl_cert_reqs=none", "ssl_cert_reqs"), ("unix:///s?protocol=3", "protocol")]
        {
            assert!(server(url).is_err_and(|it| it.contains(&format!("\"{name}\""))), "{url}");
        }
        assert!(server("redis://u:pa?hunter2=x@h").is_err_and(|it| !it.contains("hunter2")));
    }

    #[test]
    fn invalid_urls_are_refused() {
        for url in [
            "",
            "redis",
            "redis:h",
            "redis://",
            "http://h",
            "redis://h:port",
            "redis://h:1/x",
            "redis://h:70000",
            "redis://h/1?db=2",
            "rediss://h/#insecure",
            "redis://h%f",
            "redis://[::1",
            "unix://",
            "unix:///s?x=1",
            "unix:///s?db=x",
        ] {
            assert!(server(url).is_err(), "{url}");
        }
    }
}
