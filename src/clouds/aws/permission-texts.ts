/** Describes in words what a permission set grants in AWS, for the administrator who has to approve it. */
import type { AwsPermissionSet } from './options.ts';

/** @returns a sentence for the managed policies and one for each statement of the set's own policy */
export function permissionTexts(
  name: string,
  { managed_policy_arns = [], policy }: AwsPermissionSet,
): string[] {
  const managed = managed_policy_arns.map((arn) => arn.slice(arn.indexOf(':policy/') + 8));
  return [
    ...(managed.length > 0
      ? [
          `${name}: the permissions of the AWS managed ${managed.length > 1 ? 'policies' : 'policy'} ${managed.join(', ')}.`,
        ]
      : []),
    ...(policy
      ? [policy.Statement].flat().map((statement) => `${name}: ${describeStatement(statement as Statement)}.`)
      : []),
  ];
}

type Statement = Readonly<Record<string, unknown>>;

function describeStatement(statement: Statement): string {
  const { Effect, Action, NotAction, Resource, NotResource, Condition } = statement;
  const actions = Action === undefined ? `everything except ${list(NotAction)}` : list(Action);
  const resources = Resource === undefined ? `everything except ${list(NotResource)}` : list(Resource);
  return `${Effect === 'Deny' ? 'never ' : ''}${actions} on ${resources}${Condition === undefined ? '' : ', under the conditions in the file'}`;
}

const list = (value: unknown): string => {
  const all = [value].flat().map(String);
  return all.includes('*') ? 'everything' : all.join(', ');
};
