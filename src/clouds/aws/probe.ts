/** Tokens that STS must refuse, and the policy that makes it do so. */
import type { ProbeType, Remedy, SetupFacts } from '../contract.ts';
import { probeResultBy } from '../probe.ts';
import { addAlone } from './kept-trust.ts';
import { trustCommand } from './remedy.ts';
import type { AwsTarget } from './target.ts';

/** What tokens for Azure say; a provider that lists it for another role opens every role that does not look. */
export const wrongAudience = 'api://AzureADTokenExchange';

/** STS says one sentence for all that a trust policy does not admit (clouds' own texts in explain.ts). */
export const interpretProbe = probeResultBy({
  subject: ['cloud_trust_refused', 'cloud_policy_forbids'],
  audience: ['cloud_audience_mismatch', 'cloud_trust_refused', 'cloud_policy_forbids'],
});

export const fix = (target: AwsTarget, facts: SetupFacts, kind: ProbeType): Remedy => ({
  condition: `${kind}_too_broad`,
  ...(kind === 'audience'
    ? { detail: 'The provider lists another audience, and the trust policy does not test :aud.' }
    : {
        detail:
          'The trust policy admits subjects that are not this connection: a wildcard, or no test of :sub.',
      }),
  ...trustCommand(target, facts, addAlone),
});
