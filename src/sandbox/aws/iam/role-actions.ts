/** The Query actions on roles. */
import { type Role, seconds } from '../accounts.ts';
import { noSuchEntity } from '../fault.ts';
import { optionalInteger, optionalText, read, tags, text, texts } from '../query.ts';
import type { OwnCall, Service } from '../service.ts';
import { encode } from '../sigv4.ts';
import {
  attachPolicy,
  createRole,
  deleteRole,
  detachPolicy,
  findInlinePolicy,
  findRole,
  mergeTags,
  putInlinePolicy,
  setBoundary,
  updateTrust,
} from './roles.ts';

const roleName = text({ min: 1, max: 64, pattern: /[\w+=,.@-]+/ });
const policyName = text({ min: 1, max: 128, pattern: /[\w+=,.@-]+/ });
const path = optionalText({ min: 1, max: 512, pattern: /(\u002F)|(\u002F[\u0021-\u007E]+\u002F)/ });
const document = text({ min: 1, max: 131_072 });
const description = optionalText({ max: 1000 });
const policyArn = text({ min: 20, max: 2048 });
const sessionDuration = optionalInteger({ min: 3600, max: 43_200 });

const named = ({ params, account }: OwnCall): Role =>
  findRole(account, read(params, { RoleName: roleName }).RoleName);

export const roleActions: Service['actions'] = {
  CreateRole({ params, account, runtime }) {
    const input = read(params, {
      RoleName: roleName,
      AssumeRolePolicyDocument: document,
      Path: path,
      Description: description,
      MaxSessionDuration: sessionDuration,
      PermissionsBoundary: optionalText({ min: 20, max: 2048 }),
      Tags: tags,
    });
    const role = createRole(
      account,
      {
        name: input.RoleName,
        path: input.Path ?? '/',
        trustPolicy: input.AssumeRolePolicyDocument,
        description: input.Description,
        maxSessionDuration: input.MaxSessionDuration ?? 3600,
        permissionsBoundary: input.PermissionsBoundary,
        tags: input.Tags,
      },
      runtime.now(),
    );
    return { Role: { ...identity(role), ...boundary(role), ...tagged(role) } };
  },
  GetRole(call) {
    const role = named(call);
    return {
      Role: { ...identity(role), ...settings(role), ...boundary(role), ...tagged(role), RoleLastUsed: {} },
    };
  },
  ListRoles({ params, account }) {
    const { PathPrefix: prefix = '/' } = read(params, { PathPrefix: optionalText() });
    const roles = [...account.roles.values()].filter((role) => role.path.startsWith(prefix));
    return { Roles: roles.map((role) => ({ ...identity(role), ...settings(role) })), IsTruncated: false };
  },
  DeleteRole({ params, account }) {
    deleteRole(account, read(params, { RoleName: roleName }).RoleName);
    return undefined;
  },
  UpdateAssumeRolePolicy(call) {
    const { PolicyDocument } = read(call.params, { RoleName: roleName, PolicyDocument: document });
    updateTrust(call.account, named(call), PolicyDocument, call.runtime.now());
    return undefined;
  },
  UpdateRole(call) {
    const input = read(call.params, { Description: description, MaxSessionDuration: sessionDuration });
    const role = named(call);
    role.description = input.Description ?? role.description;
    role.maxSessionDuration = input.MaxSessionDuration ?? role.maxSessionDuration;
    return {};
  },
  UpdateRoleDescription(call) {
    const role = named(call);
    role.description = read(call.params, { Description: description }).Description;
    return { Role: { ...identity(role), Description: role.description } };
  },
  PutRolePermissionsBoundary(call) {
    const input = read(call.params, { RoleName: roleName, PermissionsBoundary: policyArn });
    setBoundary(call.account, named(call), input.PermissionsBoundary);
    return undefined;
  },
  DeleteRolePermissionsBoundary(call) {
    named(call).permissionsBoundary = undefined;
    return undefined;
  },
  PutRolePolicy(call) {
    const input = read(call.params, {
      RoleName: roleName,
      PolicyName: policyName,
      PolicyDocument: document,
    });
    putInlinePolicy(named(call), input.PolicyName, input.PolicyDocument);
    return undefined;
  },
  GetRolePolicy(call) {
    const { PolicyName } = read(call.params, { RoleName: roleName, PolicyName: policyName });
    const role = named(call);
    return { RoleName: role.name, PolicyName, PolicyDocument: encode(findInlinePolicy(role, PolicyName)) };
  },
  ListRolePolicies: (call) => ({ PolicyNames: [...named(call).inlinePolicies.keys()], IsTruncated: false }),
  DeleteRolePolicy(call) {
    const { PolicyName } = read(call.params, { RoleName: roleName, PolicyName: policyName });
    const role = named(call);
    findInlinePolicy(role, PolicyName);
    role.inlinePolicies.delete(PolicyName);
    return undefined;
  },
  AttachRolePolicy(call) {
    const { PolicyArn } = read(call.params, { RoleName: roleName, PolicyArn: policyArn });
    attachPolicy(call.account, named(call), PolicyArn);
    return undefined;
  },
  DetachRolePolicy(call) {
    const { PolicyArn } = read(call.params, { RoleName: roleName, PolicyArn: policyArn });
    detachPolicy(named(call), PolicyArn);
    return undefined;
  },
  ListAttachedRolePolicies(call) {
    const attached = [...named(call).attachedPolicies];
    const policies = attached.map((arn) => ({ PolicyName: arn.split('/').at(-1), PolicyArn: arn }));
    return { AttachedPolicies: policies, IsTruncated: false };
  },
  TagRole(call) {
    const role = named(call);
    role.tags = mergeTags(role.tags, read(call.params, { Tags: tags }).Tags);
    return undefined;
  },
  UntagRole(call) {
    const role = named(call);
    const { TagKeys } = read(call.params, { TagKeys: texts({ max: 50 }) });
    const gone = new Set(TagKeys.map((key) => key.toLowerCase()));
    role.tags = role.tags.filter(({ Key }) => !gone.has(Key.toLowerCase()));
    return undefined;
  },
  ListRoleTags: (call) => ({ Tags: named(call).tags.map(tag), IsTruncated: false }),
  /** Terraform calls it before it deletes a role; the sandbox has no instances. */
  ListInstanceProfilesForRole(call) {
    named(call);
    return { InstanceProfiles: [], IsTruncated: false };
  },
  GetPolicy({ params, account }) {
    const { PolicyArn: arn } = read(params, { PolicyArn: policyArn });
    if (!account.policies.has(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
    return {
      Policy: { PolicyName: arn.split('/').at(-1), Arn: arn, DefaultVersionId: 'v1', IsAttachable: true },
    };
  },
};

/** The members of every response about a role. Recorded: CreateRole omits the settings. */
const identity = (role: Role) => ({
  Path: role.path,
  RoleName: role.name,
  RoleId: role.id,
  Arn: role.arn,
  CreateDate: seconds(role.createdAt),
  AssumeRolePolicyDocument: encode(role.trustPolicy),
});

const settings = (role: Role) => ({
  Description: role.description,
  MaxSessionDuration: role.maxSessionDuration,
});

const boundary = ({ permissionsBoundary: arn }: Role) =>
  arn && { PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: arn } };

const tagged = (role: Role) => role.tags.length > 0 && { Tags: role.tags.map(tag) };

const tag = ({ Key, Value }: { Key: string; Value: string }) => ({ Key, Value });
