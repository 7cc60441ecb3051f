/** Errors of rate limits and of the exchange queue; see docs/operations.md. */
export const limitRows = {
  rate_limited: {
    status: 429,
    oauth: 'temporarily_unavailable',
    title: 'Too many requests.',
    advice: 'Try again after the time in Retry-After.',
  },
  server_busy: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The server is busy: too many requests are waiting.',
    advice: 'Try again after the time in Retry-After.',
  },
  overloaded: {
    status: 503,
    title: 'The server is overloaded: too many exchanges with clouds are in progress.',
    advice: 'Try again after the time in Retry-After, and spread your requests over time.',
  },
} as const;
