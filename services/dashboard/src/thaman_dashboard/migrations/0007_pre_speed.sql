-- What a decision was expected to earn, beside what became of it: sums over a week then read one index. Nothing new is
-- told here; it stands in the decision's proposal, which the same stream told of before.

ALTER TABLE decisions ADD COLUMN expected bigint, ADD COLUMN interval80_low bigint, ADD COLUMN interval80_high bigint;

UPDATE decisions SET expected = proposals.expected,
    interval80_low = (proposals.document ->> 'interval80_low')::bigint,
    interval80_high = (proposals.document ->> 'interval80_high')::bigint
FROM proposals
WHERE proposals.store_id = decisions.store_id AND proposals.proposal_id = decisions.proposal_id;

-- Lines that notifications are made of, which every page counts: few among many.
CREATE INDEX activity_notified ON activity (store_id, at DESC) WHERE kind IN (
    'StorePaused', 'PriceApplyUncertain', 'ReauthorizationRequired', 'StoreUninstalled', 'OptimizationFailed',
    'PriceApplyFailed'
);

-- Whether anything of some weeks' orders was told since.
CREATE INDEX orders_of_week ON orders (store_id, week, told);
