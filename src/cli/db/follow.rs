//! `cfn db follow` and `cfn db unfollow`.

use rustix::system::uname;

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, Origin, Visible};
use crate::ops::{self, Follow, FollowReport, PullReport, UnfollowReport};

/// Let this database follow one on a server
///
/// It gets everything that the primary has, or what the given agent types need. Agents load from the file, also while the
/// network is gone. 'cfn sync' pulls what is new; decisions are made on the primary. The password is in ~/.pgpass.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db follow 'postgresql://cfn@db.example.com/skills'
  cfn db follow 'postgresql://cfn@db.example.com/skills' --agents backend-developer,tester
  cfn sync")]
pub(super) struct Args {
    /// URL of the primary, without a password
    #[arg(value_name = "URL")]
    url: String,
    /// Only the skills that these agent types need
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    agents: Vec<String>,
    /// Label of this database in the reports of the primary: letters, digits, '.', '_' and '-' [default: the one that it has, or the
    /// name of the host]
    #[arg(long, value_name = "NAME")]
    origin: Option<Origin>,
    /// Replace skills that the database has of its own; it is saved beside itself
    #[arg(long)]
    replace: bool,
}

/// Make a follower a database of its own, with what it has
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db unfollow")]
pub(super) struct EndArgs {}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let mut connect = context.primary(&args.url)?;
    let agents = (!args.agents.is_empty()).then(|| args.agents.clone());
    let host = Origin::of_host(&uname().nodename().to_string_lossy());
    let request = Follow { url: args.url.clone(), agents, origin: args.origin.clone(), host, replace: args.replace };
    let report = ops::follow(context.open(Access::Write)?.as_mut(), &request, &mut |_| connect())?;
    context.warn_of_pull(&report.pulled);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

pub(super) fn end(context: &Context, _: &EndArgs) -> Result<Exit, Failure> {
    let report = ops::unfollow(context.open(Access::Write)?.as_mut())?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for FollowReport {
    fn text(&self, page: &mut Page) {
        if let Some(previous) = &self.previous {
            page.line(format!("the previous database was saved to {}", Visible(previous.to_string_lossy())));
        }
        let what = self.agents.as_ref().map_or_else(String::new, |it| format!(" for {}", it.join(", ")));
        page.line(format!("follows {}{what}, as {}", self.pulled.primary, Visible(&self.origin)));
        self.pulled.text(page);
    }
}

impl Report for PullReport {
    fn text(&self, page: &mut Page) {
        let removed = match self.removed_skills {
            0 => String::new(),
            removed => format!(", {} removed", counted(removed, "skill")),
        };
        let erased =
            if self.erased > 0 { format!(", {} erased", counted(self.erased, "content")) } else { String::new() };
        let (rows, contents) = (counted(self.rows, "changed row"), counted(self.contents, "content"));
        let uses = &self.uses;
        if uses.pushed + uses.completed + uses.discarded > 0 {
            let discarded = match uses.discarded {
                0 => String::new(),
                discarded => format!(", {discarded} of deleted skills discarded"),
            };
            page.line(format!(
                "pushed {}, {}{discarded}",
                counted(uses.pushed, "use"),
                counted(uses.completed, "outcome")
            ));
        }
        page.line(format!("pulled {rows} and {contents}{removed}{erased}; state of {} UTC", self.primary_time));
    }
}

impl Report for UnfollowReport {
    fn text(&self, page: &mut Page) {
        let since = self.pulled_at.as_ref().map_or_else(String::new, |at| format!(", with the state of {at} UTC"));
        page.line(format!("a database of its own now{since}; it followed {}", Visible(&self.followed)));
    }
}
