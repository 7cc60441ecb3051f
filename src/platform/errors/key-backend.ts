/** Errors of remote key backends; see docs/key-backends.md. */
export const keyBackendRows = {
  key_backend_unavailable: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The key backend is unavailable, so the server cannot sign.',
    advice: 'Try again shortly; /readyz and the server log have the reason.',
  },
  key_backend_throttled: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The key backend throttles requests.',
    advice:
      'Try again after the time in Retry-After; if it happens repeatedly, raise the quota of the key backend.',
  },
  key_backend_refused: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The key backend refuses to sign with this key.',
    advice: 'See /readyz and the server log: the key is disabled or deleted, or access to it is denied.',
  },
  key_backend_signature_invalid: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The key backend returned an invalid signature, which the server discarded.',
    advice: 'See the server log: the key in the backend is not the published key, or the backend is faulty.',
  },
} as const;
