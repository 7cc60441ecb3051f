/** The tables and their migrations. A released migration never changes. */

/** Marks a file as ours (PRAGMA application_id): "SJRN". */
export const applicationId = 0x534a524e;

/** One script per version; a file's version is the number of scripts applied to it (PRAGMA user_version). */
export const migrations: readonly string[] = [
  `CREATE TABLE documents (
     record_type       TEXT NOT NULL,
     id         TEXT NOT NULL,
     within     TEXT,
     version    INTEGER NOT NULL,
     value      TEXT NOT NULL,
     expires_at INTEGER,
     PRIMARY KEY (record_type, id)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX documents_within ON documents (record_type, within, id) WHERE within IS NOT NULL;
   CREATE INDEX documents_expiry ON documents (expires_at) WHERE expires_at IS NOT NULL;

   CREATE TABLE journal (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     at       INTEGER NOT NULL,
     value    TEXT NOT NULL
   ) STRICT;
   CREATE TABLE journal_keys (
     key      TEXT NOT NULL,
     sequence INTEGER NOT NULL,
     PRIMARY KEY (key, sequence)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE journal_hours (
     hour     INTEGER PRIMARY KEY,
     first    INTEGER NOT NULL,
     last     INTEGER NOT NULL
   ) STRICT;

   CREATE TABLE pulse (beats INTEGER NOT NULL) STRICT;
   INSERT INTO pulse VALUES (0);`,

  // The journal as a Merkle tree, with an index that is written later. Lines from before have no salt, and are indexed again.
  `ALTER TABLE journal ADD COLUMN salt BLOB NOT NULL DEFAULT x'';
   DROP TABLE journal_keys;
   DELETE FROM journal_hours;
   CREATE TABLE journal_lists (
     name     TEXT NOT NULL,
     block    INTEGER NOT NULL,
     list     TEXT NOT NULL,
     PRIMARY KEY (name, block)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE journal_tiles (
     level    INTEGER NOT NULL,
     number   INTEGER NOT NULL,
     hashes   BLOB NOT NULL,
     PRIMARY KEY (level, number)
   ) STRICT;
   CREATE TABLE journal_state (
     id         INTEGER PRIMARY KEY CHECK (id = 1),
     indexed    INTEGER NOT NULL,
     size       INTEGER NOT NULL,
     root       BLOB,
     checkpoint TEXT,
     marks      TEXT
   ) STRICT;
   INSERT INTO journal_state VALUES (1, 0, 0, NULL, NULL, NULL);`,

  // How many documents of the counted types were inserted and removed.
  `CREATE TABLE document_totals (
     record_type TEXT PRIMARY KEY,
     inserted    INTEGER NOT NULL,
     removed     INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   INSERT INTO document_totals
     SELECT record_type, count(*), 0 FROM documents
     WHERE record_type IN ('tenant', 'client', 'connection', 'approval', 'policy', 'suspension') GROUP BY record_type;`,
];
