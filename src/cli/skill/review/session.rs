//! The questions and the decisions of a review, skill by skill.

use super::report::SessionReport;
use super::screen;
use crate::cli::failure::Failure;
use crate::cli::output::{Conversation, Key, Line};
use crate::clock::Clock;
use crate::model::{Category, Decision, HashPrefix, Remark, SkillName};
use crate::ops::{self, Also, Before, Error, Proposal, Review};
use crate::store::{Store, StoreError};

/// A review in progress.
pub(super) struct Session<'a> {
    pub(super) conversation: &'a Conversation,
    pub(super) store: &'a mut dyn Store,
    pub(super) clock: Clock,
    pub(super) approver: &'a str,
    pub(super) experts: &'a [(Category, String)],
    pub(super) report: SessionReport,
}

/// What to do with the skill that is shown.
enum Answer {
    Decide(Decision, String),
    Skip,
    Quit,
}

/// What came of an answer.
enum Next {
    /// The next skill.
    Go,
    /// The same skill, as it is now.
    Again,
    Quit,
}

impl Session<'_> {
    pub(super) fn run(mut self, names: &[SkillName]) -> Result<SessionReport, Failure> {
        for (index, name) in names.iter().enumerate() {
            let next = loop {
                match self.one(name, (index + 1, names.len()))? {
                    Next::Again => {}
                    next => break next,
                }
            };
            if matches!(next, Next::Quit) {
                break;
            }
            self.report.left -= 1;
        }
        Ok(self.report)
    }

    /// Shows a skill, and does what the reviewer answers.
    fn one(&mut self, name: &SkillName, position: (usize, usize)) -> Result<Next, Failure> {
        let proposal = match ops::proposal(self.store, name) {
            Ok(proposal) => proposal,
            Err(error @ (Error::Integrity { .. } | Error::Revoked { .. } | Error::SkillNotFound { .. })) => {
                let reason = error.to_string();
                self.say(&reason);
                self.report.refused.push(Remark::new(name.to_string(), (), reason));
                return Ok(Next::Go);
            }
            Err(error) => return Err(error.into()),
        };
        let mut page = self.conversation.page();
        screen::summary(&proposal, position, self.conversation.rows(), &mut page);
        self.conversation.say(&page);
        match self.ask(&proposal) {
            Answer::Quit => Ok(Next::Quit),
            Answer::Skip => {
                self.report.skipped.push(proposal.name);
                Ok(Next::Go)
            }
            Answer::Decide(decision, reason) => self.decide(name, &proposal, decision, &reason),
        }
    }

    fn ask(&self, proposal: &Proposal) -> Answer {
        loop {
            let (decision, question) = match self.conversation.key(screen::QUESTION) {
                Key::Letter('a') => return Answer::Decide(Decision::Approved, String::new()),
                Key::Letter('s') => return Answer::Skip,
                Key::Letter('q') | Key::End => return Answer::Quit,
                Key::Letter('r') => (Decision::Rejected, "reason for the rejection: "),
                Key::Letter('e') => (Decision::Escalated, "what the expert should look at: "),
                Key::Letter('d') => {
                    let mut page = self.conversation.page();
                    screen::details(proposal, &mut page);
                    self.conversation.show(&page);
                    continue;
                }
                Key::Letter(_) | Key::Other => continue,
            };
            match self.conversation.line(question) {
                Line::Text(reason) => return Answer::Decide(decision, reason),
                Line::End => return Answer::Quit,
                Line::Empty => self.say("nothing was decided: a reason is needed"),
            }
        }
    }

    /// Decides about exactly the bytes that were shown, after no other decision than those that were.
    fn decide(
        &mut self,
        name: &SkillName,
        proposal: &Proposal,
        decision: Decision,
        reason: &str,
    ) -> Result<Next, Failure> {
        let unusable = |_| Failure::internal("the hash of a skill that was shown is invalid");
        let expected: HashPrefix = proposal.content_hash.parse().map_err(unusable)?;
        let request = Review {
            name,
            version: None,
            expected: Some(expected),
            decision,
            approver: self.approver,
            reason,
            escalated_to: None,
            experts: self.experts,
            before: Before::Seen(proposal.decided.map(|it| it.0)),
            also: Also::default(),
            dry_run: self.report.dry_run,
        };
        match ops::review(self.store, self.clock, &request) {
            Ok(decided) => {
                let mut page = self.conversation.page();
                screen::decided(&decided, &mut page);
                self.conversation.say(&page);
                self.report.decisions.push(decided);
                Ok(Next::Go)
            }
            Err(Error::ChangedSinceReview { .. }) => {
                self.say("nothing was decided: the skill changed while it was shown. It is now:");
                Ok(Next::Again)
            }
            Err(error @ Error::DecidedMeanwhile { .. }) => {
                self.say(&format!("nothing was decided: {error}. It is now:"));
                Ok(Next::Again)
            }
            Err(
                error @ (Error::Integrity { .. } | Error::Store(StoreError::Busy { .. } | StoreError::Conflict { .. })),
            ) => {
                self.say(&format!("nothing was decided: {error}"));
                Ok(Next::Again)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn say(&self, text: &str) {
        let mut page = self.conversation.page();
        page.heading(text);
        self.conversation.say(&page);
    }
}
