/** Principals of a trust policy (user guide, "AWS JSON policy elements: Principal"). */
import { describeValue, type Finding, isJsonObject, type JsonObject } from '../../lint.ts';

export interface Principal {
  /**
   * `deleted`: the unique id that IAM shows for a deleted user or role. It has no access, and IAM accepts no policy with it
   * (repost.aws/knowledge-center/iam-resource-policy-format). `invalid`: IAM answers "Invalid principal in policy".
   */
  readonly kind: 'everyone' | 'federated' | 'aws' | 'service' | 'deleted' | 'invalid';
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
  /** An account or one of its identities. */
  aws: /^(?:\d{12}|arn:aws[a-z-]*:iam::\d{12}:(?:root|(?:user|role)\/[^*?]+)|arn:aws[a-z-]*:sts::\d{12}:(?:assumed-role\/[^*?]+\/[^*?]+|federated-user\/[^*?]+))$/,
  service: /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com|amazonaws\.com\.cn|amazon\.com)$/,
} as const;

const deletedId = /^A[A-Z]{3}[A-Z0-9]{12,124}$/;

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
      if (kind === 'aws' && deletedId.test(text)) return { kind: 'deleted', value: text };
      if (kind === 'aws' && text === '*') return { kind: 'everyone', value: text };
      const isValid =
        typeof value === 'string' &&
        kind !== undefined &&
        (forms[kind].test(text) || (kind === 'federated' && builtInProviders.includes(text)));
      return { kind: isValid ? kind : 'invalid', value: kind ? text : `${type}: ${text}` };
    });
  });
}

export const deletedPrincipals = (principals: readonly Principal[], path: string): readonly Finding[] =>
  principals
    .filter(({ kind }) => kind === 'deleted')
    .map(({ value }) => ({
      ...{ rule: 'deleted_principal', severity: 'redundant', path: `${path}.Principal` },
      detail: `${describeValue(value)} is a deleted user or role. It has no access, and IAM accepts no policy that names it.`,
      advice: 'Remove it.',
    }));

/** The same statement without deleted users and roles; none if it names nobody else. */
export function withoutDeleted(fields: JsonObject): readonly JsonObject[] {
  if (!isJsonObject(fields.Principal)) return [fields];
  const { AWS: named, ...others } = fields.Principal;
  const list: readonly unknown[] = [named ?? []].flat();
  const kept = list.filter((value) => !deletedId.test(String(value)));
  if (kept.length === list.length) return [fields];
  const principal = { ...others, ...(kept.length > 0 ? { AWS: kept } : {}) };
  return Object.keys(principal).length === 0 ? [] : [{ ...fields, Principal: principal }];
}
