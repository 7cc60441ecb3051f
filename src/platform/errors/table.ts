/**
 * The closed list of what can go wrong: code → HTTP status, OAuth error (RFC 6749 section 5.2, RFC 8707),
 * one sentence that may be told to the caller, and what to do about it.
 * A code is for machines and never changes its meaning; a test keeps docs/errors.md equal to this table.
 */

import { agentRows } from './agent.ts';
import { approvalRows } from './approvals.ts';
import { cloudRows } from './cloud.ts';
import { invitationRows } from './invitations.ts';
import { keyServiceRows } from './key-service.ts';
import { limitRows } from './limits.ts';

interface Row {
  readonly status: number;
  readonly oauth?: string;
  readonly title: string;
  readonly advice: string;
}

const rows = {
  // The request itself
  invalid_request: {
    status: 400,
    oauth: 'invalid_request',
    title: 'The request is not well-formed.',
    advice: 'Correct the named field and send it again.',
  },
  unknown_parameter: {
    status: 400,
    oauth: 'invalid_request',
    title: 'The request has a parameter that this endpoint does not know.',
    advice: 'Remove the parameter; nothing is ever ignored that could change the meaning.',
  },
  invalid_target: {
    status: 400,
    oauth: 'invalid_target',
    title: 'There is no such connection for this client.',
    advice: 'Check the connection id in `resource`, and that the client may use it (`sojourn client show`).',
  },
  unsupported_grant_type: {
    status: 400,
    oauth: 'unsupported_grant_type',
    title: 'The grant type is not served.',
    advice: 'Use grant_type=client_credentials.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This path does not serve that method.',
    advice: 'See the Allow header.',
  },
  unsupported_media_type: {
    status: 415,
    oauth: 'invalid_request',
    title: 'The content type is not read here.',
    advice: 'Send JSON as application/json, uncompressed.',
  },
  body_too_large: {
    status: 413,
    oauth: 'invalid_request',
    title: 'The body is larger than 16 KB.',
    advice: 'Send a smaller body.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this path.',
    advice: 'Check the path against the documentation.',
  },

  // Who asks
  unauthorized: {
    status: 401,
    title: 'The bearer token is missing, wrong or expired.',
    advice: 'Send `Authorization: Bearer TOKEN`; for /v1 fetch a token with resource=urn:sojourn:api.',
  },
  invalid_client: {
    status: 401,
    oauth: 'invalid_client',
    title: 'Client authentication failed.',
    advice: 'Check the client id and its secret or key; the audit log of the server has the reason.',
  },
  target_not_selectable: {
    status: 403,
    title: 'A caller never chooses the role, tenant, account or service account.',
    advice: 'Remove the parameter; the connection alone says where it leads.',
  },
  ...approvalRows,
  ...limitRows,

  // What is asked for
  purpose_required: {
    status: 400,
    title: 'The connection can be used for several purposes, and none was named.',
    advice: 'Send one of them as the parameter `purpose`.',
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
    title: 'There is no such connection for this client.',
    advice: 'Check the connection id, and that the client may use it (`sojourn client show`).',
  },
  purpose_not_found: {
    status: 404,
    title: 'There is no such purpose of the connection for this client.',
    advice: 'Check the purpose, and that the client may use the connection for it (`sojourn can`).',
  },
  key_not_found: {
    status: 404,
    title: 'There is no such key.',
    advice: 'List the keys with `sojourn keys list`.',
  },
  setup_file_not_found: {
    status: 404,
    title: 'The connection has no set-up file of this name.',
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
    advice: 'List its deliveries with `sojourn webhook deliveries ID`; they are kept for 30 days.',
  },
  webhook_limit: {
    status: 409,
    title: 'There are as many webhooks as there can be.',
    advice: 'Delete one that is not needed, or let one receiver pass events on.',
  },
  verification_not_found: {
    status: 404,
    title: 'The connection has not been verified yet.',
    advice: 'Verify it first: `sojourn connection verify ID`.',
  },
  connection_disabled: {
    status: 409,
    title: 'The connection is disabled.',
    advice: 'Enable it with `sojourn connection enable ID`.',
  },
  connection_paused: {
    status: 409,
    title: 'The customer has paused the connection.',
    advice: 'Ask the customer; only they can resume it, on the page of their invitation.',
  },
  connection_incomplete: {
    status: 409,
    title: 'The connection does not know yet where it leads.',
    advice:
      'Finish the set-up in the cloud, then save the missing field with `sojourn connection update ID`.',
  },
  ...invitationRows,
  tenant_not_empty: {
    status: 409,
    title: 'The tenant still has connections.',
    advice: 'Delete its connections first.',
  },
  secret_limit: {
    status: 409,
    title: 'The client has two secrets already.',
    advice: 'Delete the old secret before you make another one.',
  },
  version_conflict: {
    status: 409,
    title: 'Somebody else changed this in the meantime.',
    advice: 'Read it again and repeat your change.',
  },
  key_not_ready: {
    status: 409,
    title: 'The next key has not been published for long enough.',
    advice: 'Wait until the time told; signing with it now would break every verifier that caches the JWKS.',
  },
  key_not_propagated: {
    status: 409,
    title: 'The next key is not found where verifiers look for it.',
    advice:
      'Let the issuer URL and every published copy serve the documents of this server, then try again. To sign with the key all the same, order the rotation with override.',
  },

  // What we need ourselves
  store_unavailable: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The store does not answer.',
    advice: 'Try again shortly.',
  },
  audit_unavailable: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The audit log cannot be written, so nothing is issued.',
    advice: 'Free the disk or the store of the server, or set audit.on_failure to continue.',
  },
  keys_unavailable: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'No signing key can be used at this moment.',
    advice: 'See /readyz of the server.',
  },
  client_keys_unavailable: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The keys of the client cannot be fetched at this moment.',
    advice: 'Try again after the time in Retry-After; the audit log of the server has the reason.',
  },
  ...keyServiceRows,
  shutting_down: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'This process is going down.',
    advice: 'Try again; another replica will answer.',
  },
  internal: {
    status: 500,
    oauth: 'server_error',
    title: 'Something failed inside the server.',
    advice: 'The log of the server has the reason under the request id.',
  },

  // What stops a start
  config_invalid: {
    status: 500,
    title: 'The configuration is not valid.',
    advice: 'Correct every line named.',
  },
  state_unusable: {
    status: 500,
    title: 'The stored state cannot be used.',
    advice: 'Restore a backup; nothing was changed or made anew.',
  },
  key_material_unusable: {
    status: 500,
    title: 'A key file cannot be used.',
    advice: 'Restore the named file from a backup; nothing was made anew.',
  },

  // The agent beside a workload
  ...agentRows,

  ...cloudRows,
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof rows;

export const errorTable: { readonly [code in ErrorCode]: Row } = rows;
