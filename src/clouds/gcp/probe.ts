/** Tokens that Google must refuse, and the settings of the provider that make it do so. */
import type { SojournError } from '../../platform/errors/index.ts';
import type { ProbeResult, ProbeType, Remedy, SetupFacts } from '../contract.ts';
import { cloudResponseOf } from '../explanation.ts';
import { probeResultBy } from '../probe.ts';
import { steps } from './explain.ts';
import { setCondition, updateProvider } from './remedy.ts';
import type { GcpTarget } from './target.ts';

/** What tokens for AWS say. */
export const wrongAudience = 'sts.amazonaws.com';

const proven = probeResultBy({
  subject: ['cloud_subject_mismatch'],
  audience: ['cloud_audience_mismatch'],
});

/** Who came as far as the service account was let in by the provider: one binding too wide and it is a way through. */
export const interpretProbe = (kind: ProbeType, error: SojournError | undefined): ProbeResult =>
  error && cloudResponseOf(error).step === steps.impersonation && error.status < 503
    ? 'admitted'
    : proven(kind, error);

export const fix = (target: GcpTarget, facts: SetupFacts, kind: ProbeType): Remedy => ({
  condition: `${kind}_too_broad`,
  ...(kind === 'audience'
    ? {
        detail: 'The provider allows another audience as well.',
        fix: updateProvider(target, `--allowed-audiences=${facts.audience}`),
      }
    : {
        detail: 'The attribute condition of the provider is missing or admits other subjects.',
        fix: setCondition(target, facts),
      }),
});
