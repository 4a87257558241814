-- Retention: the bodies of old entries rest in files outside of the database. An entry's row stays with its place, its
-- envelope and its hashes; in place of its body is a stub, which keeps the ids that questions are found by.

CREATE TABLE archives (
    store_id text NOT NULL,
    first bigint NOT NULL CHECK (first >= 1),
    last bigint NOT NULL CHECK (last >= first),
    file text NOT NULL,
    folder text NOT NULL,
    digest bytea NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    checkpoint bigint NOT NULL,
    archived_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store_id, first)
);
COMMENT ON TABLE archives IS 'append-only: which entries rest in which file';

-- That a file was read back: the digest that it had then, and one over the hashes that its entries give.
CREATE TABLE archive_readings (
    store_id text NOT NULL,
    first bigint NOT NULL,
    digest bytea NOT NULL,
    hashes bytea NOT NULL,
    read_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (store_id, first) REFERENCES archives
);
CREATE INDEX archive_readings_archive ON archive_readings (store_id, first);
COMMENT ON TABLE archive_readings IS 'append-only: which files were read back';

-- What stays of a body: ids, its own and those of what it lists, and that a sale ran. Names are from pg_catalog only.
CREATE FUNCTION ledger_stub(data bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS $$
DECLARE
    said jsonb;
    kept jsonb;
    mark text;
BEGIN
    said := convert_from(data, 'UTF8')::jsonb;
    SELECT jsonb_object_agg(name, value) INTO kept FROM (
        SELECT name, value FROM jsonb_each(said) AS fields (name, value)
        WHERE name IN (
            'store_id', 'product_id', 'variant_id', 'run_id', 'proposal_id', 'decision_id', 'reverts_decision_id',
            'reverts_decision_ids', 'sweep_id', 'look_id', 'keys', 'number'
        )
        UNION ALL
        SELECT name, parts.ids FROM jsonb_each(said) AS fields (name, value), LATERAL (
            SELECT jsonb_agg(id.ids) AS ids
            FROM jsonb_array_elements(CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE '[]' END) AS part,
            LATERAL (
                SELECT jsonb_object_agg(key, given) AS ids
                FROM jsonb_each(CASE jsonb_typeof(part) WHEN 'object' THEN part ELSE '{}' END) AS of_part (key, given)
                WHERE key IN ('product_id', 'variant_id', 'match_id')
            ) AS id
            WHERE id.ids IS NOT NULL
        ) AS parts
        WHERE parts.ids IS NOT NULL
    ) AS ids;
    -- An index of licences (0008) looks for these very letters.
    mark := '{"$archived":true' || CASE WHEN position('"sale_running":true'::bytea IN data) > 0
        THEN ',"sale_running":true' ELSE '' END;
    RETURN convert_to(mark || coalesce(',' || substr(kept::text, 2), '}'), 'UTF8');
EXCEPTION WHEN data_exception THEN
    RETURN convert_to('{"$archived":true}', 'UTF8');
END
$$;

-- The only way in which a body leaves the ledger. It refuses whatever is not on record as archived, read back, sealed,
-- and the same entries as those that are here; doing it again changes nothing. Returns how many bodies left.
CREATE FUNCTION ledger_remove_bodies(of_store text, of_first bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = audit, pg_temp AS $$
DECLARE
    archive archives;
    here record;
    removed bigint;
BEGIN
    SELECT * INTO archive FROM archives WHERE store_id = of_store AND first = of_first;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'entries of store % from % on are not on record as archived', of_store, of_first;
    END IF;
    IF of_first > 1 AND NOT EXISTS (SELECT FROM archives WHERE store_id = of_store AND last = of_first - 1) THEN
        RAISE EXCEPTION 'the entries of store % before % are not archived', of_store, of_first;
    END IF;
    IF NOT EXISTS (
        SELECT FROM checkpoint_heads
        WHERE store_id = of_store AND number <= archive.checkpoint AND seq >= archive.last
    ) THEN
        RAISE EXCEPTION 'no checkpoint has sealed the entries of store % up to %', of_store, archive.last;
    END IF;
    SELECT count(*) AS entries, sha256(string_agg(hash, '' ORDER BY seq)) AS hashes,
        (array_agg(prev_hash ORDER BY seq))[1] AS previous, (array_agg(hash ORDER BY seq DESC))[1] AS hash
    INTO here FROM ledger WHERE store_id = of_store AND seq BETWEEN archive.first AND archive.last;
    IF here.entries <> archive.last - archive.first + 1 OR here.previous <> archive.previous_hash
        OR here.hash <> archive.hash OR NOT EXISTS (
            SELECT FROM archive_readings
            WHERE store_id = of_store AND first = of_first AND digest = archive.digest AND hashes = here.hashes
        )
    THEN
        RAISE EXCEPTION 'no reading of % says that it holds the entries of store % from % to %', archive.file, of_store,
            archive.first, archive.last;
    END IF;
    UPDATE ledger SET data = ledger_stub(data)
    WHERE store_id = of_store AND seq BETWEEN archive.first AND archive.last
        AND substring(data FROM 1 FOR 17) <> convert_to('{"$archived":true', 'UTF8');
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;
COMMENT ON FUNCTION ledger_remove_bodies IS 'for the role that migrates, and whom it grants EXECUTE: never the service';
REVOKE ALL ON FUNCTION ledger_remove_bodies FROM PUBLIC;

-- What is believed about files is written by whom may remove bodies, and by nobody else: not by the service either.
CREATE FUNCTION archives_guard() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT has_function_privilege(
        current_user, format('%I.ledger_remove_bodies(text, bigint)', TG_TABLE_SCHEMA), 'EXECUTE'
    ) THEN
        RAISE insufficient_privilege USING MESSAGE = 'only who may remove bodies says what is archived';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER archives_guard BEFORE INSERT ON archives FOR EACH ROW EXECUTE FUNCTION archives_guard();
CREATE TRIGGER archives_guard BEFORE INSERT ON archive_readings FOR EACH ROW EXECUTE FUNCTION archives_guard();
