/**
 * What the published JSON schemas demand of the parts that our template has: deploymentTemplate of 2019-04-01,
 * Microsoft.ManagedIdentity of 2023-01-31, Microsoft.Authorization of 2022-04-01. Put down here in our own terms, member by
 * member, since they can only be fetched; a member that they do not know is refused.
 */
import { z } from 'zod';

/** `[…]`, but not `[[…`, which is a text that begins with a bracket. */
const expression = z.string().regex(/^\[([^[].*)?\]$/s);
const credentialName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9-_]{2,119}$/);

const parameter = z.strictObject({
  type: z.enum(['string', 'securestring', 'int', 'bool', 'object', 'secureObject', 'array']),
  defaultValue: z.union([z.string(), z.boolean(), z.number(), z.record(z.string(), z.unknown())]).optional(),
  minLength: z.int().optional(),
  maxLength: z.int().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

const base = {
  name: z.string(),
  dependsOn: z.array(z.string()).optional(),
  condition: expression.optional(),
};

const identity = z.strictObject({
  ...base,
  type: z.literal('Microsoft.ManagedIdentity/userAssignedIdentities'),
  apiVersion: z.literal('2023-01-31'),
  location: z.string(),
  tags: z.record(z.string(), z.string()).optional(),
});

const credential = z.strictObject({
  ...base,
  type: z.literal('Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials'),
  apiVersion: z.literal('2023-01-31'),
  name: z.union([credentialName, expression]),
  properties: z.strictObject({
    issuer: z.string(),
    subject: z.string(),
    audiences: z.array(z.string()),
  }),
});

const assignment = z.strictObject({
  ...base,
  type: z.literal('Microsoft.Authorization/roleAssignments'),
  apiVersion: z.literal('2022-04-01'),
  properties: z.strictObject({
    roleDefinitionId: z.string(),
    principalId: z.string(),
    principalType: z.enum(['User', 'Group', 'ServicePrincipal', 'ForeignGroup', 'Device']),
    description: z.string().optional(),
  }),
});

const head = {
  $schema: z.literal('https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#'),
  contentVersion: z.string().regex(/^\d+\.\d+\.\d+\.\d+$/),
};

/** Microsoft.Resources of 2022-09-01: a nested template, evaluated in its own scope. */
const nested = z.strictObject({
  ...base,
  type: z.literal('Microsoft.Resources/deployments'),
  apiVersion: z.literal('2022-09-01'),
  properties: z.strictObject({
    mode: z.literal('Incremental'),
    expressionEvaluationOptions: z.strictObject({ scope: z.literal('inner') }),
    parameters: z.record(z.string(), z.strictObject({ value: z.string() })),
    template: z.strictObject({
      ...head,
      parameters: z.record(z.string(), parameter),
      resources: z.array(assignment),
    }),
  }),
});

export const armSchema = z.strictObject({
  ...head,
  metadata: z.record(z.string(), z.unknown()),
  parameters: z.record(z.string(), parameter),
  variables: z.record(z.string(), z.unknown()),
  resources: z.array(z.discriminatedUnion('type', [identity, credential, nested])),
  outputs: z.record(z.string(), z.strictObject({ type: parameter.shape.type, value: z.string() })),
});
