//! Codex: every line has a name and a path, and descriptions share what these leave.

use std::path::Path;

use super::entry::ListingEntry;
use super::fitted::Fitted;
use super::report::{BudgetUnit, BudgetVerdict, BudgetedSkill};
use super::rules::ClientRules;
use crate::ops::error::Result;

/// Fits the skills of the folder `root` into the budget for a context window; 0 is an unknown one.
pub(super) fn fit(
    mut entries: Vec<ListingEntry>,
    rules: &ClientRules,
    context_window: Option<u64>,
    root: &Path,
) -> Result<Fitted> {
    let window = context_window.map_or_else(|| rules.number("context_window"), Ok)?;
    let (budget, measure) = match window {
        0 => (rules.number("fallback_characters")?, Measure::Characters),
        window => {
            let bytes_per_token = rules.number("bytes_per_token")?.max(1);
            ((window.saturating_mul(rules.number("percent")?) / 100).max(1), Measure::Tokens { bytes_per_token })
        }
    };
    let unit = if window == 0 { BudgetUnit::Characters } else { BudgetUnit::Tokens };
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let longest = rules.number("description_characters")?;
    let loaded: Vec<Line<'_>> = entries.iter().map(Line::of).filter(|it| it.is_loaded(longest)).collect();

    let root = root.to_string_lossy();
    let whole = Listing::new(&loaded, measure, budget, &root);
    let wanted = whole.full_cost();
    let mut best = whole.shared();
    if best.cut() {
        let table = usize::try_from(rules.number("alias_overhead")?).unwrap_or(usize::MAX / 2) + "- `r0` = ``\n".len();
        let table = measure.cost(table + root.chars().count(), table + root.len());
        if table < budget {
            let aliased = Listing::new(&loaded, measure, budget - table, "r0").shared();
            if aliased.is_better_than(&best) {
                best = Share { used: aliased.used + table, ..aliased };
            }
        }
    }
    let mut shown = loaded.iter().zip(&best.shown);
    let skills = entries.iter().map(|entry| verdict(entry, longest, &mut shown)).collect();
    let context_window = (window > 0).then_some(window);
    Ok(Fitted { context_window, budget, unit, wanted, used: best.used, skills })
}

fn verdict<'a>(
    entry: &ListingEntry,
    longest: u64,
    shown: &mut impl Iterator<Item = (&'a Line<'a>, &'a Option<usize>)>,
) -> BudgetedSkill {
    let line = Line::of(entry);
    let characters = line.description.chars().count();
    let of_listing = if line.is_loaded(longest) { shown.next().and_then(|(_, it)| *it) } else { None };
    match of_listing {
        Some(shown) => entry.listed(characters, shown),
        None => entry.unlisted(characters, BudgetVerdict::NotListed),
    }
}

/// How the client counts.
#[derive(Debug, Clone, Copy)]
enum Measure {
    Characters,
    Tokens { bytes_per_token: u64 },
}

impl Measure {
    fn cost(self, characters: usize, bytes: usize) -> u64 {
        match self {
            Self::Characters => characters as u64,
            Self::Tokens { bytes_per_token } => (bytes as u64).div_ceil(bytes_per_token),
        }
    }
}

/// A name, and its description on one line.
struct Line<'a> {
    name: &'a str,
    description: String,
}

impl<'a> Line<'a> {
    fn of(entry: &'a ListingEntry) -> Self {
        let words: Vec<&str> = entry.description.split_whitespace().collect();
        Self { name: &entry.name, description: words.join(" ") }
    }

    fn is_loaded(&self, longest: u64) -> bool {
        (1..=longest).contains(&(self.description.chars().count() as u64))
    }
}

/// The lines of a listing, whose paths begin with the same text.
struct Listing<'a> {
    lines: &'a [Line<'a>],
    measure: Measure,
    budget: u64,
    /// The characters and bytes of each line without its description.
    bare: Vec<(usize, usize)>,
}

/// What fits.
struct Share {
    /// The shown characters of each description; `None` for a line that is not listed.
    shown: Vec<Option<usize>>,
    /// The characters that are not shown.
    hidden: usize,
    used: u64,
}

impl Share {
    fn cut(&self) -> bool {
        self.hidden > 0 || self.shown.contains(&None)
    }

    fn is_better_than(&self, other: &Self) -> bool {
        let listed = |it: &Self| it.shown.iter().flatten().count();
        (listed(self), other.hidden, other.used) > (listed(other), self.hidden, self.used)
    }
}

impl<'a> Listing<'a> {
    fn new(lines: &'a [Line<'a>], measure: Measure, budget: u64, root: &str) -> Self {
        let around = "- : (file: //SKILL.md)\n".len();
        let bare = |it: &Line<'_>| {
            let characters = around + 2 * it.name.chars().count() + root.chars().count();
            (characters, around + 2 * it.name.len() + root.len())
        };
        Self { lines, measure, budget, bare: lines.iter().map(bare).collect() }
    }

    /// The cost of a line with the beginning of its description.
    fn cost(&self, line: usize, characters: usize, bytes: usize) -> u64 {
        let space = usize::from(characters > 0);
        let (bare_characters, bare_bytes) = self.bare[line];
        self.measure.cost(bare_characters + space + characters, bare_bytes + space + bytes)
    }

    fn full_cost(&self) -> u64 {
        let full = |(at, it): (usize, &Line<'_>)| self.cost(at, it.description.chars().count(), it.description.len());
        self.lines.iter().enumerate().map(full).sum()
    }

    fn shared(&self) -> Share {
        let bare: u64 = (0..self.lines.len()).map(|it| self.cost(it, 0, 0)).sum();
        if bare > self.budget { self.names() } else { self.descriptions(bare) }
    }

    /// Names without descriptions, as many as fit.
    fn names(&self) -> Share {
        let mut used = 0;
        let shown = (0..self.lines.len()).map(|line| {
            let cost = self.cost(line, 0, 0);
            let fits = used + cost <= self.budget;
            used += if fits { cost } else { 0 };
            fits.then_some(0)
        });
        let shown = shown.collect();
        Share { shown, hidden: self.lines.iter().map(|it| it.description.chars().count()).sum(), used }
    }

    /// Descriptions get one character each in turn, while it fits.
    fn descriptions(&self, bare: u64) -> Share {
        let mut used = bare;
        let mut rest: Vec<_> = self.lines.iter().map(|it| it.description.chars().peekable()).collect();
        let mut shown = vec![(0, 0); self.lines.len()];
        let mut changed = true;
        while std::mem::take(&mut changed) {
            for (line, rest) in rest.iter_mut().enumerate() {
                let (characters, bytes) = shown[line];
                let Some(next) = rest.peek() else { continue };
                let longer = (characters + 1, bytes + next.len_utf8());
                let more = self.cost(line, longer.0, longer.1) - self.cost(line, characters, bytes);
                if used + more <= self.budget {
                    used += more;
                    shown[line] = longer;
                    rest.next();
                    changed = true;
                }
            }
        }
        let hidden = rest.into_iter().map(Iterator::count).sum();
        Share { shown: shown.into_iter().map(|(characters, _)| Some(characters)).collect(), hidden, used }
    }
}
