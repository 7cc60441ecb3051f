/**
 * Which tokens of our issuer other than our own a trust policy admits. Tries one caller of every class that the document
 * distinguishes, so that the answer holds for all callers.
 */
import { anyText, classesOf, type Pattern } from '../../patterns.ts';
import { likeAnId, subjectsOf } from '../../subjects.ts';
import { providerName } from '../trust.ts';
import { choicesFor } from './choices.ts';
import { admits } from './decide.ts';
import { patternFor, patternsOn, type RequestContext } from './operators.ts';
import { assumeRole, type Caller, type LintInput } from './request.ts';

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
  const subjectClasses = classesOf(patterns, subjectsOf(admits(document, own)));
  const audiences = classesOf(
    [`${name}:aud`, `${name}:oaud`].flatMap((key) => patternsOn(conditions, key, own.context)),
    anyText,
  );
  const choices = choicesFor(input, conditions, own);
  if (!subjectClasses || !audiences || !choices) return { admitted: [], isIncomplete: true };
  const audienceExamples = new Set([facts.audience, ...audiences.map(({ example }) => example)]);
  const admitted: Stranger[] = [];
  for (const { example, isNamed } of subjectClasses) {
    const subject = isNamed ? example : likeAnId(example, patterns, facts.subject);
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

const actionsFor = (context: RequestContext): string[] => [
  assumeRole,
  ...([...context.keys()].some((key) => key.startsWith('aws:requesttag/')) ? ['sts:TagSession'] : []),
  ...(context.has('sts:sourceidentity') ? ['sts:SetSourceIdentity'] : []),
];
