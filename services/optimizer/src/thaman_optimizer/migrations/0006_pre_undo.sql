-- Which items had an earlier price put back, and when: like a price that somebody edited by hand, it is left alone for a
-- while. Runs and undos are asked for all that they decided.

CREATE TABLE undone (
    store_id text NOT NULL,
    item_key text NOT NULL,
    undone_at timestamptz NOT NULL,
    PRIMARY KEY (store_id, item_key)
);

CREATE INDEX decisions_of_run ON decisions (run_id);
CREATE INDEX decisions_of_item ON decisions (store_id, item_key, settled_at) WHERE state = 'applied';
