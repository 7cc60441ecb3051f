/** The rows of the table for who asks too much; see docs/operations.md. */
export const limitRows = {
  rate_limited: {
    status: 429,
    oauth: 'temporarily_unavailable',
    title: 'Too many requests.',
    advice: 'Wait for the time in Retry-After.',
  },
  overloaded: {
    status: 503,
    title: 'Too many visits to clouds are under way.',
    advice: 'Try again after the time in Retry-After, and not with everything at once.',
  },
} as const;
