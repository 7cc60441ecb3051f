/**
 * Paths into a document of a service: `jwt[issuer.url=https://id.example].issuer.audiences`. `[NAME=VALUE]` selects the first
 * member of a list that has the value, `[0]` the first member, `[*]` all members.
 */
import { isJsonObject } from '../lint.ts';

/** A value in a document. */
export interface Leaf {
  /** Names, and places in lists such as `[0]`. */
  readonly steps: readonly string[];
  readonly value: unknown;
}

/** The leaves of the document: scalars, empty lists and empty objects. */
export function leavesOf(document: unknown, steps: readonly string[] = []): readonly Leaf[] {
  const value = parsed(document);
  const members: readonly (readonly [string, unknown])[] = Array.isArray(value)
    ? value.map((member, index) => [`[${index}]`, member])
    : isJsonObject(value)
      ? Object.entries(value)
      : [];
  if (members.length === 0) return [{ steps, value }];
  return members.flatMap(([step, member]) => leavesOf(member, [...steps, step]));
}

/** The steps to what the path selects, with places instead of selectors; undefined if a selector has no match. */
export function placeOf(document: unknown, path: string): readonly string[] | undefined {
  const place: string[] = [];
  let value = document;
  for (const step of stepsOf(path)) {
    const selected = /^\[.*=/s.test(step) ? parsed(value) : undefined;
    const index = Array.isArray(selected) ? selected.indexOf(membersWith(selected, step)[0]) : -1;
    if (selected !== undefined && index < 0) return undefined;
    place.push(selected === undefined ? step : `[${index}]`);
    value = selected === undefined ? memberOf(value, step) : (selected as readonly unknown[])[index];
  }
  return place;
}

/** Whether the steps lead to the place or below it. */
export const isWithin = (place: readonly string[], steps: readonly string[]): boolean =>
  place.every((step, index) => step === steps[index] || (step === '[*]' && steps[index]?.startsWith('[')));

export const pathOf = (steps: readonly string[]): string => steps.join('.').replaceAll('.[', '[');

/** The names, selectors and stars of a path. A value in a selector may contain dots. */
const stepsOf = (path: string): readonly string[] => path.match(/\[.*?\](?=[.[]|$)|[^.[]+/g) ?? [];

/** Undefined if there is none. A text with a JSON object counts as the object: clients print a column so. */
export const locate = (document: unknown, path: string): unknown => walk(document, stepsOf(path));

function walk(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return parsed(value);
  if (step === '[*]') return Array.isArray(value) ? value.map((member) => walk(member, rest)) : undefined;
  return walk(childOf(value, step), rest);
}

/** Each value that the path leads to, with its place; undefined for a missing one, and none for the members of no list. */
export function nodesOf(document: unknown, path: string): readonly Leaf[] {
  return stepsOf(path).reduce<readonly Leaf[]>(
    (nodes, step) =>
      nodes.flatMap(({ steps, value }) => {
        if (step !== '[*]') return [{ steps: [...steps, step], value: childOf(value, step) }];
        const members: readonly unknown[] = Array.isArray(value) ? value : [];
        return members.map((member, index) => ({ steps: [...steps, `[${index}]`], value: member }));
      }),
    [{ steps: [], value: document }],
  );
}

function childOf(value: unknown, step: string): unknown {
  if (/^\[\d+\]$/.test(step)) return Array.isArray(value) ? value[Number(step.slice(1, -1))] : undefined;
  return step.startsWith('[') ? membersWith(value, step)[0] : memberOf(value, step);
}

/** The members of a list that a path ends with, instead of the first one; undefined if there is no list. */
export function selection(document: unknown, path: string): readonly unknown[] | undefined {
  const steps = stepsOf(path);
  const last = steps.findLastIndex((step) => step.startsWith('['));
  const list = last < 0 ? undefined : locate(document, steps.slice(0, last).join('.'));
  return Array.isArray(list) ? membersWith(list, steps[last]!) : undefined;
}

function membersWith(list: unknown, step: string): readonly unknown[] {
  const [, name = '', value] = /^\[([^=]*)=(.*)\]$/s.exec(step) ?? [];
  return Array.isArray(list) ? list.filter((member) => locate(member, name) === value) : [];
}

const memberOf = (value: unknown, name: string): unknown => {
  const object = parsed(value);
  return isJsonObject(object) && Object.hasOwn(object, name) ? object[name] : undefined;
};

function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || !value.trimStart().startsWith('{')) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
