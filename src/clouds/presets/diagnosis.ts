/** The diagnosis of a preset: its error table, its probes, and how to fix a refusal. */
import type { SojournError } from '../../platform/errors/index.ts';
import type { Diagnosis, Remedy, SetupFacts } from '../contract/index.ts';
import { probeInterpreter } from '../probe.ts';
import { explain, explanationsOf } from './exchange.ts';
import { lint } from './lint.ts';
import type { Preset } from './preset.ts';
import type { PresetTarget } from './target.ts';

/** A foreign audience that no preset uses. */
const wrongAudience = 'urn:sojourn:probe';

const interpretProbe = probeInterpreter({
  subject: ['cloud_subject_mismatch', 'cloud_trust_refused', 'cloud_permission_denied'],
  audience: ['cloud_audience_mismatch', 'cloud_trust_refused'],
});

/** A service may refuse a used token for the same reason as one that it does not trust. */
const interpretSecondUse = (error: SojournError | undefined) => {
  if (error === undefined) return 'admitted';
  return refusesToken.has(error.code) ? 'refused' : 'inconclusive';
};
const refusesToken: ReadonlySet<string> = new Set(['cloud_trust_refused', 'cloud_token_rejected']);

export function diagnosisOf(preset: Preset): Diagnosis {
  const [firstFile] = preset.setup.files;
  const setupCommand = ({ connection }: SetupFacts): Pick<Remedy, 'fix'> =>
    firstFile ? { fix: `sojourn connection setup ${connection.id} ${firstFile.name}` } : {};
  return {
    issuerRules: {},
    explain: (response) => explain(preset, response),
    explanations: explanationsOf(preset),
    wrongAudience,
    ...(preset.token.checks_subject
      ? {}
      : {
          skippedProbes: {
            subject: `${preset.title} does not check the subject. Only the audience separates tenants, so Sojourn refuses it in connections of other tenants.`,
          },
        }),
    interpretProbe,
    ...(preset.token.single_use ? { interpretSecondUse } : {}),
    propagation: { seconds: 0, mayExplain: () => false },
    remedy: (_target, facts, error: SojournError) => ({
      condition: error.code.replace(/^cloud_/, ''),
      ...(error.status === 502 ? setupCommand(facts) : {}),
    }),
    fix: (_target, facts, type) => ({
      condition: `${type}_too_broad`,
      detail: `${preset.title} accepts a token with another ${type}. Apply the set-up of the connection again.`,
      ...setupCommand(facts),
    }),
    readsYaml: true,
    documentType: preset.lint?.type ?? preset.id,
    lint: (target, facts, document) => lint(preset, target as PresetTarget, facts, document),
  };
}
