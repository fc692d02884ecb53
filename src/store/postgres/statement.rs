//! Statements that are kept until they are sent together with others.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use bytes::BytesMut;
use futures_util::future::maybe_done;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Row};

use super::parameters::Parameter;
use crate::postgres::ClientResult;
use crate::store::{Result, StoreError};

/// A statement with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    sql: Cow<'static, str>,
    parameters: Vec<Encoded>,
}

impl Statement {
    pub(super) fn new(sql: impl Into<Cow<'static, str>>, parameters: &[Parameter<'_>]) -> Result<Self> {
        let parameters = parameters.iter().map(Encoded::of).collect::<Result<_>>()?;
        Ok(Self { sql: sql.into(), parameters })
    }

    /// Whether it is this one.
    pub(super) fn is(&self, sql: &str, parameters: &[Parameter<'_>]) -> bool {
        let same = |(ours, theirs): (&Encoded, _)| Encoded::of(theirs).is_ok_and(|it| it == *ours);
        self.sql == sql && self.parameters.len() == parameters.len() && self.parameters.iter().zip(parameters).all(same)
    }

    /// The size of what is sent, about.
    pub(super) fn size(&self) -> usize {
        let values = self.parameters.iter().filter_map(|it| it.value.as_ref());
        self.sql.len() + values.map(Vec::len).sum::<usize>()
    }

    async fn run(&self, client: &Client) -> ClientResult<Vec<Row>> {
        let parameters = self.parameters.iter().map(|it| (it as &(dyn ToSql + Sync), it.kind.clone()));
        client.query_typed(&self.sql, &parameters.collect::<Vec<_>>()).await
    }
}

/// Runs statements in this order, in one round trip: their rows, or the first error.
pub(super) async fn all(client: &Client, statements: &[Statement]) -> ClientResult<Vec<Vec<Row>>> {
    in_order(statements.iter().map(|it| it.run(client)).collect()).await.into_iter().collect()
}

/// Waits for all. The client sends a statement when it is first polled, and `join_all` does not promise an order.
async fn in_order<F: Future>(all: Vec<F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.into_iter().map(|it| Box::pin(maybe_done(it))).collect();
    poll_fn(|context| {
        let waiting = all.iter_mut().filter_map(|it| it.as_mut().poll(context).is_pending().then_some(())).count();
        if waiting == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    all.iter_mut().filter_map(|it| Pin::as_mut(it).take_output()).collect()
}

/// The value of a parameter as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Encoded {
    kind: Type,
    value: Option<Vec<u8>>,
}

impl Encoded {
    fn of(parameter: &Parameter<'_>) -> Result<Self> {
        let (value, kind) = (&parameter.0, parameter.1.clone());
        let mut bytes = BytesMut::new();
        let is_null = value.to_sql_checked(&kind, &mut bytes);
        let is_null = is_null.map_err(|_| StoreError::Defect("a parameter of a statement cannot be sent"))?;
        Ok(Self { kind, value: matches!(is_null, IsNull::No).then(|| bytes.to_vec()) })
    }
}

impl ToSql for Encoded {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        Ok(self.value.as_ref().map_or(IsNull::Yes, |value| {
            out.extend_from_slice(value);
            IsNull::No
        }))
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
