//! The rows of `COPY … (FORMAT binary)`, to the server and from it. The client's own writer sends every 4 KB and waits for each
//! row; its reader makes an object of each value.

use std::io::Cursor;
use std::pin::Pin;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio_postgres::{CopyInSink, CopyOutStream};

use super::binary::{END, HEADER};
use crate::postgres::ClientResult;
use crate::store::postgres::session::Session;
use crate::store::{Result, StoreError};

/// So many bytes are gathered before they are sent.
const GATHERED: usize = 128 * 1024;

/// At most so many rows are taken at once.
const TAKEN: usize = 1000;

/// Rows on their way to a table.
pub(super) struct RowsIn {
    sink: Pin<Box<CopyInSink<Cursor<Vec<u8>>>>>,
    gathered: Vec<u8>,
    rows: u64,
}

impl RowsIn {
    pub(super) fn begin(session: &Session, table: &str, columns: &str) -> Result<Self> {
        let sql = format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)");
        let sink = session.call(async |client| client.copy_in(&sql).await)?;
        Ok(Self { sink: Box::pin(sink), gathered: HEADER.to_vec(), rows: 0 })
    }

    /// Adds a row, which `write` appends.
    pub(super) fn add(&mut self, session: &Session, write: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        write(&mut self.gathered);
        self.rows += 1;
        if self.gathered.len() < GATHERED {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.gathered, Vec::with_capacity(GATHERED + GATHERED / 8));
        session.call(async |_| self.sink.send(Cursor::new(full)).await)
    }

    /// Ends the rows. Only now the server says whether it took them.
    pub(super) fn end(mut self, session: &Session) -> Result<()> {
        self.gathered.extend_from_slice(&END);
        let taken = session.call(async |_| {
            self.sink.send(Cursor::new(std::mem::take(&mut self.gathered))).await?;
            self.sink.as_mut().finish().await
        })?;
        if taken == self.rows { Ok(()) } else { Err(StoreError::Defect("the server took another number of rows")) }
    }
}

/// Calls `each` with every row of a query, as the server wrote it, while no call is under way: it may use another connection.
pub(super) fn each_row(session: &Session, query: &str, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let sql = format!("COPY ({query}) TO STDOUT (FORMAT binary)");
    let stream: CopyOutStream = session.call(async |client| client.copy_out(&sql).await)?;
    let mut stream = Box::pin(stream.fuse());
    let mut header = HEADER.len();
    loop {
        let taken = session.call(async |_| {
            let mut taken: Vec<_> = stream.next().await.into_iter().collect();
            while (1..TAKEN).contains(&taken.len()) {
                let Some(Some(more)) = stream.next().now_or_never() else { break };
                taken.push(more);
            }
            taken.into_iter().collect::<ClientResult<Vec<_>>>()
        })?;
        if taken.is_empty() {
            return Ok(());
        }
        for message in &taken {
            // The header comes before the first row, perhaps in one message with it.
            let row = message.get(header..).unwrap_or_default();
            header = 0;
            if !row.is_empty() && *row != END {
                each(row)?;
            }
        }
    }
}
