-- What a run said of an item, which is asked for item by item beside what a policy in shadow made of it.
CREATE INDEX proposals_of_run_and_item ON proposals (run_id, item_key);
