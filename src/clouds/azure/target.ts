/** Which identity is entered, in which directory of which Azure, and for what its tokens are good. */
import { z } from 'zod';

/** The national clouds (learn.microsoft.com/entra/identity-platform/authentication-national-cloud). */
const environments = {
  public: {
    authority: 'https://login.microsoftonline.com',
    audience: 'api://AzureADTokenExchange',
    scope: 'https://management.azure.com/.default',
    portal: 'https://portal.azure.com',
  },
  usgov: {
    authority: 'https://login.microsoftonline.us',
    audience: 'api://AzureADTokenExchangeUSGov',
    scope: 'https://management.usgovcloudapi.net/.default',
    portal: 'https://portal.azure.us',
  },
  china: {
    authority: 'https://login.partner.microsoftonline.cn',
    audience: 'api://AzureADTokenExchangeChina',
    scope: 'https://management.chinacloudapi.cn/.default',
    portal: 'https://portal.azure.cn',
  },
} as const;

type Environment = keyof typeof environments;

const environmentField = z.enum(
  Object.keys(environments) as [Environment, ...Environment[]],
  'must be public, usgov or china',
);

/** Entra writes GUIDs in lower case. */
const guidField = (message: string) =>
  z
    .string(message)
    .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, message)
    .transform((guid) => guid.toLowerCase());

/** One resource: Entra gives a token for one at a time. */
export const scopeField = z
  .string('must be a string')
  .max(256, 'must be 256 characters at most')
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+\/\.default$/, 'must be one resource followed by /.default');

const redirectField = z
  .string('must be a string')
  .max(256, 'must be 256 characters at most')
  .regex(/^https:\/\/[\w.-]+(:\d+)?\/[\w.~/-]*$/, 'must be an https URL without a query');

const scoped = z.looseObject({ environment: environmentField.default('public'), scope: scopeField });

export const target = z
  .strictObject({
    /** Both may come later: the customer's set-up makes the identity. */
    tenant_id: guidField('must be the GUID of the directory, not one of its domain names').optional(),
    client_id: guidField('must be the GUID of the application or managed identity').optional(),
    environment: environmentField.default('public'),
    scope: scopeField.optional(),
    /**
     * `client_id` is a multi-tenant application of the vendor, and here its administrators' consent comes back to. Without
     * it the identity is the customer's own, which keeps customers apart and is to be preferred.
     */
    consent_redirect_uri: redirectField.optional(),
  })
  .refine(({ scope = '', environment }) => !isForeign(scope, environment), {
    path: ['scope'],
    message: 'is the resource manager of another environment; leave it out to get the right one',
    // Whatever else is wrong: all faults are told at once.
    when: ({ value }) => scoped.safeParse(value).success,
  })
  .transform((given) => ({ ...given, scope: given.scope ?? environments[given.environment].scope }));

export type AzureTarget = z.output<typeof target>;

/** Each environment names itself differently; the wrong one is AADSTS700212. */
export const audience = ({ environment }: AzureTarget): string => environments[environment].audience;

/** Where tokens are asked for: an origin without a trailing slash. */
export const authority = ({ environment }: AzureTarget): string => environments[environment].authority;

/** Where its administrators work: an origin without a trailing slash. */
export const portal = ({ environment }: AzureTarget): string => environments[environment].portal;

export function missingFields({ tenant_id, client_id }: AzureTarget): readonly string[] {
  return [...(tenant_id ? [] : ['tenant_id']), ...(client_id ? [] : ['client_id'])];
}

export const isForeign = (scope: string, environment: string): boolean =>
  Object.entries(environments).some(([name, facts]) => name !== environment && facts.scope === scope);

/** The origin of the resource manager of its environment. */
export const resourceManagerOf = ({ environment }: AzureTarget): string =>
  environments[environment].scope.replace(/\/\.default$/, '');

/** The same, where the tokens are for it; undefined where they are for something else. */
export const resourceManager = (target: AzureTarget): string | undefined =>
  target.scope === environments[target.environment].scope ? resourceManagerOf(target) : undefined;
