-- Questions over which an owner works for long, and what it answered. `asked` is what was asked, with what its page needs
-- of it; `digest` is of that, so that the same question is known while it is open. Rows go after a day.
--
-- asked     nobody has asked the owner yet
-- running   somebody is asking since `begun_at`, and was seen doing so at `seen_at`; who was not seen for long has died,
--           and somebody else asks again: `tries` says for which time
-- answered  `answer` has it
-- failed    `refusal` is the code of why there is none

CREATE TABLE inquiries (
    store_id text NOT NULL,
    inquiry_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('walk', 'effect', 'what_if')),
    person_id uuid,
    asked jsonb NOT NULL,
    digest bytea NOT NULL,
    state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'running', 'answered', 'failed')),
    asked_at timestamptz NOT NULL,
    begun_at timestamptz,
    seen_at timestamptz,
    tries int NOT NULL DEFAULT 0,
    done bigint,
    total bigint,
    answer jsonb,
    refusal text,
    ended_at timestamptz,
    PRIMARY KEY (store_id, inquiry_id)
);
CREATE UNIQUE INDEX inquiries_same ON inquiries (store_id, kind, digest) WHERE state IN ('asked', 'running');
-- An owner is asked one question of a kind at a time for a store.
CREATE UNIQUE INDEX inquiries_running ON inquiries (store_id, kind) WHERE state = 'running';
CREATE INDEX inquiries_open ON inquiries (asked_at) WHERE state IN ('asked', 'running');
CREATE INDEX inquiries_by_age ON inquiries (asked_at);
