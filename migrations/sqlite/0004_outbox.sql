-- What is still to be delivered to the workflow database.
--
-- Why: what happens to a generated skill is also a row in PostgreSQL, on another machine. Two writes cannot be one transaction,
-- so the second one is written down here, in the transaction of the first, and delivered afterwards: exactly once, because its
-- delivery_key is recorded in PostgreSQL in the transaction of its effect. The key is random, so that a row of a restored backup
-- can never be taken for another one; the id is only the order.
--
-- Columns: kind is 'execution', 'deployed' or 'updated'; payload is JSON; set_aside_at and reason are those of a row that the
-- server refused, which waits for 'cfn sync retry'.

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery_key TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
  pattern_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  created_at TEXT NOT NULL DEFAULT (datetime('now')),
  set_aside_at TEXT,
  reason TEXT
);
