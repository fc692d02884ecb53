//! An archive in a file: gzipped lines.

use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

use super::ArchivePlace;
use super::format::{
    AllRows, EachPart, Header, NextLine, Written, header_of, in_parts, line_of, refused, require_same, verify,
};
use crate::regular_file;
use crate::staged_file::StagedFile;
use crate::store::Result;
use crate::store::file_error::{file_error, naming_error};

/// Maximum length of a line, which limits memory.
const LONGEST: u64 = 64 * 1024 * 1024;

/// An archive in a file.
#[derive(Debug)]
pub struct FileArchive {
    path: PathBuf,
    /// Opened once, so that the verified bytes are those read later.
    file: Option<File>,
}

impl FileArchive {
    /// The archive with this path, which may be missing.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None }
    }

    /// Passes the header and the lines behind it to `read`.
    fn read<T>(&mut self, read: impl FnOnce(Header, &mut NextLine<'_>) -> Result<T>) -> Result<T> {
        let path = &self.path;
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(regular_file::open(path).map_err(|error| refused(path, &error.to_string()))?),
        };
        file.rewind().map_err(|error| refused(path, &error.to_string()))?;
        let mut input = BufReader::new(GzDecoder::new(BufReader::new(file)));
        let mut next = |line: &mut Vec<u8>| {
            let read = (&mut input).take(LONGEST).read_until(b'\n', line);
            read.map(|_| ()).map_err(|error| refused(path, &format!("it is damaged: {error}")))
        };
        let mut first = Vec::new();
        next(&mut first)?;
        read(header_of(path, &first)?, &mut next)
    }
}

impl ArchivePlace for FileArchive {
    fn name(&self) -> &Path {
        &self.path
    }

    fn exists(&mut self, _database: &str) -> Result<bool> {
        Ok(fs::symlink_metadata(&self.path).is_ok())
    }

    fn write(&mut self, header: Header, original: Option<&Metadata>, rows: &mut AllRows<'_>) -> Result<bool> {
        let to = self.path.as_path();
        let staged = StagedFile::of(to);
        // The header comes first, so the rows are read twice.
        let mut written = Written::default();
        rows(&mut |row| {
            written.add(&line_of(row));
            Ok(())
        })?;
        let header = written.header(header);
        if header.rows > 0 {
            let failed = |source: io::Error| file_error("could not write", to, source);
            let file = staged.create(original).map_err(failed)?;
            let mut out = GzEncoder::new(BufWriter::new(file), Compression::default());
            let first = serde_json::to_vec(&header).map_err(|error| failed(error.into()))?;
            out.write_all(&first).and_then(|()| out.write_all(b"\n")).map_err(failed)?;
            rows(&mut |row| out.write_all(line_of(row).as_bytes()).map_err(failed))?;
            let file = out.finish().and_then(|it| it.into_inner().map_err(io::IntoInnerError::into_error));
            file.and_then(|it| it.sync_all()).map_err(failed)?;
            // If another process was faster, its file has the same rows and is used.
            staged.publish().map_err(|error| naming_error("could not create", to, error))?;
        }
        Ok(fs::symlink_metadata(&self.path).is_ok())
    }

    fn open(&mut self, database: &str, before: Option<&str>) -> Result<Header> {
        let path = self.path.clone();
        let header = self.read(|header, next| verify(&path, &header, next, &mut |_| Ok(())).map(|()| header))?;
        require_same(&path, &header, database, before)?;
        Ok(header)
    }

    fn parts(&mut self, progress: &mut dyn FnMut(u64, u64), part: &mut EachPart<'_>) -> Result<()> {
        let path = self.path.clone();
        self.read(|header, next| in_parts(&path, &header, next, progress, part))
    }

    /// The file stays: it belongs to the user.
    fn discard(&mut self) -> Result<()> {
        Ok(())
    }
}
