/** Whether an attribute condition admits one subject and no other. CEL is not evaluated: what is not known to be narrow is not. */

import { difference } from '../difference.ts';
import { celString } from '../encode/index.ts';
import { type Finding, shown } from '../lint.ts';

const claim = String.raw`(?:assertion\.sub|assertion\[(?:'sub'|"sub")\]|google\.subject)`;
const text = String.raw`(?:'([^'\\]*)'|"([^"\\]*)")`;
const equality = new RegExp(`^(?:${claim}\\s*==\\s*${text}|${text}\\s*==\\s*${claim})$`);
const membership = new RegExp(`^${claim}\\s+in\\s+\\[([^\\]]*)\\]$`);

export function conditionFinding(condition: unknown, subject: string): Finding | undefined {
  const where = 'attributeCondition';
  const wanted = `assertion.sub==${celString(subject)}`;
  const advice = `Write ${wanted}.`;
  if (typeof condition !== 'string' || condition.trim() === '')
    return {
      ...{ rule: 'condition_missing', severity: 'stranger', where, advice },
      detail: 'There is no attribute condition: every subject of this issuer is taken into the pool.',
    };
  // Anything that is joined by "and" can only take away.
  for (const part of conjuncts(condition)) {
    const [, ...texts] = equality.exec(part) ?? [];
    const found = texts.find((one) => one !== undefined);
    if (found === subject) return undefined;
    if (found !== undefined)
      return {
        ...{ rule: 'subject', severity: 'closed', where, advice },
        detail: `${shown(found)} is not ${subject}: ${difference(subject, found)?.words}.`,
      };
    const list = membership.exec(part)?.[1];
    const listed =
      list === undefined ? [] : [...list.matchAll(new RegExp(text, 'g'))].map(([, a, b]) => a ?? b);
    if (listed.length > 0)
      return listed.includes(subject)
        ? {
            ...{ rule: 'other_subjects', severity: 'weak', where, advice },
            detail: `${listed.length} subjects are admitted.`,
          }
        : {
            ...{ rule: 'subject', severity: 'closed', where, advice },
            detail: `The list does not hold ${subject}.`,
          };
  }
  return {
    ...{ rule: 'condition_weak', severity: 'stranger', where, advice },
    detail: `${shown(condition)} does not hold the subject to one value.`,
  };
}

/** The parts of `a && b`, at the outside; one part where `||` or a bracket makes that hard to see. */
function conjuncts(condition: string): string[] {
  const bare = condition.trim().replace(/^\(([^()]*)\)$/, '$1');
  return /\|\||[()?]/.test(bare.replace(new RegExp(text, 'g'), "''"))
    ? [bare]
    : bare.split('&&').map((part) => part.trim());
}
