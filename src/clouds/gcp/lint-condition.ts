/**
 * Checks that an attribute condition admits exactly one subject. CEL is not evaluated: a condition that is not recognized
 * as narrow counts as too broad.
 */
import { type ASTNode, parse } from '@marcbachmann/cel-js';
import { compare } from '../compare.ts';
import { celString } from '../encode/index.ts';
import { describeValue, type Finding } from '../lint.ts';

export function conditionFinding(condition: unknown, subject: string): Finding | undefined {
  const path = 'attributeCondition';
  const expected = `assertion.sub==${celString(subject)}`;
  const advice = `Write ${expected}.`;
  if (typeof condition !== 'string' || condition.trim() === '')
    return {
      ...{ rule: 'condition_missing', severity: 'overly_permissive', path, advice },
      detail: 'There is no attribute condition: the pool accepts every subject of this issuer.',
    };
  const lists = conjuncts(condition)
    .map(subjectsIn)
    .filter((list) => list !== undefined);
  const [narrowest] = lists.toSorted((a, b) => a.length - b.length);
  if (!narrowest)
    return {
      ...{ rule: 'condition_weak', severity: 'overly_permissive', path, advice },
      detail: `${describeValue(condition)} does not provably restrict the subject to one value.`,
    };
  const blocking = lists.find((list) => !list.includes(subject));
  if (blocking)
    return {
      ...{ rule: 'subject', severity: 'blocks_access', path, advice },
      detail:
        blocking.length === 1
          ? `${describeValue(blocking[0])} is not ${subject}: ${compare(subject, blocking[0] ?? '')?.text}.`
          : `The list does not contain ${subject}.`,
    };
  if (narrowest.length === 1) return undefined;
  return {
    ...{ rule: 'other_subjects', severity: 'weak', path, advice },
    detail: `${narrowest.length} subjects are admitted.`,
  };
}

/** The operands of the outermost `&&`, each of which can only narrow the condition; none if the text cannot be parsed. */
function conjuncts(condition: string): ASTNode[] {
  // Google ends a raw string at a quote after a backslash (cel-spec, langdef.md); this parser reads past it.
  if (condition.includes('\\')) return [];
  const parts: ASTNode[] = [];
  try {
    const pending = [parse(condition).ast];
    for (let node = pending.pop(); node; node = pending.pop()) {
      if (node.op === '&&') pending.push(...node.args);
      else parts.push(node);
    }
  } catch {
    return [];
  }
  return parts;
}

/** The subjects that a test of the subject admits; undefined for any other expression. */
function subjectsIn(node: ASTNode): readonly string[] | undefined {
  if (node.op !== '==' && node.op !== 'in') return undefined;
  const [left, right] = node.args;
  if (node.op === 'in') return isSubject(left) && right.op === 'list' ? literalsOf(right.args) : undefined;
  if (isSubject(left)) return literalsOf([right]);
  return isSubject(right) ? literalsOf([left]) : undefined;
}

const isSubject = (node: ASTNode): boolean =>
  (node.op === '.' && isIdentifier(node.args[0], 'assertion') && node.args[1] === 'sub') ||
  (node.op === '.' && isIdentifier(node.args[0], 'google') && node.args[1] === 'subject') ||
  (node.op === '[]' && isIdentifier(node.args[0], 'assertion') && literalsOf([node.args[1]])?.[0] === 'sub');

const isIdentifier = (node: ASTNode, name: string): boolean => node.op === 'id' && node.args === name;

/** Undefined if a node is not a string literal: its value is unknown. */
function literalsOf(nodes: readonly ASTNode[]): readonly string[] | undefined {
  const literals = nodes.flatMap((node) =>
    node.op === 'value' && typeof node.args === 'string' ? [node.args] : [],
  );
  return literals.length === nodes.length ? literals : undefined;
}
