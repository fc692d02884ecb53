//! What is read about a skill, said ahead.

/// What a caller will read about a skill after it found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About<'a> {
    /// Every name like the one that it was found by.
    Spellings,
    /// Its former names.
    FormerNames,
    /// Its versions.
    Versions,
    /// The decisions about it.
    Approvals,
    /// Its review state.
    Review,
    /// Its mappings.
    Mappings,
    /// Its events.
    Events,
    /// Its uses, newest first, at most so many.
    Uses(usize),
    /// Where more of its uses may be.
    ArchivedUses,
    /// The files of its current version.
    Files,
    /// The bytes of its skill file.
    Content,
    /// The latest decision about a folder, or about a skill file alone.
    Decision(&'a str, Option<&'a str>),
    /// The event by which these bytes are refused for it.
    Refusal(&'a str),
    /// The bootstrap skills, one of which may have its name.
    Bootstrap,
}
