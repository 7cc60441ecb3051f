/** The target of an Azure connection: the environment, directory, identity and scope of its tokens. */
import { z } from 'zod';
import { audienceField } from '../audience.ts';

/** The audience of tokens for AWS. */
export const wrongAudience = 'sts.amazonaws.com';

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
  usnat: {
    authority: 'https://login.microsoftonline.eaglex.ic.gov',
    audience: 'api://AzureADTokenExchangeUSNat',
    scope: 'https://management.azure.eaglex.ic.gov/.default',
    portal: 'https://portal.azure.eaglex.ic.gov',
  },
  ussec: {
    authority: 'https://login.microsoftonline.microsoft.scloud',
    audience: 'api://AzureADTokenExchangeUSSec',
    scope: 'https://management.azure.microsoft.scloud/.default',
    portal: 'https://portal.azure.microsoft.scloud',
  },
} as const;

/**
 * Hosts that only one environment has, with their subdomains. Other resources, such as storage.azure.com, are the same in all
 * (learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure).
 */
const ownHosts: Readonly<Record<Environment, readonly string[]>> = {
  public: [
    'management.azure.com',
    'management.core.windows.net',
    'graph.microsoft.com',
    'vault.azure.net',
    'database.windows.net',
  ],
  usgov: ['usgovcloudapi.net', 'azure.us', 'microsoft.us'],
  china: ['chinacloudapi.cn', 'azure.cn'],
  usnat: ['eaglex.ic.gov'],
  ussec: ['microsoft.scloud'],
};

type Environment = keyof typeof environments;

const environmentField = z.enum(
  Object.keys(environments) as [Environment, ...Environment[]],
  'must be public, usgov, china, usnat or ussec',
);

/** Entra writes GUIDs in lower case. */
const guidField = (message: string) =>
  z
    .string(message)
    .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, message)
    .transform((guid) => guid.toLowerCase());

/** One resource: Entra issues a token for a single resource. */
export const scopeField = z
  .string('must be a string')
  .max(256, 'must be 256 characters at most')
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+\/\.default$/, 'must be one resource followed by /.default');

const redirectField = z
  .string('must be a string')
  .max(256, 'must be 256 characters at most')
  .regex(/^https:\/\/[\w.-]+(:\d+)?\/[\w.~/-]*$/, 'must be an https URL without a query');

const neededForConsent =
  'must be given with consent_redirect_uri: all customers share the application, so no report may choose the directory';

const scoped = z.looseObject({ environment: environmentField.default('public'), scope: scopeField });

export const foreignScope =
  'must not be a resource of another environment; omit it to use the resource manager of this one';

export const target = z
  .strictObject({
    /** Both may be set later: the customer's set-up creates the identity. */
    tenant_id: guidField('must be the GUID of the directory, not one of its domain names').optional(),
    client_id: guidField('must be the GUID of the application or managed identity').optional(),
    environment: environmentField.default('public'),
    scope: scopeField.optional(),
    /**
     * If set, `client_id` is a multi-tenant application of the vendor, and this URL receives the result of the consent. If
     * not, the identity belongs to the customer. Prefer that, because it isolates customers from each other.
     */
    consent_redirect_uri: redirectField.optional(),
    audience: audienceField(wrongAudience).optional(),
  })
  .refine(({ scope = '', environment }) => !isForeign(scope, environment), {
    path: ['scope'],
    message: foreignScope,
    // Checked even if other fields are invalid, so that all faults are reported together.
    when: ({ value }) => scoped.safeParse(value).success,
  })
  .superRefine(({ consent_redirect_uri, ...target }, context) => {
    if (consent_redirect_uri === undefined) return;
    for (const name of ['tenant_id', 'client_id'] as const)
      if (target[name] === undefined)
        context.addIssue({ code: 'custom', path: [name], message: neededForConsent });
  })
  .transform((target) => ({ ...target, scope: target.scope ?? environments[target.environment].scope }));

export type AzureTarget = z.output<typeof target>;

/** The audience differs by environment; a wrong one causes AADSTS700212. */
export const audience = (target: AzureTarget): string =>
  target.audience ?? environments[target.environment].audience;

/** The origin of the token endpoint, without a trailing slash. */
export const authority = ({ environment }: AzureTarget): string => environments[environment].authority;

/** The origin of the portal, without a trailing slash. */
export const portal = ({ environment }: AzureTarget): string => environments[environment].portal;

export function missingFields({ tenant_id, client_id }: AzureTarget): readonly string[] {
  return [...(tenant_id ? [] : ['tenant_id']), ...(client_id ? [] : ['client_id'])];
}

/** With consent, every customer's connection uses the vendor's one application. */
export const sharedPrincipalFields = ({ consent_redirect_uri }: AzureTarget): readonly string[] =>
  consent_redirect_uri === undefined ? [] : ['tenant_id', 'client_id', 'consent_redirect_uri'];

export function isForeign(scope: string, environment: string): boolean {
  const host = URL.canParse(scope) ? new URL(scope).hostname : '';
  return Object.entries(ownHosts).some(
    ([name, hosts]) => name !== environment && hosts.some((own) => host === own || host.endsWith(`.${own}`)),
  );
}

/** The origin of Resource Manager in the target's environment. */
export const resourceManagerOf = ({ environment }: AzureTarget): string =>
  environments[environment].scope.replace(/\/\.default$/, '');

/** The origin of Resource Manager if the target's tokens are for it; otherwise undefined. */
export const resourceManager = (target: AzureTarget): string | undefined =>
  target.scope === environments[target.environment].scope ? resourceManagerOf(target) : undefined;
