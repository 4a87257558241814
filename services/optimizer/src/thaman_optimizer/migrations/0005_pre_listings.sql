-- Where rivals' listings are looked for, what was found, and which finds are own products. The links that runs read are
-- those that merchants gave and the matches that hold (`watched`).

ALTER TABLE items ADD COLUMN gtin text, ADD COLUMN mpn text;
ALTER TABLE stores ADD COLUMN domain text;
ALTER TABLE offers ADD COLUMN evidence jsonb;

CREATE TABLE sources (
    store_id text NOT NULL,
    source_id text NOT NULL,
    kind text NOT NULL,
    url text,
    competitor text,
    active boolean NOT NULL,
    PRIMARY KEY (store_id, source_id)
);

CREATE TABLE looks (
    look_id uuid PRIMARY KEY,
    store_id text NOT NULL,
    source_id text NOT NULL,
    outcome text NOT NULL,
    listings int NOT NULL,
    skipped int NOT NULL,
    matched int NOT NULL,
    requests int NOT NULL,
    problems text[] NOT NULL,
    detail text,
    began_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL
);
CREATE INDEX looks_of_source ON looks (store_id, source_id, ended_at DESC);

CREATE TABLE matches (
    match_id uuid PRIMARY KEY,
    store_id text NOT NULL,
    item_key text NOT NULL,
    product_id text NOT NULL,
    variant_id text,
    source_id text NOT NULL,
    competitor text NOT NULL,
    url text NOT NULL,
    title text NOT NULL,
    brand text,
    gtin text,
    model text,
    kind text NOT NULL,
    confidence_bp int NOT NULL,
    automatic boolean NOT NULL,
    why text[] NOT NULL,
    matcher_version text NOT NULL,
    found_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('found', 'confirmed', 'rejected')),
    answered_at timestamptz,
    answered_by text,
    answered_title text,
    UNIQUE (store_id, item_key, url)
);
CREATE INDEX matches_of_store ON matches (store_id, found_at DESC, match_id DESC);

-- What is remembered of pages that were looked into, and when products were last searched for. Caches: losing them
-- costs traffic only.
CREATE TABLE source_pages (
    store_id text NOT NULL,
    source_id text NOT NULL,
    url text NOT NULL,
    etag text,
    last_modified text,
    listing jsonb,
    fetched_at timestamptz NOT NULL,
    PRIMARY KEY (store_id, source_id, url)
);
CREATE TABLE searches (
    store_id text NOT NULL,
    source_id text NOT NULL,
    item_key text NOT NULL,
    searched_at timestamptz NOT NULL,
    PRIMARY KEY (store_id, source_id, item_key)
);

-- A match holds once a person confirmed it, or while the source that found it is there and its rule is sure enough. A
-- link that the merchant gave goes first.
CREATE VIEW watched AS
SELECT store_id, item_key, url, competitor, 10000 AS confidence_bp, NULL::text AS feed FROM links
UNION ALL
SELECT matches.store_id, matches.item_key, matches.url, matches.competitor,
    CASE WHEN matches.state = 'confirmed' THEN 10000 ELSE matches.confidence_bp END,
    CASE WHEN sources.kind = 'feed' THEN sources.url END
FROM matches
LEFT JOIN sources ON sources.store_id = matches.store_id AND sources.source_id = matches.source_id AND sources.active
WHERE (matches.state = 'confirmed' OR (matches.state = 'found' AND matches.automatic AND sources.source_id IS NOT NULL))
  AND NOT EXISTS (
    SELECT 1 FROM links
    WHERE links.store_id = matches.store_id AND links.item_key = matches.item_key AND links.url = matches.url
  );
