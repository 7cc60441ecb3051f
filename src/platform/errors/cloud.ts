/** The rows of the table for what a customer's cloud says; docs/errors.md tells which answer of which cloud leads here. */
export const cloudRows = {
  cloud_issuer_unknown: {
    status: 502,
    title: 'The cloud does not know this issuer.',
    advice: 'Register the issuer there exactly as the set-up file writes it.',
  },
  cloud_audience_mismatch: {
    status: 502,
    title: 'The cloud expects another audience.',
    advice: 'Register the audience of the connection exactly.',
  },
  cloud_subject_mismatch: {
    status: 502,
    title: 'The cloud expects another subject.',
    advice: 'Register the subject of the connection exactly; case matters.',
  },
  cloud_trust_refused: {
    status: 502,
    title: 'The trust in the cloud does not admit this connection.',
    advice: 'Apply the set-up file of the connection again.',
  },
  cloud_target_not_found: {
    status: 502,
    title: 'The cloud does not have what the connection names.',
    advice: 'Check the ids of the target against the cloud.',
  },
  cloud_permission_denied: {
    status: 502,
    title: 'The cloud let the identity in but not further.',
    advice: 'Grant the missing permission that the detail names.',
  },
  cloud_identity_mismatch: {
    status: 502,
    title: 'The credentials belong to another identity than the connection names.',
    advice: 'Compare the target of the connection with the identity that the detail names.',
  },
  cloud_key_unknown: {
    status: 502,
    title: 'The cloud has not seen the key that signed the token.',
    advice:
      'Wait until its cache of the JWKS is renewed; check that the issuer is reachable from the internet.',
  },
  cloud_issuer_unreachable: {
    status: 502,
    title: 'The cloud could not read the discovery document or the JWKS.',
    advice:
      'Check from outside that the issuer answers within 5 s with a full certificate chain and no redirect (`sojourn doctor`).',
  },
  cloud_token_rejected: {
    status: 502,
    title: 'The cloud did not accept the form of the token.',
    advice: 'Report this with the detail; it is a fault of this server.',
  },
  cloud_token_time: {
    status: 502,
    title: 'The cloud finds the times of the token out of range.',
    advice: 'Check the clock of the server (NTP).',
  },
  cloud_request_invalid: {
    status: 502,
    title: 'The cloud does not accept a setting of the connection.',
    advice: 'Correct the named setting of the target.',
  },
  cloud_policy_forbids: {
    status: 502,
    title: 'A policy of the customer forbids it.',
    advice: 'Ask the customer to allow this issuer in the policy that the detail names.',
  },
  cloud_region_disabled: {
    status: 502,
    title: 'The region is not enabled in the account.',
    advice: 'Enable the region or set another one in the target.',
  },
  cloud_throttled: {
    status: 503,
    title: 'The cloud is throttling.',
    advice: 'Try again after the time in Retry-After.',
  },
  cloud_unavailable: {
    status: 503,
    title: 'The cloud does not answer properly at this moment.',
    advice: 'Try again shortly; nothing is wrong with the connection as far as is known.',
  },
  cloud_timeout: {
    status: 504,
    title: 'The cloud did not answer in time.',
    advice: 'Try again; check the route from the server to the cloud.',
  },
  cloud_answer_unknown: {
    status: 502,
    title: 'The cloud gave an answer that is not known here.',
    advice: 'See the detail; the log of the server has the code.',
  },
} as const;
