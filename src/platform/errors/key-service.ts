/** The rows of the table for what a key service does not do; see docs/key-backends.md. */
export const keyServiceRows = {
  key_backend_unavailable: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The key service does not sign at this moment.',
    advice: 'Try again shortly; /readyz and the log of the server have the reason.',
  },
  key_backend_throttled: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The key service is throttling.',
    advice: 'Try again after the time in Retry-After; raise the quota of the key service if this goes on.',
  },
  key_backend_refused: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The key service refuses to sign with this key.',
    advice: 'See /readyz and the log of the server: the key is disabled or gone, or access to it is denied.',
  },
  key_backend_signature_invalid: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The key service gave a signature that is wrong; it was thrown away.',
    advice:
      'See the log of the server: the key in the service is not the one that is published, or it is faulty.',
  },
} as const;
