/** The tables and their migrations. A released migration never changes. */
import { countedTypes } from '../contract.ts';

/** Keys of advisory locks, which end with their transaction: one migrates, and one appends at a time. */
export const migrationLock = 0x534a524e_0001;
const appendLock = 0x534a524e_0002;

/**
 * One script per version; the version of a database is the number of scripts applied to it. While replicas are upgraded, older ones
 * still run: a migration keeps what they use, functions included.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE sojourn.schema_version (version integer NOT NULL);
   INSERT INTO sojourn.schema_version VALUES (0);

   CREATE TABLE sojourn.documents (
     record_type text COLLATE "C" NOT NULL,
     id          text COLLATE "C" NOT NULL,
     within      text COLLATE "C",
     version     bigint NOT NULL,
     value       text NOT NULL,
     expires_at  bigint,
     PRIMARY KEY (record_type, id)
   );
   CREATE INDEX documents_within ON sojourn.documents (record_type, within, id) WHERE within IS NOT NULL;
   CREATE INDEX documents_expiry ON sojourn.documents (expires_at) WHERE expires_at IS NOT NULL;

   CREATE TABLE sojourn.document_totals (
     record_type text COLLATE "C" PRIMARY KEY,
     inserted    bigint NOT NULL DEFAULT 0,
     removed     bigint NOT NULL DEFAULT 0
   );
   INSERT INTO sojourn.document_totals (record_type) VALUES ${countedTypes.map((type) => `('${type}')`).join(', ')};

   CREATE TABLE sojourn.journal (
     sequence bigint PRIMARY KEY,
     at       bigint NOT NULL,
     salt     bytea NOT NULL,
     value    text NOT NULL
   );
   CREATE TABLE sojourn.journal_lists (
     name     text COLLATE "C" NOT NULL,
     block    bigint NOT NULL,
     list     text NOT NULL,
     PRIMARY KEY (name, block)
   );
   CREATE TABLE sojourn.journal_hours (
     hour     bigint PRIMARY KEY,
     first    bigint NOT NULL,
     last     bigint NOT NULL
   );
   CREATE TABLE sojourn.journal_tiles (
     level    integer NOT NULL,
     number   bigint NOT NULL,
     hashes   bytea NOT NULL,
     PRIMARY KEY (level, number)
   );
   CREATE TABLE sojourn.journal_state (
     id         integer PRIMARY KEY CHECK (id = 1),
     indexed    bigint NOT NULL,
     size       bigint NOT NULL,
     root       bytea,
     checkpoint text,
     marks      text
   );
   INSERT INTO sojourn.journal_state VALUES (1, 0, 0);

   CREATE TABLE sojourn.pulse (beats bigint NOT NULL);
   INSERT INTO sojourn.pulse VALUES (0);

   -- Appends are serialized by a lock that ends with the transaction. Each statement of the function sees what was committed
   -- before it began, so the numbers have no gaps and follow the order of the commits. Returns the first number, or 0 if the
   -- caller's last line is missing (a pruned line has no salt); then nothing is appended. A sealed number is never used again.
   CREATE FUNCTION sojourn.append_lines(
     last bigint, last_salt bytea, times bigint[], salts bytea[], texts text[]
   ) RETURNS bigint LANGUAGE plpgsql AS $$
   DECLARE
     newest bigint;
   BEGIN
     PERFORM pg_advisory_xact_lock(${appendLock});
     IF last > 0 AND NOT EXISTS (
       SELECT FROM sojourn.journal WHERE sequence = last AND (salt = last_salt OR value = '')
     ) THEN
       RETURN 0;
     END IF;
     SELECT greatest(coalesce(max(sequence), 0), (SELECT size FROM sojourn.journal_state))
       INTO newest FROM sojourn.journal;
     INSERT INTO sojourn.journal (sequence, at, salt, value)
       SELECT newest + number, line_at, line_salt, line
       FROM unnest(times, salts, texts) WITH ORDINALITY AS lines (line_at, line_salt, line, number);
     RETURN newest + 1;
   END
   $$;`,
];
