import type { GcpTarget } from '../../../src/clouds/gcp/target.ts';
import type { SetupFacts } from '../../../src/clouds/index.ts';
import { facts } from './arrange.ts';

export const gcpTarget = (given: Partial<GcpTarget> = {}): GcpTarget => ({
  project_number: '123456789',
  pool_id: 'sojourn-a1',
  provider_id: 'con-b2',
  scopes: ['https://www.googleapis.com/auth/cloud-platform'],
  lifetime_seconds: 3600,
  ...given,
});

export const gcpFacts = (given: Partial<SetupFacts> = {}): SetupFacts =>
  facts({
    audience:
      'https://iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/sojourn-a1/providers/con-b2',
    ...given,
  });
