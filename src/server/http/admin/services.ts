/** The services that the admin routes call. */

import type { AdminToken } from '../../../access/admin-token/index.ts';
import type { Approvals } from '../../../access/approvals/index.ts';
import type { Clients } from '../../../access/clients/index.ts';
import type { Connections } from '../../../access/connections/index.ts';
import type { Policy } from '../../../access/policy/index.ts';
import type { Suspensions } from '../../../access/suspension/index.ts';
import type { Tenants } from '../../../access/tenants/index.ts';
import type { Preset } from '../../../clouds/index.ts';
import type { Invitations } from '../../../onboarding/invitations/index.ts';
import type { Setup } from '../../../onboarding/setup/index.ts';
import type { Webhooks } from '../../../onboarding/webhooks/index.ts';
import type { Audit, AuditProofs } from '../../../platform/audit/index.ts';
import type { Now } from '../../../platform/time/index.ts';
import type { Issuers } from '../../../tokens/issuer/index.ts';
import type { Keyrings } from '../../../tokens/keys/index.ts';
import type { OutageBudget } from '../../../tokens/outage-budget/index.ts';
import type { Health } from '../../health/index.ts';

export interface AdminServices {
  readonly tenants: Tenants;
  readonly clients: Clients;
  readonly connections: Connections;
  readonly policy: Policy;
  readonly suspensions: Suspensions;
  readonly invitations: Invitations;
  readonly approvals: Approvals;
  readonly keyrings: Keyrings;
  readonly audit: Audit;
  readonly proofs: AuditProofs;
  readonly now: Now;
  readonly setup: Setup;
  /** Those of the operator. */
  readonly presets: readonly Preset[];
  readonly issuers: Issuers;
  readonly webhooks: Webhooks;
  readonly outageBudget: OutageBudget;
  readonly adminToken: Pick<AdminToken, 'matches'>;
  /** Whether the admin API answers for this name or address in the Host header. */
  readonly isOwnHost: (host: string) => boolean;
  /** In the Prometheus text format. */
  readonly metrics: () => Promise<string>;
  readonly health: Pick<Health, 'checks' | 'documentChecks'>;
}
