//! What cfn's image has: cfn, laid out by the script that the image itself uses, and, for a program that is not static,
//! its libraries.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{binary, repository};

/// A folder to build an image from. The root of the image is in `target/image`.
pub(super) struct Root {
    folder: TempDir,
}

impl Root {
    /// The root of cfn's own image: of the release program, if the tests have one.
    pub(super) fn of_cfn() -> Self {
        let root = Self { folder: TempDir::new().expect("a folder") };
        let program = program();
        let mut layout = Command::new(repository("docker/image.sh"));
        layout.arg(&program).arg(root.folder.path().join("target/image"));
        let output = layout.output().expect("the script runs");
        assert!(output.status.success(), "{output:?}");
        for library in libraries(&program) {
            let name = library.strip_prefix("/").expect("an absolute path").display().to_string();
            root.add(&library, &name, "libc6");
        }
        root
    }

    pub(super) fn context(&self) -> &Path {
        self.folder.path()
    }

    /// Adds a file, which this package has.
    pub(super) fn add(&self, file: &Path, name: &str, package: &str) {
        assert!(file.exists(), "{} must be installed: apt-get install {package}", file.display());
        let to = self.folder.path().join("target/image").join(name);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(file, to).expect("a copy");
    }
}

/// The release program, if the tests have one.
pub(super) fn release() -> Option<PathBuf> {
    std::env::var_os("CFN_RELEASE_BINARY").map(PathBuf::from)
}

fn program() -> PathBuf {
    release().unwrap_or_else(binary)
}

/// The libraries that a program is loaded with; none for a static one.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(program).output().expect("ldd must be installed: apt-get install libc-bin");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().filter(|it| it.starts_with('/')).map(PathBuf::from).collect()
}
