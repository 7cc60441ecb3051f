/** Errors of connections that need an approval; see docs/operations.md. */
export const approvalRows = {
  approval_required: {
    status: 403,
    title: 'The connection needs an approval.',
    advice: 'Ask an administrator to grant the request that the detail names, then try again.',
  },
  approval_denied: {
    status: 403,
    title: 'An administrator denied the request.',
    advice: 'Ask the administrator for the reason. You can request again after the time in Retry-After.',
  },
  approval_not_found: {
    status: 404,
    title: 'There is no such approval.',
    advice: 'List them with `sojourn approval list`.',
  },
  approval_conflict: {
    status: 409,
    title: 'The approval is not in a state that allows this decision.',
    advice: 'Check its state with `sojourn approval list`; another administrator may have decided.',
  },
} as const;
