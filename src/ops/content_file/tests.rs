use super::{FileError, Files, FolderLimits};
use std::os::unix::fs::symlink;

#[test]
fn links_are_followed_only_within_the_root() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let (root, outside) = (folder.path().join("root"), folder.path().join("outside.md"));
    std::fs::create_dir(&root)?;
    std::fs::write(&outside, "out")?;
    std::fs::write(root.join("in.md"), "in")?;
    symlink(&outside, root.join("out.md"))?;
    symlink(root.join("in.md"), root.join("also-in.md"))?;
    let files = Files { most_bytes: 3, root: Some(root.clone()), folder: FolderLimits::default(), database: None };
    assert!(files.read(&root.join("also-in.md")).is_ok_and(|it| it.bytes == b"in"));
    let real = std::fs::canonicalize(root.join("in.md"))?;
    for path in ["in.md", "./in.md", "also-in.md", "../root/in.md"] {
        let found = files.read(&root.join(path)).map(|it| it.path.into_os_string());
        assert!(found.is_ok_and(|it| it == real.as_os_str()), "{path}");
    }
    for path in ["out.md", "../outside.md"] {
        assert!(matches!(files.read(&root.join(path)), Err(FileError::OutsideRoot { .. })), "{path}");
    }
    assert!(matches!(files.read(&root), Err(FileError::NotRegular { .. })));
    std::fs::write(root.join("in.md"), "four")?;
    assert!(matches!(files.read(&root.join("in.md")), Err(FileError::Content { .. })));
    Ok(())
}
