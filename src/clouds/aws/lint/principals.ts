/** Principals of a trust policy (user guide, "AWS JSON policy elements: Principal"). */
import { isJsonObject } from '../../lint.ts';

export interface Principal {
  /** `invalid`: IAM answers "Invalid principal in policy". */
  readonly kind: 'everyone' | 'federated' | 'aws' | 'service' | 'invalid';
  readonly value: string;
}

/** Identity providers of AWS that have no ARN. */
const builtInProviders = [
  'accounts.google.com',
  'cognito-identity.amazonaws.com',
  'graph.facebook.com',
  'www.amazon.com',
];

const forms = {
  federated: /^arn:aws[a-z-]*:iam::\d{12}:(?:oidc|saml)-provider\/.+$/,
  /** An account, one of its identities, or the unique id that IAM shows for a deleted identity. */
  aws: /^(?:\d{12}|arn:aws[a-z-]*:iam::\d{12}:(?:root|(?:user|role)\/[^*?]+)|arn:aws[a-z-]*:sts::\d{12}:(?:assumed-role\/[^*?]+\/[^*?]+|federated-user\/[^*?]+|self)|A[A-Z]{3}[A-Z0-9]{12,124})$/,
  service: /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com|amazonaws\.com\.cn|amazon\.com|aws\.internal)$/,
} as const;

const kindOf = new Map<string, keyof typeof forms>([
  ['Federated', 'federated'],
  ['AWS', 'aws'],
  ['Service', 'service'],
]);

/** An empty list if nothing is named. */
export function parsePrincipal(principal: unknown): readonly Principal[] {
  if (principal === '*') return [{ kind: 'everyone', value: '*' }];
  if (!isJsonObject(principal))
    return principal === undefined ? [] : [{ kind: 'invalid', value: String(principal) }];
  return Object.entries(principal).flatMap(([type, named]) => {
    const kind = kindOf.get(type);
    const values: readonly unknown[] = [named].flat();
    if (values.length === 0) return [{ kind: 'invalid' as const, value: type }];
    return values.map((value): Principal => {
      const text = String(value);
      if (kind === 'aws' && text === '*') return { kind: 'everyone', value: text };
      const isValid =
        typeof value === 'string' &&
        kind !== undefined &&
        (forms[kind].test(text) || (kind === 'federated' && builtInProviders.includes(text)));
      return { kind: isValid ? kind : 'invalid', value: kind ? text : `${type}: ${text}` };
    });
  });
}
