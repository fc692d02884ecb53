//! Servers whose URLs a database keeps: the primary that it follows, and where months of its usage log are.

use std::ffi::OsStr;

use super::context::{Access, Context};
use super::failure::{Failure, FailureKind};
use super::opening::Use;
use crate::model::{Exit, Location, Visible};
use crate::ops::{self, FollowError, PullReport};
use crate::settings::Settings;
use crate::store::following::{Bell, FollowSource, WhyAll};
use crate::store::{self, ArchivePlace, ArchivedDays, ArchivedUses, Store};

impl Context {
    /// Runs a command that changes what agents are served where that is decided: on the primary, if the database follows one.
    /// Then it pulls, so that the decision is served here too.
    pub(super) fn decide(&self, run: impl FnOnce(&Self) -> Result<Exit, Failure>) -> Result<Exit, Failure> {
        self.decide_with(Use::ShortCommand, run)
    }

    /// The same for a command that writes a few scattered rows.
    pub(super) fn decide_one(&self, run: impl FnOnce(&Self) -> Result<Exit, Failure>) -> Result<Exit, Failure> {
        self.decide_with(Use::FewRows, run)
    }

    fn decide_with(&self, to_use: Use, run: impl FnOnce(&Self) -> Result<Exit, Failure>) -> Result<Exit, Failure> {
        let Some(url) = self.followed(to_use) else { return run(self) };
        let exit = run(&self.of_primary(&url)?).map_err(of_primary)?;
        let pulled = self.open(Access::Write).and_then(|mut store| self.pull(store.as_mut()));
        if let Err(failure) = pulled {
            let why = &failure.message;
            self.output.warn(&format!("decided on the primary, but not pulled from it yet ('cfn sync' does): {why}"));
        }
        Ok(exit)
    }

    /// The primary that the database follows. One that cannot be opened follows nothing: the command says what is wrong with it. The
    /// command gets the connection, so that a decision opens its database once.
    fn followed(&self, to_use: Use) -> Option<String> {
        let Location::File(_) = self.settings.database().ok()? else { return None };
        let opening = self.opening(Access::Write).ok()?.to(to_use);
        let mut opened = opening.open_noting(Access::Write, self.former.clone()).ok()?;
        let primary = ops::primary(opened.store.as_mut()).ok()?;
        if primary.is_none() {
            self.opened.set(Some(opened));
        }
        primary
    }

    /// Pulls what is new on the primary; `None` if the database follows nothing.
    pub(super) fn pull(&self, store: &mut dyn Store) -> Result<Option<PullReport>, Failure> {
        let Some(following) = ops::following(store)? else { return Ok(None) };
        let mut connect = self.primary(&following.url)?;
        let pulled = ops::pull(store, &mut |_| connect())?;
        self.warn_of_pull(&pulled);
        Ok(Some(pulled))
    }

    /// Connects to a primary.
    pub(super) fn primary(
        &self,
        url: &str,
    ) -> Result<impl FnMut() -> store::Result<Box<dyn FollowSource>> + use<>, Failure> {
        let opening = self.of_primary(url)?.opening(Access::Write)?;
        Ok(move || opening.followed())
    }

    /// Connects to the months of a usage log on a server.
    pub(super) fn archive_server(
        &self,
        url: &str,
    ) -> Result<impl FnMut(&ArchivedDays) -> store::Result<Box<dyn ArchivePlace>> + use<>, Failure> {
        require_no_password(url, "server with archives")?;
        let opening = self.with_followed_database(OsStr::new(url)).opening(Access::Write)?;
        let url = url.to_owned();
        Ok(move |days: &ArchivedDays| opening.archive_place(&url, days))
    }

    /// Connects to a server with months of a usage log, to read uses.
    pub(super) fn archived_uses(&self, url: &str) -> Result<Box<dyn ArchivedUses>, Failure> {
        let opening = self.with_followed_database(OsStr::new(url)).opening(Access::Read)?;
        Ok(opening.archived_uses(url)?)
    }

    /// Hears of the decisions of a primary.
    pub(super) fn bell(&self, url: &str) -> Result<Box<dyn Bell>, Failure> {
        let rung = self.of_primary(url)?.opening(Access::Write)?.bell();
        rung.map_err(|why| FollowError::Unreachable { why }.into())
    }

    /// This context with the primary as its database.
    pub(super) fn of_primary(&self, url: &str) -> Result<Self, Failure> {
        if !Settings::names_a_server(url) {
            let hint = "Name the primary as postgresql://USER@HOST/DATABASE.";
            return Err(Failure::input("only a database on a server can be followed", hint));
        }
        require_no_password(url, "primary")?;
        Ok(self.with_followed_database(OsStr::new(url)))
    }

    /// Says what a pull found wrong.
    pub(super) fn warn_of_pull(&self, pulled: &PullReport) {
        if pulled.feed_is_incomplete {
            self.output.warn(
                "the triggers of the primary's change feed are missing or changed, so everything was pulled; \
                 run 'cfn db check' there",
            );
        }
        let why = match pulled.everything {
            Some(WhyAll::LocalWrites) => "this database was restored, or another program wrote to its catalogue",
            Some(WhyAll::AnotherServer) => "the primary is another server now",
            Some(WhyAll::AnotherTimeline) => "the primary was promoted, or recovered to an earlier moment",
            Some(WhyAll::AnotherHistory) => "the primary was restored, or made again",
            Some(WhyAll::TooOld) => "the last pull was too long ago",
            Some(WhyAll::FeedChanged) if !pulled.feed_is_incomplete => "the primary's change feed was made again",
            _ => "",
        };
        if !why.is_empty() {
            self.output.warn(&format!("{why}, so everything was pulled"));
        }
        if let Some(why) = &pulled.uses.failed {
            self.output.warn(&format!("the primary refused uses, which are kept: {}", Visible(why)));
        }
        for hash in &pulled.damaged {
            self.output.warn(&format!("the primary has other bytes than those of {hash}, so they were not taken"));
        }
    }
}

/// A failure of a decision: without its server, nothing is decided.
fn of_primary(failure: Failure) -> Failure {
    match failure.kind {
        FailureKind::DatabaseUnreachable | FailureKind::DatabaseRefused => {
            let hint = "Nothing was changed: decisions are made on the primary. Loads go on from this database.";
            Failure::new(FailureKind::PrimaryUnreachable, failure.message, hint)
        }
        _ => failure,
    }
}

fn require_no_password(url: &str, of: &str) -> Result<(), Failure> {
    if !Settings::names_a_password(url) {
        return Ok(());
    }
    let hint = "Leave it out, and put it in ~/.pgpass: the URL is kept in the database.";
    Err(Failure::input(format!("the URL of a {of} has a password"), hint))
}
