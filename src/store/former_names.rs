//! The former names that somebody still uses, so that the command line can say what the skills are called now.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Former names that led to a skill, shared by a store and its opener.
#[derive(Debug, Clone, Default)]
pub struct FormerNames(Arc<Mutex<BTreeMap<String, String>>>);

impl FormerNames {
    /// Notes that a skill was asked for by a former name.
    pub fn note(&self, former: &str, present: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(former.to_owned(), present.to_owned());
    }

    /// Former and present names, in the order of the former ones; from then on there are none.
    #[must_use]
    pub fn take(&self) -> BTreeMap<String, String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
