/** What a permission set grants in AWS, in words: who reads them has to agree to it. */
import type { AwsPermissionSet } from './options.ts';

/** @returns a sentence for the managed policies and one for each statement of the set's own policy */
export function grantsOf(name: string, { managed_policy_arns = [], policy }: AwsPermissionSet): string[] {
  const managed = managed_policy_arns.map((arn) => arn.slice(arn.indexOf(':policy/') + 8));
  return [
    ...(managed.length > 0
      ? [
          `${name}: what AWS’s own ${managed.length > 1 ? 'policies permit' : 'policy permits'}: ${managed.join(', ')}.`,
        ]
      : []),
    ...(policy ? [policy.Statement].flat().map((one) => `${name}: ${words(one as Statement)}.`) : []),
  ];
}

type Statement = Readonly<Record<string, unknown>>;

function words(statement: Statement): string {
  const { Effect, Action, NotAction, Resource, NotResource, Condition } = statement;
  const what = Action === undefined ? `everything but ${list(NotAction)}` : list(Action);
  const where = Resource === undefined ? `everything but ${list(NotResource)}` : list(Resource);
  return `${Effect === 'Deny' ? 'never ' : ''}${what} on ${where}${Condition === undefined ? '' : ', under the conditions in the file'}`;
}

const list = (value: unknown): string => {
  const all = [value].flat().map(String);
  return all.includes('*') ? 'everything' : all.join(', ');
};
