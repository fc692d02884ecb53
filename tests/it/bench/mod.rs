//! `cfn bench`, small: that it measures, counts and verifies. How fast anything is, is not a test.

mod compare;
mod gate;
mod growth;
mod interrupted;
mod sql;
mod stress;
mod suite;
mod system;
