//! Many questions of one process: connections are kept, and work that can wait tries again.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use cfn::cache::redis::{Patience, Redis};
use cfn::cache::{Cache, Class, Key, Question};
use cfn::clock::Clock;
use cfn::model::{CacheKey, Location, Revision, Tables};
use cfn::settings::{Flags, Settings};
use tempfile::TempDir;

use super::fake::{Fake, Manner};
use super::server::Server;

fn key(number: u64) -> Key {
    let revision = Revision::new([1; 16], vec![2; 16], CacheKey([3; 32]));
    Key::of(&revision, &Question::new(Class::Load, Tables::Catalogue, "test").number(Some(number)))
}

fn cache(folder: &Path, url: &str, patience: Patience) -> Redis {
    let flags = Flags { redis_url: Some(url.into()), cache: "always".parse().ok(), ..Flags::default() };
    let settings = Settings::resolve(&flags, &|_| None, folder).cache().expect("settings");
    Redis::start(&settings, &Location::File(folder.join("skills.db")), &Class::ALL, patience, Clock::System)
        .expect("it is asked")
}

#[test]
fn threads_share_ten_connections() {
    let (server, folder) = (Server::start(), TempDir::new().expect("a folder"));
    let cache = cache(folder.path(), &server.url(), Patience::Work);
    let received = || {
        let information = server.cli(&["INFO", "stats"]);
        let count = information.lines().find_map(|it| it.strip_prefix("total_connections_received:"));
        count.and_then(|it| it.trim().parse::<u32>().ok()).expect("a number")
    };
    let before = received();
    thread::scope(|scope| {
        for thread in 0..10 {
            let cache = &cache;
            scope.spawn(move || {
                for number in 0..50 {
                    let key = key(thread * 1000 + number);
                    assert_eq!(cache.get(&key), None);
                    cache.put(&key, &number.to_le_bytes());
                    assert_eq!(cache.get(&key), Some(number.to_le_bytes().to_vec()));
                }
            });
        }
    });
    let made = received() - before - 1; // the last one asks how many there are
    assert!((1..=10).contains(&made), "{made} connections for 1500 questions");
}

#[test]
fn a_closed_connection_is_reopened() {
    for patience in [Patience::Command, Patience::Requests, Patience::Work] {
        let (server, folder) = (Server::start(), TempDir::new().expect("a folder"));
        let cache = cache(folder.path(), &server.url(), patience);
        assert!(cache.get(&key(1)).is_none() && cache.serves(Class::Load));
        server.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
        cache.put(&key(1), b"an answer");
        assert_eq!(cache.get(&key(1)).as_deref(), Some(b"an answer".as_slice()), "{patience:?}");
    }
}

#[test]
fn work_that_can_wait_tries_three_times() {
    for (patience, tries) in [(Patience::Work, 3), (Patience::Requests, 1), (Patience::Command, 1)] {
        let (fake, folder) = (Fake::start(Manner::Closes), TempDir::new().expect("a folder"));
        let cache = cache(folder.path(), &fake.url(), patience);
        let since = Instant::now();
        assert_eq!(cache.get(&key(1)), None);
        assert_eq!(fake.connections(), tries, "{patience:?}");
        assert!(since.elapsed() >= Duration::from_millis(100) * u32::try_from(tries - 1).expect("few"), "{patience:?}");
        assert!(!cache.serves(Class::Load), "it is left alone");
        assert_eq!(cache.get(&key(1)), None);
    }
}

#[test]
fn an_answer_over_the_size_limit_is_not_cached() {
    let (server, folder) = (Server::start(), TempDir::new().expect("a folder"));
    let cache = cache(folder.path(), &server.url(), Patience::Work);
    let longest = vec![b'x'; cfn::cache::redis::MOST_BYTES];
    cache.put(&key(1), &longest);
    assert_eq!(cache.get(&key(1)).map(|it| it.len()), Some(longest.len()));
    cache.put(&key(2), &[longest.as_slice(), b"x"].concat());
    assert_eq!(server.answers(), [key(1).name()]);
}
