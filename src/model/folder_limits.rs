//! How large the folder of a skill may be.

/// The limits of a skill's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderLimits {
    /// Maximum number of files.
    pub files: usize,
    /// Maximum size of all files together, in bytes.
    pub bytes: u64,
}

/// Those of skills over the Model Context Protocol.
impl Default for FolderLimits {
    fn default() -> Self {
        Self { files: 512, bytes: 16 * 1024 * 1024 }
    }
}
