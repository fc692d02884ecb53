//! The query cache: what a hit, a miss and a bypass cost by class, and what a Redis that fails costs.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use cfn::bench::workload::{agent_of, skill_name};

use super::Bench;
use super::cache_parts::parts;
use super::measure::{Result, Side, compare, timed};
use super::project::Project;
use super::redis_server::Server;
use super::rivals::find;

/// A large project.
const SKILLS: usize = 5000;

/// What a failing Redis may cost a command, in milliseconds, and what the machine may add to that.
const MOST_ADDED_MS: f64 = 50.0;

/// A Redis that does something wrong with everybody; its threads end with the process.
fn fake(serve: impl Fn(TcpStream) + Send + Copy + 'static) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("redis://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    Ok(url)
}

pub(crate) fn query_cache(bench: &mut Bench) -> Result<()> {
    if find("redis-server").is_none() {
        bench.not_measured("4 query cache", "redis-server is not installed");
        return Ok(());
    }
    let project = Project::with_usage(bench, "cache", SKILLS, 20_000, SKILLS)?;
    let server = Server::start(bench)?;
    let (agent, skill) = (agent_of(7, SKILLS), skill_name(7));
    let classes: [(&str, &[&str]); 5] = [
        ("load", &["load", &agent]),
        ("list", &["skill", "list", "--agent", &agent]),
        ("show", &["skill", "show", &skill]),
        ("history", &["skill", "history", &skill]),
        ("analytics", &["analytics", "usage", "--limit", "20"]),
    ];
    for (class, question) in classes {
        by_class(bench, &project, &server, class, question)?;
    }
    faults(bench, &project, &server, &["load", &agent])?;
    parts(bench, &server)
}

fn cfn(project: &Project, url: &str, question: &[&str]) -> Command {
    let mut command = project.cfn([]);
    command.args(question).env("CFN_REDIS_URL", url).env("CFN_CACHE", "always");
    command
}

fn by_class(bench: &Bench, project: &Project, server: &Server, class: &str, question: &[&str]) -> Result<()> {
    let sides = vec![
        Side::new("no Redis", |_| timed(project.cfn([]).args(question).env_remove("CFN_REDIS_URL"))),
        Side::new("hit", |_| timed(&mut cfn(project, &server.url, question))),
        Side::new("hit, Unix socket", |_| timed(&mut cfn(project, &format!("unix://{}", server.socket), question))),
        Side::new("miss", |_| {
            server.forget()?;
            timed(&mut cfn(project, &server.url, question))
        }),
    ];
    let comparison = compare(&format!("{class}: cfn {}", question.join(" ")), bench.runs, 3, sides)?;
    bench.report(&format!("cache-{class}"), comparison)?;
    Ok(())
}

/// Each run is the first after somebody forgot that Redis failed: the run that finds out.
fn faults(bench: &mut Bench, project: &Project, server: &Server, question: &[&str]) -> Result<()> {
    let notes = project.database().with_file_name("skills.db-redis");
    let first = |url: &str| {
        let _ = fs::remove_file(&notes); // it need not be there
        timed(&mut cfn(project, url, question))
    };
    let silent = fake(|mut stream| while stream.read(&mut [0; 4096]).is_ok_and(|it| it > 0) {})?;
    let trickling = fake(|mut stream| {
        while stream.write_all(b"+").is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
    })?;
    let endless = fake(|mut stream| {
        let _ = stream.write_all(b":1\r\n:1\r\n$536870912\r\n"); // who has gone got it
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    })?;
    let refused = "redis://127.0.0.1:1";
    let sides = vec![
        Side::new("no Redis", |_| timed(project.cfn([]).args(question).env_remove("CFN_REDIS_URL"))),
        Side::new("refused", |_| first(refused)),
        Side::new("left alone after that", |_| timed(&mut cfn(project, refused, question))),
        Side::new("takes connections and says nothing", |_| first(&silent)),
        Side::new("stopped by SIGSTOP", |_| {
            server.signal("-STOP")?;
            let took = first(&server.url);
            server.signal("-CONT")?;
            took
        }),
        Side::new("a byte each 5 ms", |_| first(&trickling)),
        Side::new("512 MB", |_| first(&endless)),
    ];
    let comparison = compare("load, with a Redis that fails", bench.runs, 1, sides)?;
    let comparison = bench.report("cache-faults", comparison)?;
    let median = |side: usize| comparison.sides[side].figures()[2];
    let added = (1..comparison.sides.len()).map(|side| median(side) - median(0)).fold(0.0, f64::max);
    let measured = format!("{added:.1} ms at most, median against median");
    bench.verdict("4 what a failing Redis adds, at most 50 ms", measured, added <= MOST_ADDED_MS + 5.0);
    Ok(())
}
