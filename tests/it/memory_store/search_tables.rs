//! What the search index has.

use std::collections::BTreeMap;

use cfn::store::{Postings, PostingsWrites, Result};

#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    state: Option<Vec<u8>>,
    /// Lengths and documents.
    blocks: BTreeMap<i64, (Vec<u8>, Vec<u8>)>,
    terms: BTreeMap<(i64, String), Vec<u8>>,
}

impl Postings for Index {
    fn state(&self) -> Result<Option<Vec<u8>>> {
        Ok(self.state.clone())
    }

    fn lengths(&self) -> Result<Vec<(i64, Vec<u8>)>> {
        Ok(self.blocks.iter().map(|(block, (lengths, _))| (*block, lengths.clone())).collect())
    }

    fn documents(&self, block: i64) -> Result<Option<Vec<u8>>> {
        Ok(self.blocks.get(&block).map(|(_, documents)| documents.clone()))
    }

    fn postings(&self, term: &str) -> Result<Vec<(i64, Vec<u8>)>> {
        let of_term = self.terms.iter().filter(|((_, it), _)| it == term);
        Ok(of_term.map(|((block, _), postings)| (*block, postings.clone())).collect())
    }

    fn terms(&self, block: i64, prefix: &str, each: &mut dyn FnMut(&str, &[u8]) -> bool) -> Result<()> {
        for ((_, term), postings) in self.terms.range((block, prefix.to_owned())..(block + 1, String::new())) {
            if !term.starts_with(prefix) || !each(term, postings) {
                break;
            }
        }
        Ok(())
    }
}

impl PostingsWrites for Index {
    fn set_state(&mut self, state: &[u8]) -> Result<()> {
        self.state = Some(state.to_vec());
        Ok(())
    }

    fn set_block(&mut self, block: i64, lengths_and_documents: Option<(&[u8], &[u8])>) -> Result<()> {
        match lengths_and_documents {
            Some((lengths, documents)) => self.blocks.insert(block, (lengths.to_vec(), documents.to_vec())),
            None => self.blocks.remove(&block),
        };
        Ok(())
    }

    fn set_postings(&mut self, block: i64, terms: &[(String, Vec<u8>)]) -> Result<()> {
        for (term, postings) in terms {
            if postings.is_empty() {
                self.terms.remove(&(block, term.clone()));
            } else {
                self.terms.insert((block, term.clone()), postings.clone());
            }
        }
        Ok(())
    }
}
