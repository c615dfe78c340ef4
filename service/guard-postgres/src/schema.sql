-- The guard's record. A signer needs: usage on the schema, select and insert on cells, select and
-- update on head. Nothing is ever deleted.
CREATE SCHEMA IF NOT EXISTS opsign_guard;

-- One row: which record, where it starts, where it ends. Whoever holds its lock has the turn.
CREATE TABLE opsign_guard.head (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version   integer NOT NULL,
    store     bytea   NOT NULL CHECK (octet_length(store) = 16),
    base      bigint  NOT NULL CHECK (base >= 0),
    base_link bytea   NOT NULL CHECK (octet_length(base_link) = 32),
    sequence  bigint  NOT NULL CHECK (sequence >= base),
    link      bytea   NOT NULL CHECK (octet_length(link) = 32)
) WITH (fillfactor = 50);

-- The events, each 256 bytes and chained to all before it (service/guard/src/cell.rs). Those up to
-- head.base are the archive of a compacted record.
CREATE TABLE opsign_guard.cells (
    sequence bigint PRIMARY KEY,
    cell     bytea  NOT NULL CHECK (octet_length(cell) = 256)
);
