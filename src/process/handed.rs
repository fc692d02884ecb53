//! Messages with open files, between processes of one machine that do not know each other's files: one may be in a container.

use std::io::{self, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};

/// Maximum number of files of a message.
const FILES: usize = 3;

/// Maximum size of a message.
const MOST_BYTES: u64 = 64 << 20;

/// Sends a message with at most three files.
pub fn hand_over(stream: &mut UnixStream, message: &[u8], files: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !files.is_empty() && !control.push(SendAncillaryMessage::ScmRights(files)) {
        return Err(io::Error::other("a message has too many files"));
    }
    let length = (message.len() as u64).to_le_bytes();
    let sent = sendmsg(&*stream, &[IoSlice::new(&length)], &mut control, SendFlags::NOSIGNAL)?;
    if sent != length.len() {
        return Err(io::ErrorKind::WriteZero.into());
    }
    stream.write_all(message)
}

/// Receives a message with its files.
pub fn take_over(stream: &mut UnixStream) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut length = [0; 8];
    let received = recvmsg(&*stream, &mut [IoSliceMut::new(&mut length)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let files = control.drain().filter_map(|it| match it {
        RecvAncillaryMessage::ScmRights(files) => Some(files),
        _ => None,
    });
    let files = files.flatten().collect();
    let length = u64::from_le_bytes(length);
    if received.bytes != size_of::<u64>() || length > MOST_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = Vec::new();
    stream.take(length).read_to_end(&mut message)?;
    Ok((message, files))
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::{hand_over, take_over};
    use std::fs::File;
    use std::io::{Read as _, Write as _};
    use std::os::fd::AsFd as _;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_message_and_its_files_arrive() {
        let (mut one, mut other) = UnixStream::pair().expect("a pair");
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        hand_over(&mut one, b"message", &[writer.as_fd()]).expect("it is sent");
        drop(writer);
        let (message, mut files) = take_over(&mut other).expect("it arrives");
        assert_eq!((message.as_slice(), files.len()), (&b"message"[..], 1));
        File::from(files.remove(0)).write_all(b"through the file").expect("it is written");
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("it is read");
        assert_eq!(text, "through the file");
    }
}
