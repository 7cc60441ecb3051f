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
];
