/** Tokens that Google must refuse, and the settings of the provider that make it do so. */
import type { SojournError } from '../../platform/errors/index.ts';
import type { ProbeKind, Proof, Remedy, SetupFacts } from '../contract.ts';
import { answerBehind } from '../explanation.ts';
import { provedBy } from '../probe.ts';
import { steps } from './explain.ts';
import { setCondition, updateProvider } from './remedy.ts';
import type { GcpTarget } from './target.ts';

/** What tokens for AWS say. */
export const foreignAudience = 'sts.amazonaws.com';

const proven = provedBy({
  subject: ['cloud_subject_mismatch'],
  audience: ['cloud_audience_mismatch'],
});

/** Who came as far as the service account was let in by the provider: one binding too wide and it is a way through. */
export const proves = (kind: ProbeKind, error: SojournError | undefined): Proof =>
  error && answerBehind(error).step === steps.impersonation && error.status < 503
    ? 'admitted'
    : proven(kind, error);

export const narrow = (target: GcpTarget, facts: SetupFacts, kind: ProbeKind): Remedy => ({
  condition: `${kind}_open`,
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
