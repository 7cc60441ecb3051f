/** Values of a request that differ between callers: the session name, tags, addresses and the time. */
import { anyText, classesOf } from '../../patterns.ts';
import { providerName } from '../trust.ts';
import { type Condition, patternsOn, type RequestContext, toTime } from './operators.ts';
import { type Caller, issuerKeys, type LintInput, timeKeys, unknownKeys } from './request.ts';

/** More combinations than this are not tried for one subject. */
const maxContexts = 500;

interface Choices {
  contexts(token: {
    readonly name: string;
    readonly subject: string;
    readonly audience: string;
  }): Iterable<RequestContext>;
  readonly isIncomplete: boolean;
}

/** Undefined if the conditions distinguish too many values. */
export function choicesFor(
  { facts, now }: LintInput,
  conditions: readonly Condition[],
  own: Caller,
): Choices | undefined {
  const choices = new Map<string, readonly (string | undefined)[]>();
  for (const key of conditions.flatMap(keysIn)) {
    if (!variesBetweenCallers(key) || choices.has(key)) continue;
    const examples = examplesOf(key, conditions, own.context);
    if (!examples) return undefined;
    choices.set(key, alwaysCarried.includes(key) ? examples : [...examples, undefined]);
  }
  const times = conditions
    .filter(({ key }) => timeKeys.has(key.toLowerCase()))
    .flatMap(({ values }) => values.map(toTime).filter((time) => time !== undefined));
  const moments = [now, ...times.filter((time) => time > now).flatMap((time) => [time, time + 1000])];
  const size = [...choices.values()].reduce((product, list) => product * (list.length + 1), moments.length);
  return {
    isIncomplete:
      size > maxContexts || conditions.some((condition) => dependsOnCaller(condition, facts.issuer)),
    *contexts({ name, subject, audience }) {
      const fixed = new Map([...own.context].filter(([key]) => !variesBetweenCallers(key)));
      fixed.set(`${name}:sub`.toLowerCase(), [subject]);
      fixed.set(`${name}:aud`.toLowerCase(), [audience]);
      fixed.set(`${name}:oaud`.toLowerCase(), [audience]);
      fixed.set('sts:rolesessionname', ['session']);
      let count = 0;
      for (const moment of moments)
        for (const values of combinations(
          [...choices].map(
            ([key, list]) => [key, key === 'aws:sourceip' ? list : [...list, subject]] as const,
          ),
        )) {
          if (++count > maxContexts) return;
          const context = new Map(fixed);
          context.set('aws:currenttime', [new Date(moment).toISOString()]);
          context.set('aws:epochtime', [String(Math.floor(moment / 1000))]);
          for (const [key, value] of values) if (value !== undefined) context.set(key, [value]);
          const tags = [...context.keys()].filter((key) => key.startsWith('aws:requesttag/'));
          if (tags.length > 0)
            context.set(
              'aws:tagkeys',
              tags.map((key) => key.slice('aws:requesttag/'.length)),
            );
          yield context;
        }
    },
  };
}

const variesBetweenCallers = (key: string): boolean =>
  /^aws:(requesttag\/|source|vpcsource|requestedregion$)/.test(key) ||
  ['sts:rolesessionname', 'sts:sourceidentity', 'sts:roleauthorizedbyidp'].includes(key) ||
  unknownKeys.has(key);

/** One value of each class, and the one of our request. */
function examplesOf(
  key: string,
  conditions: readonly Condition[],
  context: RequestContext,
): string[] | undefined {
  const own = key === 'sts:rolesessionname' ? ['session'] : (context.get(key) ?? []);
  if (key === 'aws:sourceip' || key === 'aws:vpcsourceip')
    return conditions
      .filter((condition) => condition.key.toLowerCase() === key)
      .flatMap(({ values }) => values.map((value) => value.split('/')[0] as string))
      .concat(own);
  const classes = classesOf(patternsOn(conditions, key, context), anyText);
  return classes && [...classes.map(({ example }) => example), ...own];
}

/** The key of a condition and those of the variables in its values, in lower case. */
const keysIn = ({ key, values, hasVariables }: Condition): string[] => [
  key.toLowerCase(),
  ...(hasVariables ? values.flatMap(variablesIn) : []),
];

const variablesIn = (value: string): string[] =>
  [...value.matchAll(/\$\{([^},]*)/g)].map(([, variable = '']) => variable.trim().toLowerCase());

const alwaysCarried = ['sts:rolesessionname', 'aws:sourceip'];

/** Whether a value contains a variable that another caller can choose. */
const dependsOnCaller = ({ values, hasVariables, key }: Condition, issuer: string): boolean =>
  hasVariables &&
  issuerKeys.some((claim) => key.toLowerCase() === `${providerName(issuer)}:${claim}`.toLowerCase()) &&
  values.flatMap(variablesIn).some(variesBetweenCallers);

function* combinations(
  choices: readonly (readonly [string, readonly (string | undefined)[]])[],
): Iterable<readonly (readonly [string, string | undefined])[]> {
  const [first, ...rest] = choices;
  if (!first) return yield [];
  for (const value of first[1]) for (const others of combinations(rest)) yield [[first[0], value], ...others];
}
