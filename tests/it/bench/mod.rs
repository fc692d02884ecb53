//! `cfn bench`, small: that it measures, counts and verifies. How fast anything is, is not a test.

mod compare;
mod growth;
mod sql;
mod stress;
mod suite;
mod system;
