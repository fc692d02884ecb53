//! What a container sees of this machine.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use crate::agents::container_plan::ContainerPlan;

/// The options for volumes, and for the folders of the run. What the caller mounts at the place of a folder of the run takes
/// that place. `propagates` says whether a path lies on a mount that tells others of what appears in it.
pub(super) fn mounts(container: &ContainerPlan, propagates: &dyn Fn(&Path) -> bool) -> Vec<OsString> {
    let mut options = Vec::new();
    let mut add = |mount| options.extend([OsString::from("--mount"), mount]);
    for bind in container.binds.iter().filter(|it| container.volumes.iter().all(|volume| volume.target != it.target)) {
        add(bound(propagates, bind.source.as_os_str(), &bind.target, (bind.read_only, false)));
    }
    for volume in &container.volumes {
        if volume.source.starts_with('/') {
            add(bound(propagates, OsStr::new(&volume.source), &volume.target, (volume.read_only, volume.shared)));
        } else {
            let fields = [
                "type=volume".into(),
                field("source", OsStr::new(&volume.source)),
                field("target", OsStr::new(&volume.target)),
            ];
            add(joined(fields.into_iter().chain(volume.read_only.then(|| "readonly".into()))));
        }
    }
    options
}

/// What is mounted later in the source appears in the container too, unless the source lies on a private mount.
fn bound(
    propagates: &dyn Fn(&Path) -> bool,
    source: &OsStr,
    target: &str,
    (read_only, shared): (bool, bool),
) -> OsString {
    let fields = ["type=bind".into(), field("source", source), field("target", OsStr::new(target))];
    let propagation = match (propagates(Path::new(source)), shared) {
        (false, _) => None,
        (true, false) => Some("bind-propagation=rslave"),
        (true, true) => Some("bind-propagation=rshared"),
    };
    joined(fields.into_iter().chain(propagation.map(Into::into)).chain(read_only.then(|| "readonly".into())))
}

/// The client reads a line of CSV: a field with a comma or a quote is in quotes.
fn field(name: &str, value: &OsStr) -> OsString {
    let mut bytes = format!("{name}=").into_bytes();
    bytes.extend(value.as_bytes());
    if !bytes.iter().any(|it| b",\"\n".contains(it)) {
        return OsString::from_vec(bytes);
    }
    let mut quoted = vec![b'"'];
    for byte in bytes {
        quoted.extend(std::iter::repeat_n(byte, if byte == b'"' { 2 } else { 1 }));
    }
    quoted.push(b'"');
    OsString::from_vec(quoted)
}

fn joined(fields: impl Iterator<Item = OsString>) -> OsString {
    fields.collect::<Vec<_>>().join(OsStr::new(","))
}

#[cfg(test)]
mod tests {
    use super::{field, mounts};
    use crate::agents::{Bind, ContainerPlan, Volume};
    use std::ffi::OsStr;
    use std::path::Path;

    #[test]
    fn a_path_with_commas_and_quotes_is_one_field() {
        assert_eq!(field("source", OsStr::new("/a b")), "source=/a b");
        assert_eq!(field("source", OsStr::new("/a,\"b")), "\"source=/a,\"\"b\"");
    }

    #[test]
    fn what_the_caller_mounts_takes_the_place_of_a_folder_of_the_run() {
        let volume = |source: &str, target: &str, read_only| Volume {
            source: source.to_owned(),
            target: target.to_owned(),
            read_only,
            shared: false,
        };
        let bind = |target: &str| Bind { source: "/own".into(), target: target.to_owned(), read_only: false };
        let container = ContainerPlan {
            binds: vec![bind("/workspace"), bind("/workspace/.claude")],
            volumes: vec![volume("data", "/data", true), volume("/mine", "/workspace/.claude", false)],
            ..ContainerPlan::default()
        };
        assert_eq!(
            mounts(&container, &|it| it == Path::new("/mine")),
            [
                "--mount",
                "type=bind,source=/own,target=/workspace",
                "--mount",
                "type=volume,source=data,target=/data,readonly",
                "--mount",
                "type=bind,source=/mine,target=/workspace/.claude,bind-propagation=rslave",
            ]
        );
    }
}
