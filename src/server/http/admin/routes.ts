/** Every route of the admin API. */
import { z } from 'zod';
import { accessRoute } from './access.ts';
import { approvalRoutes } from './approvals.ts';
import { auditRoutes } from './audit.ts';
import { auditProofRoutes } from './audit-proofs.ts';
import { clientRoutes } from './clients.ts';
import { connectionRoutes } from './connections.ts';
import { documentsRoute } from './documents.ts';
import { invitationRoutes } from './invitations.ts';
import { issuerRoutes } from './issuer.ts';
import { issuingRoutes } from './issuing.ts';
import { keyRoutes } from './keys.ts';
import { guardrailRoute, lintRoute } from './lint.ts';
import { openApiDocument } from './openapi.ts';
import { outageRoute } from './outage.ts';
import { policyRoutes } from './policy.ts';
import { presetsRoute } from './presets.ts';
import { nothing, type Route, readRoute } from './route.ts';
import { setupRoutes } from './setup.ts';
import { tenantMoveRoutes } from './tenant-moves.ts';
import { tenantRoutes } from './tenants.ts';
import { uploadedKeysRoute } from './uploaded-keys.ts';
import { webhookRoutes } from './webhooks.ts';

const documentRoute = readRoute({
  path: '/openapi.json',
  operationId: 'fetchOpenApi',
  summary: 'Fetch this OpenAPI document',
  query: nothing,
  answer: z.record(z.string(), z.unknown()),
  find: () => document,
});

export const routes: readonly Route[] = [
  ...tenantRoutes,
  ...tenantMoveRoutes,
  ...clientRoutes,
  accessRoute,
  ...connectionRoutes,
  ...policyRoutes,
  presetsRoute,
  ...setupRoutes,
  ...invitationRoutes,
  lintRoute,
  guardrailRoute,
  ...issuerRoutes,
  ...issuingRoutes,
  uploadedKeysRoute,
  ...keyRoutes,
  documentsRoute,
  ...webhookRoutes,
  outageRoute,
  ...approvalRoutes,
  ...auditRoutes,
  ...auditProofRoutes,
  documentRoute,
];

export const document = openApiDocument(routes);
