/** Errors of invitations and their page; administrators and customers read these texts. */
export const invitationRows = {
  invitation_not_found: {
    status: 404,
    title: 'There is no such invitation.',
    advice: 'List them with `sojourn connection invitations list ID`.',
  },
  invitation_limit: {
    status: 409,
    title: 'The limit of 20 invitations for a connection is reached.',
    advice: 'Revoke unused ones with `sojourn connection invitations revoke ID INVITATION`.',
  },
  invitation_in_use: {
    status: 409,
    title: 'The customer paused the connection with this invitation.',
    advice: 'Ask the customer to resume the connection first.',
  },
  setup_already_reported: {
    status: 409,
    title: 'This invitation has already sent a different set-up report; each invitation reports once.',
    advice: 'Ask the sender of the invitation for a new one.',
  },
  target_locked: {
    status: 409,
    title: 'The connection has been active, so a set-up report can no longer change its target.',
    advice: 'Ask the sender of the invitation to update the connection.',
  },
  pause_not_owned: {
    status: 409,
    title: 'The connection was paused with another link, and only that link can resume it.',
    advice: 'Open the link with which the connection was paused.',
  },
  cross_origin_request: {
    status: 403,
    title: 'The request was sent from a page of another site.',
    advice: 'Open the page of the invitation itself and use its buttons.',
  },
} as const;
