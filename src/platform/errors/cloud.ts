/** Errors from customers' clouds; `explain.ts` of each cloud maps its answers to these codes. */
export const cloudRows = {
  cloud_issuer_unknown: {
    status: 502,
    title: 'The cloud does not know this issuer.',
    advice: 'Register the issuer in the cloud exactly as it is written in the set-up file.',
  },
  cloud_audience_mismatch: {
    status: 502,
    title: 'The cloud expects another audience.',
    advice: 'Register exactly the audience of the connection.',
  },
  cloud_subject_mismatch: {
    status: 502,
    title: 'The cloud expects another subject.',
    advice: 'Register exactly the subject of the connection; it is case-sensitive.',
  },
  cloud_trust_refused: {
    status: 502,
    title: 'The trust policy in the cloud does not allow this connection.',
    advice: 'Apply the set-up file of the connection again.',
  },
  cloud_target_not_found: {
    status: 502,
    title: 'The target of the connection does not exist in the cloud.',
    advice: 'Compare the ids in the target with the cloud.',
  },
  cloud_permission_denied: {
    status: 502,
    title: 'The cloud accepted the identity, but a permission is missing.',
    advice: 'Grant the missing permission that the detail names.',
  },
  cloud_identity_mismatch: {
    status: 502,
    title: 'The credentials belong to a different identity than the target names.',
    advice: 'Compare the target of the connection with the identity that the detail names.',
  },
  cloud_key_unknown: {
    status: 502,
    title: 'The cloud does not know the key that signed the token yet.',
    advice:
      'Wait until the cloud refreshes its JWKS cache, and check that the issuer is reachable from the internet.',
  },
  cloud_issuer_unreachable: {
    status: 502,
    title: 'The cloud could not fetch the discovery document or the JWKS.',
    advice:
      'Check from outside your network that the issuer answers within 5 s, with a full certificate chain and without a redirect (`sojourn doctor`).',
  },
  cloud_token_rejected: {
    status: 502,
    title: 'The cloud rejected the format of the token.',
    advice: 'Report it as a bug of Sojourn, with the detail.',
  },
  cloud_token_time: {
    status: 502,
    title: 'The cloud rejected the times of the token (iat, nbf or exp).',
    advice: 'Synchronize the clock of the server (NTP).',
  },
  cloud_request_invalid: {
    status: 502,
    title: 'The cloud rejected a setting of the connection.',
    advice: 'Correct the setting of the target that the detail names.',
  },
  cloud_policy_forbids: {
    status: 502,
    title: 'A policy of the customer denies the request.',
    advice: 'Ask the customer to allow this issuer in the policy that the detail names.',
  },
  cloud_region_disabled: {
    status: 502,
    title: 'The region is not enabled in the account.',
    advice: 'Enable the region in the account, or set another region in the target.',
  },
  cloud_throttled: {
    status: 503,
    title: 'The cloud throttles requests.',
    advice: 'Try again after the time in Retry-After.',
  },
  cloud_unavailable: {
    status: 503,
    title: 'The cloud is unavailable or returned an error.',
    advice: 'Try again shortly. The connection itself is probably correct.',
  },
  cloud_timeout: {
    status: 504,
    title: 'The cloud did not answer in time.',
    advice: 'Try again, and check the network path from the server to the cloud.',
  },
  cloud_answer_unknown: {
    status: 502,
    title: 'The cloud returned an error that Sojourn does not know.',
    advice: 'See the detail; the server log has the error code of the cloud.',
  },
} as const;
