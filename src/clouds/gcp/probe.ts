/** Probes that Google must refuse, and the provider settings that make it refuse them. */
import type { SojournError } from '../../platform/errors/index.ts';
import type { ProbeResult, ProbeType, Remedy, SetupFacts } from '../contract/index.ts';
import { cloudResponseOf } from '../explanation.ts';
import { probeInterpreter } from '../probe.ts';
import { narrowCondition } from './condition-commands.ts';
import { steps } from './explain.ts';
import { updateProvider } from './remedy.ts';
import type { GcpTarget } from './target.ts';

const byErrorCode = probeInterpreter({
  subject: ['cloud_subject_mismatch'],
  audience: ['cloud_audience_mismatch'],
});

/** An error of the impersonation means that the provider admitted the probe: only the binding still stops it. */
export const interpretProbe = (type: ProbeType, error: SojournError | undefined): ProbeResult =>
  error && cloudResponseOf(error).step === steps.impersonation && error.status < 503
    ? 'admitted'
    : byErrorCode(type, error);

export const fix = (target: GcpTarget, facts: SetupFacts, type: ProbeType): Remedy => ({
  condition: `${type}_too_broad`,
  ...(type === 'audience'
    ? {
        detail: 'The provider also allows another audience.',
        fix: updateProvider(target, `--allowed-audiences=${facts.audience}`),
      }
    : {
        detail:
          'The attribute condition of the provider is missing or admits other subjects. The command keeps what it asks for besides.',
        fix: narrowCondition(target, facts),
      }),
});
