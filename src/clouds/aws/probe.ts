/** Probes that STS must refuse, and the trust policy that makes it refuse them. */
import type { ProbeType, Remedy, SetupFacts } from '../contract/index.ts';
import { probeInterpreter } from '../probe.ts';
import { replaceStatements } from './merge-trust.ts';
import { trustCommand } from './remedy.ts';
import type { AwsTarget } from './target.ts';

/** The audience of tokens for Azure. A provider that lists it admits such tokens to every role that does not test :aud. */
export const wrongAudience = 'api://AzureADTokenExchange';

/** STS has one message for everything that a trust policy does not admit (see explain.ts). */
export const interpretProbe = probeInterpreter({
  subject: ['cloud_trust_refused', 'cloud_policy_forbids'],
  audience: ['cloud_audience_mismatch', 'cloud_trust_refused', 'cloud_policy_forbids'],
});

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
