/** Every row of the admin API. */
import { z } from 'zod';
import { approvalRoutes } from './approvals.ts';
import { auditRoutes } from './audit.ts';
import { canRoute } from './can.ts';
import { clientRoutes } from './clients.ts';
import { connectionRoutes } from './connections.ts';
import { documentsRoute } from './documents.ts';
import { invitationRoutes } from './invitations.ts';
import { issuerRoutes } from './issuer.ts';
import { keyRoutes } from './keys.ts';
import { lintRoute } from './lint.ts';
import { openApiDocument } from './openapi.ts';
import { outageRoute } from './outage.ts';
import { policyRoutes } from './policy.ts';
import { look, nothing, type Route } from './route.ts';
import { setupRoutes } from './setup.ts';
import { tenantMoveRoutes } from './tenant-moves.ts';
import { tenantRoutes } from './tenants.ts';
import { uploadsRoute } from './uploads.ts';
import { webhookRoutes } from './webhooks.ts';

const documentRoute = look({
  path: '/openapi.json',
  name: 'fetchOpenApi',
  summary: 'This document',
  query: nothing,
  answer: z.record(z.string(), z.unknown()),
  find: () => document,
});

export const routes: readonly Route[] = [
  ...tenantRoutes,
  ...tenantMoveRoutes,
  ...clientRoutes,
  canRoute,
  ...connectionRoutes,
  ...policyRoutes,
  ...setupRoutes,
  ...invitationRoutes,
  lintRoute,
  ...issuerRoutes,
  uploadsRoute,
  ...keyRoutes,
  documentsRoute,
  ...webhookRoutes,
  outageRoute,
  ...approvalRoutes,
  ...auditRoutes,
  documentRoute,
];

export const document = openApiDocument(routes);
