-- Which heads each checkpoint holds. A head is written when it moved; a checkpoint holds the last one up to its number.

CREATE TABLE checkpoint_heads (
    store_id text NOT NULL,
    number bigint NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (store_id, number)
);
CREATE INDEX checkpoint_heads_number ON checkpoint_heads (number);
COMMENT ON TABLE checkpoint_heads IS 'append-only: what was sealed stays sealed';
