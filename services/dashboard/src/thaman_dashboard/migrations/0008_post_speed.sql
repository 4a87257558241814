-- Decisions that the worker before wrote down while 0007 was there already.

UPDATE decisions SET expected = proposals.expected,
    interval80_low = (proposals.document ->> 'interval80_low')::bigint,
    interval80_high = (proposals.document ->> 'interval80_high')::bigint
FROM proposals
WHERE proposals.store_id = decisions.store_id AND proposals.proposal_id = decisions.proposal_id
    AND decisions.expected IS NULL AND decisions.interval80_low IS NULL AND decisions.interval80_high IS NULL;
