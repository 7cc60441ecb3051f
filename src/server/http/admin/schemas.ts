/** Schemas with a name in the OpenAPI document; all others are inlined where they are used. */
import type { z } from 'zod';
import { cloudNames, clouds } from '../../../clouds/index.ts';
import { decision } from './access.ts';
import { approval, approvalPage, denialInput, grantInput } from './approvals.ts';
import { auditLine, auditPage } from './audit.ts';
import { auditCheckpoint, consistency, inclusion } from './audit-proofs.ts';
import {
  client,
  clientChange,
  clientInput,
  clientPage,
  newClient,
  newSecret,
  secretInput,
} from './clients.ts';
import { connection, connectionChange, connectionInput, connectionPage } from './connections.ts';
import { documentPage } from './documents.ts';
import { invitationInput, invitationPage, newInvitation } from './invitations.ts';
import { issuerDocuments } from './issuer.ts';
import { issuing, suspensionInput } from './issuing.ts';
import { impactPage, keyList } from './keys.ts';
import { guardrailAnswer, lintAnswer, lintInput } from './lint.ts';
import { outageBudget } from './outage.ts';
import { policy, policyInput } from './policy.ts';
import { problem } from './problem.ts';
import { preview, setupFiles, signedVerification, verification } from './setup.ts';
import { movePage } from './tenant-moves.ts';
import { tenant, tenantChange, tenantInput, tenantMove, tenantPage } from './tenants.ts';
import { uploadedKeysInput } from './uploaded-keys.ts';
import { delivery, deliveryPage, webhook, webhookChange, webhookInput, webhookPage } from './webhooks.ts';

type Named = Readonly<Record<string, z.ZodType>>;

const nameIn = (cloud: string, what: string): string =>
  `${cloud.charAt(0).toUpperCase()}${cloud.slice(1)}${what}`;

export const targetNames = cloudNames.map((cloud) => nameIn(cloud, 'Target'));
export const purposeNames = cloudNames
  .filter((cloud) => clouds[cloud].purposes)
  .map((cloud) => nameIn(cloud, 'Purpose'));

export const inputs: Named = {
  TenantInput: tenantInput,
  TenantChange: tenantChange,
  TenantMove: tenantMove,
  ClientInput: clientInput,
  ClientChange: clientChange,
  SecretInput: secretInput,
  ConnectionInput: connectionInput,
  ConnectionChange: connectionChange,
  UploadedKeysInput: uploadedKeysInput,
  InvitationInput: invitationInput,
  WebhookInput: webhookInput,
  WebhookChange: webhookChange,
  PolicyInput: policyInput,
  ...Object.fromEntries(
    cloudNames.flatMap((cloud) => {
      const { target, purposes } = clouds[cloud];
      return [
        [nameIn(cloud, 'Target'), target],
        ...(purposes ? [[nameIn(cloud, 'Purpose'), purposes.schema]] : []),
      ];
    }),
  ),
  SuspensionInput: suspensionInput,
  GrantInput: grantInput,
  DenialInput: denialInput,
  LintInput: lintInput,
};

export const answers = {
  Tenant: tenant,
  TenantPage: tenantPage,
  MovePage: movePage,
  Client: client,
  ClientPage: clientPage,
  NewClient: newClient,
  NewSecret: newSecret,
  Decision: decision,
  Connection: connection,
  ConnectionPage: connectionPage,
  Policy: policy,
  SetupFiles: setupFiles,
  NewInvitation: newInvitation,
  InvitationPage: invitationPage,
  Verification: verification,
  SignedVerification: signedVerification,
  Lint: lintAnswer,
  Guardrail: guardrailAnswer,
  Preview: preview,
  Issuer: issuerDocuments,
  Issuing: issuing,
  KeyList: keyList,
  KeyImpactPage: impactPage,
  DocumentPage: documentPage,
  Webhook: webhook,
  WebhookPage: webhookPage,
  Delivery: delivery,
  DeliveryPage: deliveryPage,
  OutageBudget: outageBudget,
  Approval: approval,
  ApprovalPage: approvalPage,
  AuditLine: auditLine,
  AuditPage: auditPage,
  AuditCheckpoint: auditCheckpoint,
  AuditInclusion: inclusion,
  AuditConsistency: consistency,
  Problem: problem,
} satisfies Named;

/** The answers of the admin API as programs receive them. */
export type Answers = { readonly [Name in keyof typeof answers]: z.output<(typeof answers)[Name]> };
