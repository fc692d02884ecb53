-- Months of the usage log of skills databases, on another server.
--
-- A set is an archive of the days of one month; its header is the first line of an archive's file, and usage_rows.line are the
-- others, without the ends of lines. A set is complete or not there. Which of its rows are out of the log, only the database says.
CREATE TABLE usage_sets (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  database_id text COLLATE "C" NOT NULL,
  before text COLLATE "C" NOT NULL,
  header text NOT NULL,
  written timestamptz NOT NULL DEFAULT now(),
  UNIQUE (database_id, before)
);

CREATE TABLE usage_rows (
  set_id bigint NOT NULL REFERENCES usage_sets ON DELETE CASCADE,
  number bigint NOT NULL,
  line text NOT NULL,
  PRIMARY KEY (set_id, number)
);
