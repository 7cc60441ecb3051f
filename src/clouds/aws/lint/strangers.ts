/**
 * Which tokens of our issuer other than our own a trust policy admits. Tries one caller of every class that the document can
 * tell from the others, so that the answer holds for all callers.
 */
import { anyText, areAlike, classesOf, type Language, type Pattern } from '../../patterns.ts';
import { providerName } from '../trust.ts';
import { choicesFor } from './choices.ts';
import { admits } from './decide.ts';
import { patternFor, patternsOn, type RequestContext } from './operators.ts';
import { assumeRole, type Caller, type LintInput } from './request.ts';

/** Subjects of the issuer: ids of connections, and of probes, which no cloud may admit. */
const subjects: Language = {
  starts: ['con_', 'probe_con_'],
  characters: '0123456789abcdefghijklmnopqrstuvwxyz_',
};

export interface Stranger {
  readonly subject: string;
  readonly audience: string;
  /** The document names exactly this subject. */
  readonly isNamed: boolean;
  readonly caller: Caller;
}

export interface Strangers {
  readonly admitted: readonly Stranger[];
  /** The document distinguishes too many callers to try one of each class. */
  readonly isIncomplete: boolean;
}

export function findStrangers(input: LintInput, own: Caller): Strangers {
  const { facts, document } = input;
  const name = providerName(facts.issuer);
  const conditions = document.statements.flatMap((statement) => statement.conditions);
  const ownSubject = patternFor('StringEquals', facts.subject, undefined) as Pattern;
  const patterns = [...patternsOn(conditions, `${name}:sub`, own.context), ownSubject];
  const subjectClasses = classesOf(patterns, subjects);
  const audiences = classesOf(
    [`${name}:aud`, `${name}:oaud`].flatMap((key) => patternsOn(conditions, key, own.context)),
    anyText,
  );
  const choices = choicesFor(input, conditions, own);
  if (!subjectClasses || !audiences || !choices) return { admitted: [], isIncomplete: true };
  const audienceExamples = new Set([facts.audience, ...audiences.map(({ example }) => example)]);
  const admitted: Stranger[] = [];
  for (const { example, isNamed } of subjectClasses) {
    const subject = isNamed ? example : realistic(example, patterns, facts.subject);
    for (const audience of audienceExamples) {
      if (subject === facts.subject && audience === facts.audience) continue;
      for (const context of choices.contexts({ name, subject, audience })) {
        const caller = { provider: own.provider, actions: actionsFor(context), context };
        if (!admits(document, caller)) continue;
        admitted.push({ subject, audience, isNamed, caller });
        break;
      }
    }
  }
  return { admitted, isIncomplete: choices.isIncomplete };
}

/** A subject in the form of an id, if one is in the same class. */
function realistic(example: string, patterns: readonly Pattern[], own: string): string {
  const candidates = [
    `con_${'0'.repeat(own.length - 4)}`,
    `${own.slice(0, -1)}${own.endsWith('0') ? '1' : '0'}`,
  ];
  return candidates.find((candidate) => areAlike(patterns, candidate, example)) ?? example;
}

const actionsFor = (context: RequestContext): string[] => [
  assumeRole,
  ...([...context.keys()].some((key) => key.startsWith('aws:requesttag/')) ? ['sts:TagSession'] : []),
  ...(context.has('sts:sourceidentity') ? ['sts:SetSourceIdentity'] : []),
];
