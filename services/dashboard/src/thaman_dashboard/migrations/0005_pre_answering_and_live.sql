-- Answers wait ten seconds before the owner is told, and can be taken back until then. A null state is of an answer that
-- was told at once, by an earlier release; what became of it is not noted here.
--
-- waiting     the owner is told at `due_at`
-- sending     the owner is being told since `tried_at`; who finds it so for a minute asks again
-- done        the owner did it
-- refused     the owner refused, `refusal` is its code; `seen_at` says when somebody had read that
-- taken_back  nobody was told

ALTER TABLE answers
    ADD COLUMN person_id uuid,
    ADD COLUMN batch uuid,
    ADD COLUMN reason text,
    ADD COLUMN state text CHECK (state IN ('waiting', 'sending', 'done', 'refused', 'taken_back')),
    ADD COLUMN due_at timestamptz,
    ADD COLUMN tried_at timestamptz,
    ADD COLUMN tries int NOT NULL DEFAULT 0,
    ADD COLUMN settled_at timestamptz,
    ADD COLUMN refusal text,
    ADD COLUMN seen_at timestamptz;
CREATE UNIQUE INDEX answers_open ON answers (store_id, proposal_id) WHERE state IN ('waiting', 'sending');
CREATE INDEX answers_due ON answers (due_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX answers_of_store ON answers (store_id, state) WHERE state IN ('waiting', 'sending', 'refused');

-- When the worker last was connected to all streams: how old the read models may be.
CREATE TABLE pulse (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    at timestamptz NOT NULL
);

-- What a run that goes on has behind it: how many items it looks at, and what the scout handed over.
ALTER TABLE runs ADD COLUMN items int, ADD COLUMN scouted jsonb;
CREATE INDEX held_of_run ON held (store_id, run_id, reason);
