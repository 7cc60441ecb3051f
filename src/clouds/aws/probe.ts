/** Probes that STS must refuse, and the trust policy that makes it refuse them. */
import type { SojournError } from '../../platform/errors/index.ts';
import type { ProbeResult, ProbeType, Remedy, SetupFacts } from '../contract/index.ts';
import { cloudResponseOf } from '../explanation.ts';
import { probeInterpreter } from '../probe.ts';
import { chainStep } from './explain.ts';
import { replaceStatements } from './merge-trust.ts';
import { trustCommand } from './remedy.ts';
import type { AwsTarget } from './target.ts';

/** STS has one message for everything that a trust policy does not admit (see explain.ts). */
const byErrorCode = probeInterpreter({
  subject: ['cloud_trust_refused', 'cloud_policy_forbids'],
  audience: ['cloud_audience_mismatch', 'cloud_trust_refused', 'cloud_policy_forbids'],
});

/** An error of the second role means that the first one admitted the probe. */
export const interpretProbe = (type: ProbeType, error: SojournError | undefined): ProbeResult =>
  error && cloudResponseOf(error).step === chainStep && error.status < 503
    ? 'admitted'
    : byErrorCode(type, error);

export const fix = (target: AwsTarget, facts: SetupFacts, type: ProbeType): Remedy => ({
  condition: `${type}_too_broad`,
  ...(type === 'audience'
    ? { detail: 'The provider lists another audience, and the trust policy does not test :aud.' }
    : {
        detail:
          'The trust policy admits other subjects than this connection: it has a wildcard, or does not test :sub.',
      }),
  ...trustCommand(target, facts, replaceStatements),
});
