/** What the admin doors hand over to. */
import type { Approvals } from '../../approvals/index.ts';
import type { Audit } from '../../audit/index.ts';
import type { Clients } from '../../clients/index.ts';
import type { Connections } from '../../connections/index.ts';
import type { ReadinessCheck } from '../../health/index.ts';
import type { Invitations } from '../../invitations/index.ts';
import type { Issuers } from '../../issuer/index.ts';
import type { Keyrings } from '../../keys/index.ts';
import type { Onboarding } from '../../onboarding/index.ts';
import type { AdminToken } from '../../operator/index.ts';
import type { Outage } from '../../outage/index.ts';
import type { Policy } from '../../policy/index.ts';
import type { Tenants } from '../../tenants/index.ts';
import type { Now } from '../../time/index.ts';
import type { Webhooks } from '../../webhooks/index.ts';

export interface AdminRooms {
  readonly tenants: Tenants;
  readonly clients: Clients;
  readonly connections: Connections;
  readonly policy: Policy;
  readonly invitations: Invitations;
  readonly approvals: Approvals;
  readonly keyrings: Keyrings;
  readonly audit: Audit;
  readonly now: Now;
  readonly onboarding: Onboarding;
  readonly issuers: Issuers;
  readonly webhooks: Webhooks;
  readonly outage: Outage;
  readonly adminToken: Pick<AdminToken, 'matches'>;
  /** The Prometheus text format. */
  readonly metrics: () => Promise<string>;
  readonly readiness: () => Promise<readonly ReadinessCheck[]>;
}
