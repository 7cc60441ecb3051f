/** Roles and the policies on them. */
import { type Account, type Role, uniqueId } from '../accounts.ts';
import { alreadyExists, fault, limitExceeded, noSuchEntity } from '../fault.ts';
import { sizeOf } from '../policy/document.ts';
import { checkIdentityPolicy } from '../policy/identity.ts';
import { checkServiceControl } from '../policy/organization.ts';
import { checkTrustPolicy } from '../policy/trust.ts';
import type { Tag } from '../query.ts';

export interface NewRole {
  readonly name: string;
  readonly path: string;
  readonly trustPolicy: string;
  readonly description: string | undefined;
  readonly maxSessionDuration: number;
  readonly permissionsBoundary: string | undefined;
  readonly tags: readonly Tag[];
}

const maxInlinePolicyCharacters = 10_240;
const maxAttachedPolicies = 10;

export function createRole(account: Account, input: NewRole, now: number): Role {
  const arn = `arn:${account.partition}:iam::${account.id}:role${input.path}${input.name}`;
  checkServiceControl(account, 'iam:CreateRole', arn);
  checkTrustPolicy(input.trustPolicy, account.roleExists);
  if (account.roles.has(input.name.toLowerCase()))
    throw alreadyExists(`Role with name ${input.name} already exists.`);
  checkTags(input.tags);
  checkBoundary(account, input.permissionsBoundary);
  const role: Role = {
    ...input,
    arn,
    id: uniqueId('AROA', 17),
    inlinePolicies: new Map(),
    attachedPolicies: new Set(),
    createdAt: now,
    changedAt: now,
  };
  account.roles.set(input.name.toLowerCase(), role);
  return role;
}

export function findRole(account: Account, name: string): Role {
  const role = account.roles.get(name.toLowerCase());
  if (!role) throw noSuchEntity(`The role with name ${name} cannot be found.`);
  return role;
}

export function deleteRole(account: Account, name: string): void {
  const role = findRole(account, name);
  const conflict = (what: string) =>
    fault('DeleteConflict', `Cannot delete entity, must ${what} first.`, 409);
  if (role.inlinePolicies.size > 0) throw conflict('delete policies');
  if (role.attachedPolicies.size > 0) throw conflict('detach all policies');
  account.roles.delete(name.toLowerCase());
}

export function updateTrust(account: Account, role: Role, document: string, now: number): void {
  checkTrustPolicy(document, account.roleExists);
  role.trustPolicy = document;
  role.changedAt = now;
}

export function putInlinePolicy(role: Role, name: string, document: string): void {
  checkIdentityPolicy(document);
  const others = [...role.inlinePolicies].filter(([other]) => other !== name);
  const size = [...others.map(([, other]) => other), document].reduce((sum, text) => sum + sizeOf(text), 0);
  if (size > maxInlinePolicyCharacters)
    throw limitExceeded(
      `Maximum policy size of ${maxInlinePolicyCharacters} bytes exceeded for role ${role.name}`,
    );
  role.inlinePolicies.set(name, document);
}

export function findInlinePolicy(role: Role, name: string): string {
  const document = role.inlinePolicies.get(name);
  if (document === undefined) throw noSuchEntity(`The role policy with name ${name} cannot be found.`);
  return document;
}

export function setBoundary(account: Account, role: Role, arn: string): void {
  checkBoundary(account, arn);
  role.permissionsBoundary = arn;
}

function checkBoundary(account: Account, arn: string | undefined): void {
  if (arn !== undefined && !isPolicy(account, arn))
    throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`);
}

/** One of the account's policies, or any policy name of AWS; the sandbox does not check that AWS has it. */
const isPolicy = (account: Account, arn: string): boolean =>
  account.policies.has(arn) ||
  new RegExp(`^arn:${account.partition}:iam::aws:policy/[\\w+=,.@/-]+$`).test(arn);

export function attachPolicy(account: Account, role: Role, arn: string): void {
  if (!isPolicy(account, arn)) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
  if (!role.attachedPolicies.has(arn) && role.attachedPolicies.size >= maxAttachedPolicies)
    throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${maxAttachedPolicies}`);
  role.attachedPolicies.add(arn);
}

export function detachPolicy(role: Role, arn: string): void {
  if (!role.attachedPolicies.delete(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
}

/** A later tag replaces an earlier one with the same key; keys of role tags are case-insensitive. */
export function mergeTags(old: readonly Tag[], added: readonly Tag[]): readonly Tag[] {
  checkTags(added);
  const replaced = new Set(added.map(({ Key }) => Key.toLowerCase()));
  const merged = [...old.filter(({ Key }) => !replaced.has(Key.toLowerCase())), ...added];
  if (merged.length > 50) throw limitExceeded('Cannot exceed quota for TagsPerRole: 50');
  return merged;
}

function checkTags(tags: readonly Tag[]): void {
  if (new Set(tags.map(({ Key }) => Key.toLowerCase())).size < tags.length)
    throw fault('InvalidInput', 'Duplicate tag keys found. Please note that Tag keys are case insensitive.');
}
