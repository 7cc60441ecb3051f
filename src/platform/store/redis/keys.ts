/**
 * Key names. All have one hash tag, so a Redis Cluster stores them in one slot: a document and its indexes change in one
 * script, which Redis allows within one slot only. The state of an issuer is small; a Cluster is useful here for failover,
 * not for capacity. Only the journal and the claims could outgrow one node. No script changes them together with other
 * documents, and claims are never listed, so they could get their own tags.
 */
const prefix = '{sojourn}:';

/** The version of this layout, a number. */
export const schemaKey = `${prefix}schema`;
export const pulseKey = `${prefix}pulse`;

/** A hash: version, value (JSON), and optionally within and expires. Record types contain no colon, so names cannot collide. */
export const documentKey = (recordType: string, id: string): string =>
  `${prefix}document:${recordType}:${id}`;
/** A sorted set of ids, all with score 0, so that Redis sorts them bytewise. */
export const idsKey = (recordType: string, within?: string): string =>
  within === undefined ? `${prefix}ids:${recordType}` : `${prefix}ids:${recordType}:${within}`;
/** A sorted set of RECORD_TYPE:ID by expiry. */
export const expiryKey = `${prefix}expiry`;

/** A hash from TYPE:inserted and TYPE:removed to how many documents were. */
export const totalsKey = `${prefix}totals`;

/** A counter: the last sequence number. */
export const sequenceKey = `${prefix}journal:sequence`;
/** A hash from sequence number to AT:SALT:JSON. */
export const linesKey = `${prefix}journal:lines`;
/** The number of the last indexed line. */
export const indexedKey = `${prefix}journal:indexed`;
/** A hash from hour to FIRST:LAST. */
export const hoursKey = `${prefix}journal:hours`;
/** A hash from block to posting list. */
export const listKey = (name: string): string => `${prefix}journal:list:${name}`;
/** A hash from LEVEL/INDEX to the hashes of a tile. */
export const tilesKey = `${prefix}journal:tiles`;
/** A hash: size, root (base64), checkpoint and marks of the last seal. */
export const sealKey = `${prefix}journal:seal`;
/** Sorted sets by which version 1 of this layout found lines. */
export const version1Lists = `${prefix}journal:key:`;
