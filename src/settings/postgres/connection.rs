//! libpq's two forms of a connection string: `postgresql://user:password@host:port/database?parameter=value` and
//! `host=… port=… dbname=…`. Both become parameters.

use std::path::Path;

use super::parameters::{Parameters, Protection, Wrong};
use super::server::PostgresServer;
use crate::settings::percent;

const SHAPE: &str = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE with special characters written as %XX, or \
    host=HOST port=PORT dbname=DATABASE user=USER";

/// Applies a connection string to a server, and returns its TLS parameters.
pub(super) fn apply(text: &str, server: &mut PostgresServer, current_folder: &Path) -> Result<Protection, Wrong> {
    let url = text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://"));
    let mut parameters = Parameters::new(server, current_folder);
    match url {
        Some(rest) => from_url(rest, &mut parameters)?,
        None if !text.contains("://") && text.contains('=') => from_keywords(text, &mut parameters)?,
        None => return Err(SHAPE.into()),
    }
    parameters.finish()
}

fn from_url(rest: &str, parameters: &mut Parameters<'_>) -> Result<(), Wrong> {
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    // Possibly an unencoded `?` or `/` in a password: do not show what follows.
    if query.contains('@') || database.contains('@') {
        return Err(SHAPE.into());
    }
    let (login, places) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let (hosts, ports) = places_of(places)?;
    for (name, value) in
        [("user", user), ("password", password), ("host", &hosts), ("port", &ports), ("dbname", database)]
    {
        if !value.is_empty() {
            parameters.set(name, decoded(value)?)?;
        }
    }
    for pair in query.split('&').filter(|it| !it.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or(SHAPE)?;
        parameters.set(&decoded(name)?, decoded(value)?)?;
    }
    Ok(())
}

/// Splits `host:port,host:port` into two lists; a host may be `[::1]`. The list of ports is empty if no host has one.
fn places_of(places: &str) -> Result<(String, String), Wrong> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for place in places.split(',') {
        let (host, port) = match place.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or(SHAPE)?;
                (host, port.strip_prefix(':').unwrap_or(port))
            }
            None => place.split_once(':').unwrap_or((place, "")),
        };
        hosts.push(host);
        ports.push(port);
    }
    let given = ports.iter().any(|it| !it.is_empty());
    Ok((hosts.join(","), if given { ports.join(",") } else { String::new() }))
}

/// Parses `name = value` pairs separated by blanks. Values with blanks are in single quotes; a backslash escapes the
/// next character.
fn from_keywords(text: &str, parameters: &mut Parameters<'_>) -> Result<(), Wrong> {
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or(SHAPE)?;
        let (value, after) = keyword_value(after.trim_start())?;
        parameters.set(name.trim_end(), value)?;
        rest = after.trim_start();
    }
    Ok(())
}

fn keyword_value(text: &str) -> Result<(String, &str), Wrong> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut characters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|it| it.1)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            _ if !quoted && character.is_whitespace() => return Ok((value, &text[at..])),
            _ => value.push(character),
        }
    }
    if quoted { Err("a text with every quote closed".into()) } else { Ok((value, "")) }
}

fn decoded(text: &str) -> Result<String, Wrong> {
    percent::decoded(text).ok_or_else(|| SHAPE.into())
}
