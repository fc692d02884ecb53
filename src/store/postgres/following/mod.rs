//! A primary, as those who follow it read it.

mod news;
mod rows;

use super::beginning::Beginning;
use super::fields::Fields;
use super::parameters::texts;
use super::{Options, PostgresStore};
use crate::model::Location;
use crate::settings::PostgresServer;
use crate::store::Result;
use crate::store::following::{Content, Cursor, FollowSource, News, TableRows};

impl PostgresStore {
    /// A primary to follow. It is only read. Nothing is asked before the first call.
    pub fn followed(server: &PostgresServer, options: Options) -> Result<Box<dyn FollowSource>> {
        Ok(Box::new(Self::open(server, options)?))
    }
}

impl FollowSource for PostgresStore {
    fn location(&self) -> Location {
        self.session.place().location()
    }

    fn news(&mut self, since: Option<&Cursor>, agents: Option<&[String]>) -> Result<News> {
        self.session.undo();
        self.connected()?;
        self.session.begin(Beginning::Read);
        news::read(&self.session, since, agents)
    }

    fn wanted(&mut self, agents: Option<&[String]>) -> Result<Option<Vec<i64>>> {
        agents.map(|agents| news::wanted(&self.session, agents)).transpose()
    }

    fn rows_of_skills(&mut self, skills: Option<&[i64]>) -> Result<Vec<TableRows>> {
        rows::of_skills(&self.session, skills)
    }

    fn whole_tables(&mut self) -> Result<Vec<TableRows>> {
        rows::whole_tables(&self.session)
    }

    fn pass_rates(&mut self, skills: Option<&[i64]>) -> Result<Vec<(i64, Option<f64>)>> {
        rows::pass_rates(&self.session, skills)
    }

    fn stored(&mut self, hashes: &[String]) -> Result<Vec<String>> {
        let hashes: Vec<&str> = hashes.iter().map(String::as_str).collect();
        let sql = "SELECT hash FROM skill_contents WHERE hash = ANY($1)";
        Ok(self.session.rows(sql, &[texts(&hashes)])?.iter().map(|row| row.get(0)).collect())
    }

    fn contents(&mut self, hashes: &[String]) -> Result<Vec<Content>> {
        let hashes: Vec<&str> = hashes.iter().map(String::as_str).collect();
        let sql = "SELECT hash, bytes, created_at FROM skill_contents WHERE hash = ANY($1)";
        let rows = self.session.rows(sql, &[texts(&hashes)])?;
        let content = |row| {
            let mut fields = Fields::new("skill_contents", row);
            Ok(Content { hash: fields.get()?, bytes: fields.get()?, created_at: fields.get()? })
        };
        rows.iter().map(content).collect()
    }

    fn rest(&mut self) {
        self.session.undo();
    }
}
