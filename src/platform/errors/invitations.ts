/** What goes wrong around invitations and on their page; read by administrators and by customers alike. */
export const invitationRows = {
  invitation_not_found: {
    status: 404,
    title: 'There is no such invitation.',
    advice: 'List them with `sojourn connection invitations list ID`.',
  },
  invitation_limit: {
    status: 409,
    title: 'The connection has 20 invitations already.',
    advice: 'Revoke those that nobody uses with `sojourn connection invitations revoke ID INVITATION`.',
  },
  invitation_in_use: {
    status: 409,
    title: 'The customer has paused the connection with this invitation.',
    advice: 'Ask the customer to resume it; only this invitation can.',
  },
  setup_already_reported: {
    status: 409,
    title: 'This invitation has reported something else already, and reports once.',
    advice: 'Ask whoever sent the invitation for a new one.',
  },
  target_locked: {
    status: 409,
    title: 'The connection has been active, and a report no longer changes where it leads.',
    advice: 'Ask whoever sent the invitation to change the connection.',
  },
  pause_not_owned: {
    status: 409,
    title: 'The connection was paused with another link, which alone can resume it.',
    advice: 'Open the link with which it was paused.',
  },
  cross_origin_request: {
    status: 403,
    title: 'The request was sent by a page of another site.',
    advice: 'Open the page of the invitation itself and use its buttons.',
  },
} as const;
