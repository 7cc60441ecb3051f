/** Tokens that Entra must refuse. A federated credential matches exactly, so that only another one lets them in. */
import type { ProbeType, Remedy, SetupFacts } from '../contract.ts';
import { probeResultBy } from '../probe.ts';
import { listCredentials } from './remedy.ts';
import type { AzureTarget } from './target.ts';

/** What tokens for AWS say. */
export const wrongAudience = 'sts.amazonaws.com';

export const interpretProbe = probeResultBy({
  subject: ['cloud_subject_mismatch', 'cloud_trust_refused'],
  audience: ['cloud_audience_mismatch', 'cloud_trust_refused'],
});

export const fix = (target: AzureTarget, { subject }: SetupFacts, kind: ProbeType): Remedy => ({
  condition: `${kind}_too_broad`,
  detail: `The identity has another federated credential for this issuer: delete each whose subject is not ${subject}.`,
  ...listCredentials(target),
});
