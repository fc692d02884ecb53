//! Databases that hold cfn's schema: each test has its own, copied from a template that cfn itself makes once a run.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use cfn::settings::{Flags, PostgresServer, Settings};
use cfn::store::postgres::{Options, PostgresStore};

use super::bouncer::Bouncer;
use super::connection::Connection;
use super::counter::Counter;
use super::proxy::Proxy;
use super::server::Server;

/// The role that owns cfn's schema: no superuser, and it needs its password.
const ROLE: (&str, &str) = ("cfn_owner", "open sesame");

/// A role of another program that may read and write the rows of every table, and nothing else.
const OTHER: (&str, &str) = ("other_program", "open barley");

/// What the databases of tests are copied from.
const TEMPLATE: &str = "cfn_template";

/// How a database is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A connection to the server itself.
    Direct,
    /// Through `PgBouncer` in transaction mode.
    Bouncer,
}

/// The shared server with its template and `PgBouncer`.
struct Shared {
    server: Arc<Server>,
    bouncer: Bouncer,
    /// To the database `postgres`, as the owner of the server.
    administrator: Connection,
}

impl Shared {
    fn get() -> &'static Self {
        static SHARED: OnceLock<Shared> = OnceLock::new();
        SHARED.get_or_init(|| {
            let server = Server::shared();
            let administrator = Connection::to(&server.url("postgres"));
            for (role, password) in [ROLE, OTHER] {
                administrator.run(&format!("CREATE ROLE {role} LOGIN PASSWORD '{password}'"));
            }
            let bouncer = Bouncer::of(&server, &[ROLE, OTHER]);
            let shared = Self { server, bouncer, administrator };
            shared.make_template();
            shared
        })
    }

    /// Its order of text is that of a language, as that of most databases of users is: nothing may depend on it.
    fn make_template(&self) {
        // A server that was built without ICU has one of its collations all the same.
        let has_icu = "SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'en-US-x-icu')";
        let language = if self.administrator.value(has_icu, &[]) {
            "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
        } else {
            ""
        };
        let sql = format!("CREATE DATABASE {TEMPLATE} OWNER {} TEMPLATE template0 ENCODING 'UTF8' {language}", ROLE.0);
        self.administrator.run(&sql);
        let server = server_of(&self.url(ROLE, TEMPLATE, Way::Direct));
        assert!(PostgresStore::create(&server, Options::default()).expect("created"));
        let sql = format!(
            "GRANT USAGE ON SCHEMA cfn TO {0}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA cfn TO {0}",
            OTHER.0
        );
        self.server.sql(TEMPLATE, &sql);
    }

    fn url(&self, (role, password): (&str, &str), database: &str, way: Way) -> String {
        let port = match way {
            Way::Direct => self.server.port,
            Way::Bouncer => self.bouncer.port,
        };
        format!("postgresql://{role}:{}@127.0.0.1:{port}/{database}", password.replace(' ', "%20"))
    }
}

/// The server that a URL names, as `--db` takes it.
pub(crate) fn server_of(url: &str) -> PostgresServer {
    let flags = Flags { db: Some(url.into()), ..Flags::default() };
    let settings = Settings::resolve(&flags, &|_| None, Path::new("/"));
    settings.database_server().expect("a URL")
}

/// A database of one test, which goes with it.
pub(crate) struct Database {
    name: String,
    shared: &'static Shared,
}

impl Database {
    /// A database with cfn's schema.
    pub(crate) fn new() -> Self {
        Self::copy_of(TEMPLATE)
    }

    /// A database without cfn's schema.
    pub(crate) fn empty() -> Self {
        Self::copy_of("template0")
    }

    /// The URL as cfn shows it.
    pub(crate) fn shown(&self, way: Way) -> String {
        let url = self.url(way);
        let (_, place) = url.split_once('@').expect("a role");
        format!("postgresql://{place}")
    }

    /// A database with the same rows. Nobody may be connected to this one.
    pub(crate) fn copy(&self) -> Self {
        Self::copy_of(&self.name)
    }

    fn copy_of(template: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let shared = Shared::get();
        let name = format!("skills_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        shared.administrator.run(&format!("CREATE DATABASE {name} OWNER {} TEMPLATE {template}", ROLE.0));
        Self { name, shared }
    }

    /// The URL for cfn.
    pub(crate) fn url(&self, way: Way) -> String {
        self.shared.url(ROLE, &self.name, way)
    }

    /// The URL for cfn through a proxy that ends at the server.
    pub(crate) fn url_through(&self, proxy: &Proxy) -> String {
        self.url(Way::Direct).replace(&format!(":{}/", self.shared.server.port), &format!(":{}/", proxy.port))
    }

    /// A proxy that loses so many answers to a COMMIT.
    pub(crate) fn proxy(&self, to_lose: usize) -> Proxy {
        Proxy::to(self.shared.server.port, to_lose)
    }

    /// The URL for cfn through something that counts the round trips to the server.
    pub(crate) fn url_counted_by(&self, counter: &Counter) -> String {
        self.url(Way::Direct).replace(&format!(":{}/", self.shared.server.port), &format!(":{}/", counter.port))
    }

    /// What counts the round trips to the server.
    pub(crate) fn counter(&self) -> Counter {
        Counter::to(self.shared.server.port)
    }

    /// A connection of another program, which finds cfn's tables.
    pub(crate) fn other_program(&self) -> Connection {
        let connection = Connection::to(&self.shared.url(OTHER, &self.name, Way::Direct));
        connection.run("SET search_path = cfn");
        connection
    }

    /// A connection of the owner of the server.
    pub(crate) fn administrator(&self) -> Connection {
        Connection::to(&self.shared.server.url(&self.name))
    }

    /// The name of the database.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What `psql` prints, as the owner of the server.
    #[track_caller]
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.shared.server.sql(&self.name, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.shared.administrator.run(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}
