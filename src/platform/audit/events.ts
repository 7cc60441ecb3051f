/** The events that the audit log records. */

/** By noun, the verbs in the past tense: `token.issued`, `connection.created`. */
const verbs = {
  token: ['issued', 'refused'],
  sign_in: [
    /** An address failed to sign in too often; the server refuses its sign-ins for a while. */
    'rate_limited',
  ],
  request: [
    /** An address or a client exceeded its rate limit; recorded at most once a minute. */
    'rate_limited',
  ],
  exchange: [
    'succeeded',
    /** Sojourn refused the request; it sent nothing to the cloud. */
    'refused',
    /** Sojourn allowed the request, but the cloud refused it or could not be reached. */
    'failed',
  ],
  credentials: ['served'],
  admin: ['refused'],
  guard: [
    /** A guard in mode `audit` would have refused. */
    'violated',
  ],
  policy: ['updated'],
  /** The kill switch; `reason` is the administrator's. */
  issuing: ['suspended', 'resumed'],
  api: ['refused'],
  tenant: ['created', 'updated', 'deleted', 'move_started'],
  client: ['created', 'updated', 'deleted'],
  /** A client requests to use a connection that needs an approval, and the decision on it. */
  approval: ['requested', 'granted', 'denied', 'revoked', 'expired'],
  secret: ['created', 'deleted', 'replaced'],
  connection: [
    ...(['created', 'updated', 'deleted', 'enabled', 'disabled', 'verified', 'jwks_uploaded'] as const),
    /** The verdict of a verification changed. */
    ...(['drifted', 'recovered'] as const),
    /** An active connection was first seen to admit a probe; the verdict changes if it is seen again. */
    'exposed',
    /** The customer's cloud was shown a token that it must refuse: `refused`, or let in, which is `failed`. */
    'probed',
    /** By the customer, on the page of an invitation. */
    ...(['setup_reported', 'setup_report_refused', 'paused', 'resumed', 'resume_refused'] as const),
  ],
  invitation: ['created', 'revoked', 'refused', 'rate_limited'],
  /** The customer created a control link, which pauses and resumes the connection. */
  control_link: ['created'],
  key: [
    ...(['created', 'activated', 'removed', 'revoked', 'rewrapped'] as const),
    /** The rotation is due, but verifiers do not find the next key yet. */
    'postponed',
    /** Requests of an administrator; the others record what the key ring then did. */
    ...(['rotation_requested', 'revocation_requested', 'rotation_scheduled', 'rotation_cancelled'] as const),
  ],
  /** A mirror of the issuer documents: writing it, and comparing it with what the server serves. */
  mirror: ['published', 'publish_failed', 'drifted', 'recovered'],
  webhook: [
    ...(['created', 'updated', 'deleted'] as const),
    /** A delivery did not succeed for a day, or the receiver rejected the event. */
    'abandoned',
    'redelivery_requested',
  ],
  audit: [
    /** Lines were archived and their texts removed. */
    'pruned',
  ],
  store: [
    /** An administrator accepted that the store has lost acknowledged writes. */
    'rollback_accepted',
  ],
} as const;

type Noun = keyof typeof verbs;

export type AuditEvent = { [N in Noun]: `${N}.${(typeof verbs)[N][number]}` }[Noun];

export const auditEvents = Object.entries(verbs).flatMap(([noun, all]) =>
  all.map((verb) => `${noun}.${verb}` as AuditEvent),
);
