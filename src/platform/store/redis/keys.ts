/**
 * The names under which Redis keeps things. All carry one hash tag, so a Cluster keeps all of them on one node: a
 * document and the indexes that list it change in one atomic step, and Redis has such steps within one slot only. Nothing
 * is lost by it: the state of an issuer is small, and a Cluster is here for its failover, not for its size. What could
 * outgrow one node is the journal and the used assertions; nothing changes them together with a document, and assertions
 * are never listed, so they can move to tags of their own.
 */
const prefix = '{sojourn}:';

/** The version of this layout; a number. */
export const schemaKey = `${prefix}schema`;
export const pulseKey = `${prefix}pulse`;

/** A hash: version, value (JSON), and where given within and expires. Kinds hold no colon, so no two names collide. */
export const documentKey = (kind: string, id: string): string => `${prefix}document:${kind}:${id}`;
/** A sorted set of ids, all with score 0: Redis then orders them by their bytes. */
export const idsKey = (kind: string, within?: string): string =>
  within === undefined ? `${prefix}ids:${kind}` : `${prefix}ids:${kind}:${within}`;
/** A sorted set of KIND:ID by the time of expiry. */
export const expiryKey = `${prefix}expiry`;

/** A counter: the last sequence number given. */
export const sequenceKey = `${prefix}journal:sequence`;
/** A hash from sequence number to AT:VALUE. */
export const linesKey = `${prefix}journal:lines`;
/** A hash from hour to FIRST:LAST. */
export const hoursKey = `${prefix}journal:hours`;
/** A sorted set of the sequence numbers of the lines with this key. */
export const wordKey = (key: string): string => `${prefix}journal:key:${key}`;
