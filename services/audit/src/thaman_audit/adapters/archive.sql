-- Bodies that rest in files.

-- name: segment
-- description: The file in which an entry rests.
SELECT store_id, first, last, file, folder, digest, previous_hash, hash, checkpoint FROM audit.archives
WHERE store_id = %(store_id)s AND first <= %(seq)s AND last >= %(seq)s

-- name: segments
-- description: All files, in the order of the chains.
SELECT store_id, first, last, file, folder, digest, previous_hash, hash, checkpoint FROM audit.archives
WHERE %(store_id)s::text IS NULL OR store_id = %(store_id)s ORDER BY store_id, first

-- name: unfinished
-- description: Files that are noted and whose bodies are still in the ledger; bodies of a file leave together.
SELECT archives.store_id, first, last, file, folder, digest, previous_hash, archives.hash, checkpoint
FROM archives JOIN ledger ON ledger.store_id = archives.store_id AND ledger.seq = archives.first
WHERE substring(data FROM 1 FOR 17) <> convert_to('{"$archived":true', 'UTF8')
ORDER BY archives.store_id, first

-- name: archivable
-- description: Up to which entry a chain may be archived: all up to it are recorded before an instant, and sealed. The
-- checkpoint is the first one that holds it.
WITH young AS (
    SELECT min(seq) AS seq FROM ledger WHERE store_id = %(store_id)s AND recorded_at >= %(before)s
), sealed AS (
    SELECT max(seq) AS seq FROM checkpoint_histories WHERE store_id = %(store_id)s
)
SELECT least(sealed.seq, coalesce(young.seq - 1, sealed.seq)) AS until FROM young, sealed

-- name: covering
-- description: The first checkpoint that holds an entry.
SELECT number FROM checkpoint_heads WHERE store_id = %(store_id)s AND seq >= %(seq)s ORDER BY number LIMIT 1

-- name: record
-- description: Note a file.
INSERT INTO archives (store_id, first, last, file, folder, digest, previous_hash, hash, checkpoint)
VALUES (%(store_id)s, %(first)s, %(last)s, %(file)s, %(folder)s, %(digest)s, %(previous_hash)s, %(hash)s,
    %(checkpoint)s)

-- name: reading
-- description: Note that a file was read back.
INSERT INTO archive_readings (store_id, first, digest, hashes)
VALUES (%(store_id)s, %(first)s, %(digest)s, %(hashes)s)

-- name: remove
-- description: Take the bodies of a file's entries out of the ledger.
SELECT ledger_remove_bodies(%(store_id)s, %(first)s) AS removed

-- name: lock
-- description: That two archives are never made at once.
SELECT pg_try_advisory_lock(hashtext('thaman audit archive')) AS mine
