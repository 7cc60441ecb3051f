/** Principals that IAM accepts: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
import { isObject } from '../../jws.ts';
import { malformedPolicy } from '../fault.ts';
import { strings, syntax } from './document.ts';

const builtInProviders = [
  'accounts.google.com',
  'cognito-identity.amazonaws.com',
  'graph.facebook.com',
  'www.amazon.com',
];

const account = /^(?:\d{12}|arn:[a-z-]+:iam::\d{12}:root)$/;
/** Wildcards are not expanded in the ARN of an identity. */
const identity = /^arn:[a-z-]+:iam::\d{12}:(?:user|role)\/[\w+=,.@/-]+$/;
const session =
  /^arn:[a-z-]+:sts::\d{12}:(?:assumed-role\/[\w+=,.@-]+\/[\w+=,.@-]+|federated-user\/[\w+=,.@-]+)$/;

const isValid: Readonly<Record<string, (value: string) => boolean>> = {
  AWS: (value) => value === '*' || account.test(value) || identity.test(value) || session.test(value),
  Federated: (value) =>
    /^arn:[a-z-]+:iam::\d{12}:(?:oidc|saml)-provider\/.+$/.test(value) || builtInProviders.includes(value),
  Service: (value) =>
    /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com|amazonaws\.com\.cn|amazon\.com)$/.test(value),
};

/** Of the ARN of a role, or of a session of one. */
export type RoleExists = (arn: string) => boolean;

/** Throws MalformedPolicyDocument. IAM also looks users up; the sandbox has none, and accepts them all. */
export function checkPrincipal(principal: unknown, roleExists: RoleExists): void {
  if (principal === '*') return;
  if (typeof principal === 'string') throw invalidPrincipal(`"${principal}"`);
  if (!isObject(principal)) throw syntax();
  if (Object.keys(principal).length === 0) throw invalidPrincipal();
  for (const [type, values] of Object.entries(principal)) {
    const check = Object.hasOwn(isValid, type) ? isValid[type] : undefined;
    const list = strings(values);
    if (list.length === 0) throw syntax();
    const exists = (value: string) => !/:(?:role|assumed-role)\//.test(value) || roleExists(value);
    const invalid = list.find((value) => !check?.(value) || (type === 'AWS' && !exists(value)));
    if (invalid !== undefined) throw invalidPrincipal(`"${type.toUpperCase()}":"${invalid}"`);
  }
}

const invalidPrincipal = (principal?: string): Error =>
  malformedPolicy(`Invalid principal in policy${principal ? `: ${principal}` : ''}`);
