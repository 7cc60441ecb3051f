/** The rows of the table for connections that a second person has to open; see docs/operations.md. */
export const approvalRows = {
  approval_required: {
    status: 403,
    title: 'The connection wants an approval.',
    advice: 'Let an administrator grant the request that the detail names, then ask again.',
  },
  approval_denied: {
    status: 403,
    title: 'An administrator has denied the request.',
    advice: 'Ask the administrator why; it can be made again after the time in Retry-After.',
  },
  approval_not_found: {
    status: 404,
    title: 'There is no such request for approval.',
    advice: 'List them with `sojourn approval list`.',
  },
  approval_conflict: {
    status: 409,
    title: 'The request is not in a state for this.',
    advice: 'Look at it with `sojourn approval list`; somebody else may have decided.',
  },
} as const;
