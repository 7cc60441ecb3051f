/** The tables, and how an older file becomes a newer one. A migration that has been released never changes. */

/** Marks a file as ours (PRAGMA application_id): "SJRN". */
export const applicationId = 0x534a524e;

/** One script per version; the version of a file is the number of scripts it has seen (PRAGMA user_version). */
export const migrations: readonly string[] = [
  `CREATE TABLE documents (
     kind       TEXT NOT NULL,
     id         TEXT NOT NULL,
     within     TEXT,
     version    INTEGER NOT NULL,
     value      TEXT NOT NULL,
     expires_at INTEGER,
     PRIMARY KEY (kind, id)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX documents_within ON documents (kind, within, id) WHERE within IS NOT NULL;
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
