/**
 * The closed list of errors: code → HTTP status, OAuth error (RFC 6749 section 5.2, RFC 8707), title and advice.
 * Callers see title and advice, so neither contains secrets. Texts are ASCII: RFC 6749 section 5.2 allows nothing else in
 * `error_description`. A code never changes its meaning; a test keeps docs/errors.md equal to this table.
 */

import { agentRows } from './agent.ts';
import { approvalRows } from './approvals.ts';
import { cloudRows } from './cloud.ts';
import { invitationRows } from './invitations.ts';
import { journalRows } from './journal.ts';
import { keyBackendRows } from './key-backend.ts';
import { limitRows } from './limits.ts';

interface Row {
  readonly status: number;
  /** Absent if /token never returns the code. */
  readonly oauth?: string;
  readonly title: string;
  readonly advice: string;
}

const rows = {
  // Malformed requests
  invalid_request: {
    status: 400,
    oauth: 'invalid_request',
    title: 'The request is invalid.',
    advice: 'Correct the fields that the detail names, then send the request again.',
  },
  host_invalid: {
    status: 400,
    title: 'The request has no Host header, more than one, or an invalid one.',
    advice: 'Send exactly one Host header with the host of the URL (RFC 9112 section 3.2).',
  },
  unknown_parameter: {
    status: 400,
    oauth: 'invalid_request',
    title: 'The request has an unknown parameter.',
    advice: 'Remove the parameter; this endpoint rejects unknown parameters.',
  },
  invalid_target: {
    status: 400,
    oauth: 'invalid_target',
    title: 'There is no such connection, or the client may not use it.',
    advice: 'Check the connection id in `resource`, and that the client may use it (`sojourn client show`).',
  },
  invalid_scope: {
    status: 400,
    oauth: 'invalid_scope',
    title: 'Scopes are not supported.',
    advice: 'Remove `scope`: the connection determines what its credentials allow.',
  },
  unsupported_grant_type: {
    status: 400,
    oauth: 'unsupported_grant_type',
    title: 'The grant type is not supported.',
    advice: 'Use grant_type=client_credentials.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The path does not support this method.',
    advice: 'Use a method from the Allow header.',
  },
  unsupported_media_type: {
    status: 415,
    oauth: 'invalid_request',
    title: 'The content type is not supported.',
    advice: 'Send JSON as application/json, uncompressed.',
  },
  body_too_large: {
    status: 413,
    oauth: 'invalid_request',
    title: 'The body is too large.',
    advice: 'Send a smaller body.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this path.',
    advice: 'Check the path against the documentation.',
  },

  // Authentication and authorization
  unauthorized: {
    status: 401,
    title: 'The bearer token is missing, invalid or expired.',
    advice: 'Send `Authorization: Bearer TOKEN`; for /v1, request a token with resource=urn:sojourn:api.',
  },
  invalid_client: {
    status: 401,
    oauth: 'invalid_client',
    title: 'Client authentication failed.',
    advice:
      'Check the client id and the secret or key of the client; the audit log of the server has the reason.',
  },
  target_not_selectable: {
    status: 403,
    title: 'Callers cannot choose the role, tenant, account or service account.',
    advice: 'Remove the parameter; only the target of the connection sets these values.',
  },
  host_not_allowed: {
    status: 403,
    title: 'The admin API does not answer for the host in this Host header.',
    advice:
      'Use the address in `listen.admin`, or add the name to `admin.hosts` in the configuration of the server.',
  },
  issuing_suspended: {
    status: 403,
    oauth: 'access_denied',
    title: 'An administrator suspended issuing: this server issues no tokens and no credentials.',
    advice: 'Ask the administrators of this server, who resume it with `sojourn issuing resume`.',
  },
  tenant_suspended: {
    status: 403,
    oauth: 'access_denied',
    title: 'An administrator suspended issuing for the tenant of this connection.',
    advice: 'Ask the administrators of this server, who resume it with `sojourn issuing resume --tenant ID`.',
  },
  ...approvalRows,
  ...limitRows,

  // Objects of a request
  purpose_required: {
    status: 400,
    title: 'The client may use the connection for several purposes, and the request names none.',
    advice: 'Send one of the purposes as the parameter `purpose`.',
  },
  tenant_not_found: {
    status: 404,
    title: 'There is no such tenant.',
    advice: 'List the tenants with `sojourn tenant list`.',
  },
  client_not_found: {
    status: 404,
    title: 'There is no such client.',
    advice: 'List the clients with `sojourn client list`.',
  },
  connection_not_found: {
    status: 404,
    title: 'There is no such connection, or the client may not use it.',
    advice: 'Check the connection id, and that the client may use it (`sojourn client show`).',
  },
  purpose_not_found: {
    status: 404,
    title: 'The connection has no such purpose for this client.',
    advice: 'Check the purpose, and that the client may use the connection for it (`sojourn can`).',
  },
  key_not_found: {
    status: 404,
    title: 'There is no such key.',
    advice: 'List the keys with `sojourn keys list`.',
  },
  setup_file_not_found: {
    status: 404,
    title: 'The connection has no set-up file with this name.',
    advice: 'List the files with `sojourn connection setup ID`.',
  },
  webhook_not_found: {
    status: 404,
    title: 'There is no such webhook.',
    advice: 'List the webhooks with `sojourn webhook list`.',
  },
  delivery_not_found: {
    status: 404,
    title: 'The webhook has no such delivery.',
    advice: 'List the deliveries with `sojourn webhook deliveries ID`; they are stored for 30 days.',
  },
  webhook_limit: {
    status: 409,
    title: 'The webhook limit is reached.',
    advice: 'Delete one with `sojourn webhook delete ID`, or let one receiver forward events.',
  },
  verification_not_found: {
    status: 404,
    title: 'The connection has not been verified yet.',
    advice: 'Verify it with `sojourn connection verify ID`.',
  },
  connection_disabled: {
    status: 409,
    title: 'The connection is disabled.',
    advice: 'Enable it with `sojourn connection enable ID`.',
  },
  connection_paused: {
    status: 409,
    title: 'The customer paused the connection.',
    advice: 'Ask the customer to resume it on the page of their invitation; only the customer can.',
  },
  connection_incomplete: {
    status: 409,
    title: 'The target of the connection is incomplete.',
    advice: 'Finish the set-up in the cloud, then set the missing field with `sojourn connection update ID`.',
  },
  principal_undeclared: {
    status: 409,
    title: 'The connection names an identity or audience that is not of its customer alone.',
    advice:
      'Give one that belongs to this customer with `sojourn connection update ID`, or declare that it is shared.',
  },
  ...invitationRows,
  tenant_not_empty: {
    status: 409,
    title: 'The tenant still has connections.',
    advice: 'Delete the connections of the tenant first.',
  },
  secret_limit: {
    status: 409,
    title: 'The client already has two secrets.',
    advice: 'Delete the old secret before you create another one.',
  },
  version_conflict: {
    status: 409,
    title: 'Another request changed this object in the meantime.',
    advice: 'Read the object again and repeat your change.',
  },
  key_not_ready: {
    status: 409,
    title: 'The next key has not been published for long enough.',
    advice:
      'Wait until the time in the detail; verifiers that cache the JWKS would reject tokens signed with this key now.',
  },
  key_not_propagated: {
    status: 409,
    title: 'The next key has not propagated to every place where verifiers fetch keys.',
    advice:
      'Make sure that the issuer URL and every mirror serve the documents of this server, then try again. To sign with the key anyway, request the rotation with override.',
  },

  // Dependencies of the server
  store_unavailable: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The store is unavailable.',
    advice: 'Try again shortly.',
  },
  document_unknown: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'This server cannot decide on the request.',
    advice: 'Try again: another replica may answer. The log of the server has the reason.',
  },
  audit_unavailable: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The audit log cannot be written, so the server issues nothing.',
    advice: 'Free space on the disk or in the store of the server, or set audit.on_failure to spool.',
  },
  keys_unavailable: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'No signing key is usable at the moment.',
    advice: 'See /readyz of the server for the reason.',
  },
  client_keys_unavailable: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The server cannot fetch the keys of the client at the moment.',
    advice: 'Try again after the time in Retry-After; the audit log of the server has the reason.',
  },
  ...keyBackendRows,
  shutting_down: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The server is shutting down.',
    advice: 'Try again; another replica will answer.',
  },
  internal: {
    status: 500,
    oauth: 'server_error',
    title: 'The server failed because of an internal error.',
    advice: 'Find the reason in the server log by the request id.',
  },

  ...journalRows,

  // Errors that prevent a start
  config_invalid: {
    status: 500,
    title: 'The configuration is invalid.',
    advice: 'Correct every line that the detail names.',
  },
  state_unusable: {
    status: 500,
    title: 'The stored state is unusable.',
    advice: 'Restore a backup. Sojourn changed nothing.',
  },
  key_material_unusable: {
    status: 500,
    title: 'A key file is unusable.',
    advice: 'Restore the file that the detail names from a backup. Sojourn created no new key.',
  },

  ...agentRows,
  ...cloudRows,
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof rows;

export const errorTable: { readonly [code in ErrorCode]: Row } = rows;
