/** Probes that Entra must refuse. A federated credential matches exactly, so only another credential could admit them. */
import type { ProbeType, Remedy, SetupFacts } from '../contract/index.ts';
import { probeInterpreter } from '../probe.ts';
import { listCredentials } from './remedy.ts';
import type { AzureTarget } from './target.ts';

export const interpretProbe = probeInterpreter({
  subject: ['cloud_subject_mismatch', 'cloud_trust_refused'],
  audience: ['cloud_audience_mismatch', 'cloud_trust_refused'],
});

export const fix = (target: AzureTarget, { subject }: SetupFacts, type: ProbeType): Remedy => ({
  condition: `${type}_too_broad`,
  detail: `The identity has another federated credential for this issuer. Delete every credential whose subject is not ${subject}.`,
  ...listCredentials(target),
});
