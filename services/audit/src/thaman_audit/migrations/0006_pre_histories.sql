-- What proves one entry without showing any other: the roots over the hashes of all entries of a chain, and nodes on
-- the way to them.

-- A history is written when its chain moved; a checkpoint holds the last one up to its number.
CREATE TABLE checkpoint_histories (
    store_id text NOT NULL,
    number bigint NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    root bytea NOT NULL,
    PRIMARY KEY (store_id, number)
);
-- Which checkpoint is the first over an entry; lengths only grow with numbers.
CREATE UNIQUE INDEX checkpoint_histories_seq ON checkpoint_histories (store_id, seq);
CREATE INDEX checkpoint_histories_number ON checkpoint_histories (number);
COMMENT ON TABLE checkpoint_histories IS 'append-only: what was sealed stays sealed';

-- The node over each whole chunk of 256 entries. Nothing believes it: roots must fit.
CREATE TABLE history_nodes (
    store_id text NOT NULL,
    chunk bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (store_id, chunk)
);
COMMENT ON TABLE history_nodes IS 'append-only: what is over entries that never change';
