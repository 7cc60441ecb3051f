/** Whether an attribute condition admits one subject and no other. CEL is not evaluated: what is not known to be narrow is not. */
import { type ASTNode, parse } from '@marcbachmann/cel-js';
import { difference } from '../difference.ts';
import { celString } from '../encode/index.ts';
import { describeValue, type Finding } from '../lint.ts';

export function conditionFinding(condition: unknown, subject: string): Finding | undefined {
  const where = 'attributeCondition';
  const wanted = `assertion.sub==${celString(subject)}`;
  const advice = `Write ${wanted}.`;
  if (typeof condition !== 'string' || condition.trim() === '')
    return {
      ...{ rule: 'condition_missing', severity: 'stranger', where, advice },
      detail: 'There is no attribute condition: every subject of this issuer is taken into the pool.',
    };
  const lists = conjuncts(condition)
    .map(subjectsIn)
    .filter((list) => list !== undefined);
  const [narrowest] = lists.toSorted((a, b) => a.length - b.length);
  if (!narrowest)
    return {
      ...{ rule: 'condition_weak', severity: 'stranger', where, advice },
      detail: `${describeValue(condition)} is not known to hold the subject to one value.`,
    };
  const closed = lists.find((list) => !list.includes(subject));
  if (closed)
    return {
      ...{ rule: 'subject', severity: 'closed', where, advice },
      detail:
        closed.length === 1
          ? `${describeValue(closed[0])} is not ${subject}: ${difference(subject, closed[0] ?? '')?.words}.`
          : `The list does not hold ${subject}.`,
    };
  if (narrowest.length === 1) return undefined;
  return {
    ...{ rule: 'other_subjects', severity: 'weak', where, advice },
    detail: `${narrowest.length} subjects are admitted.`,
  };
}

/** What is joined by "and" at the outside: each of them can only take away. Nothing of what cannot be read. */
function conjuncts(condition: string): ASTNode[] {
  // Google ends a raw string before the quote behind a backslash (cel-spec, langdef.md), and the parser behind it.
  if (condition.includes('\\')) return [];
  const parts: ASTNode[] = [];
  try {
    const left = [parse(condition).ast];
    for (let node = left.pop(); node; node = left.pop()) {
      if (node.op === '&&') left.push(...node.args);
      else parts.push(node);
    }
  } catch {
    return [];
  }
  return parts;
}

/** The subjects that a test of the subject admits, or undefined of anything else. */
function subjectsIn(node: ASTNode): readonly string[] | undefined {
  if (node.op !== '==' && node.op !== 'in') return undefined;
  const [left, right] = node.args;
  if (node.op === 'in') return isSubject(left) && right.op === 'list' ? textsOf(right.args) : undefined;
  if (isSubject(left)) return textsOf([right]);
  return isSubject(right) ? textsOf([left]) : undefined;
}

const isSubject = (node: ASTNode): boolean =>
  (node.op === '.' && isName(node.args[0], 'assertion') && node.args[1] === 'sub') ||
  (node.op === '.' && isName(node.args[0], 'google') && node.args[1] === 'subject') ||
  (node.op === '[]' && isName(node.args[0], 'assertion') && textsOf([node.args[1]])?.[0] === 'sub');

const isName = (node: ASTNode, name: string): boolean => node.op === 'id' && node.args === name;

/** Undefined where one is no literal text: it may be anything. */
function textsOf(nodes: readonly ASTNode[]): readonly string[] | undefined {
  const texts = nodes.flatMap((node) =>
    node.op === 'value' && typeof node.args === 'string' ? [node.args] : [],
  );
  return texts.length === nodes.length ? texts : undefined;
}
