import { describe, expect, test } from '@jest/globals';
import { type CloudName, clouds, type LeakFacts, setUpOf } from '../../src/clouds/index.ts';

const facts: LeakFacts = {
  issuer: 'https://id.example.com/t/ten_1',
  subject: 'con_1',
  audience: 'sts.amazonaws.com',
  connection: { id: 'con_1', name: 'prod' },
  vendor: 'Vendor',
  compromisedBefore: '2026-11-23T12:00:00.000Z',
};

const commands = (cloud: CloudName, target: Record<string, unknown>) =>
  setUpOf(cloud)
    .leakAdvice(clouds[cloud].target.parse(target), facts)
    .steps.flatMap(({ command: run }) => (run === undefined ? [] : [run]));

describe('the advice after a leak', () => {
  test('for AWS removes the audience of the provider and denies old sessions, and both can be undone', () => {
    const provider = 'arn:aws-us-gov:iam::111122223333:oidc-provider/id.example.com/t/ten_1';
    expect(commands('aws', { role_arn: 'arn:aws-us-gov:iam::111122223333:role/of/vendor' })).toEqual([
      `aws iam remove-client-id-from-open-id-connect-provider \\\n  --open-id-connect-provider-arn=${provider} \\\n  --client-id=sts.amazonaws.com`,
      `aws iam put-role-policy \\\n  --role-name=vendor \\\n  --policy-name=AWSRevokeOlderSessions \\\n  '--policy-document={"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-11-23T12:00:00.000Z"}}}]}'`,
      `aws iam add-client-id-to-open-id-connect-provider \\\n  --open-id-connect-provider-arn=${provider} \\\n  --client-id=sts.amazonaws.com`,
    ]);
  });

  test('for Azure deletes the federated credential and the role assignments of the identity', () => {
    const client_id = 'b874699b-8dcf-4ee2-96aa-574115bb7002';
    expect(commands('azure', { tenant_id: client_id, client_id })).toEqual([
      `az resource delete --ids "$(az identity list --query '[?clientId=='\\''${client_id}'\\''].id' --output tsv)"/federatedIdentityCredentials/con_1`,
      `az role assignment delete \\\n  --assignee=${client_id}`,
    ]);
  });

  test("for Azure disables the vendor's application in the directory and enables it later", () => {
    const client_id = 'b874699b-8dcf-4ee2-96aa-574115bb7002';
    const consent_redirect_uri = 'https://vendor.example/consented';
    expect(commands('azure', { tenant_id: client_id, client_id, consent_redirect_uri })).toEqual([
      `az ad sp update \\\n  --id=${client_id} \\\n  --set accountEnabled=false`,
      `az role assignment delete \\\n  --assignee=${client_id}`,
      `az ad sp update \\\n  --id=${client_id} \\\n  --set accountEnabled=true`,
    ]);
  });

  test('for Google Cloud disables the provider, removes the binding and enables the provider later', () => {
    const pool = 'projects/123456789012/locations/global/workloadIdentityPools/vendor';
    const update = `gcloud iam workload-identity-pools providers update-oidc ${pool}/providers/sojourn`;
    const target = { project_number: '123456789012', pool_id: 'vendor', provider_id: 'sojourn' };
    const service_account = 'deployer@acme.iam.gserviceaccount.com';
    expect(commands('gcp', { ...target, service_account })).toEqual([
      `${update} \\\n  --disabled`,
      `gcloud iam service-accounts remove-iam-policy-binding ${service_account} \\\n  --role=roles/iam.workloadIdentityUser \\\n  --member=principal://iam.googleapis.com/${pool}/subject/con_1 \\\n  --condition=None`,
      `${update} \\\n  --no-disabled`,
    ]);
    expect(commands('gcp', target)).toEqual([`${update} \\\n  --disabled`, `${update} \\\n  --no-disabled`]);
  });

  test('for Google Cloud says that uploaded keys are trusted until others are uploaded', () => {
    const { trustedFor: trusts, steps } = setUpOf('gcp').leakAdvice(
      clouds.gcp.target.parse({
        project_number: '123456789012',
        pool_id: 'vendor-pool',
        provider_id: 'vendor',
        uploaded_jwks: true,
      }),
      facts,
    );
    expect(trusts).toMatch(/^Until its customer uploads a key set without it/);
    expect(steps[1]).toEqual({
      instruction: 'Run the set-up script of the vendor again: it uploads the keys without this one.',
    });
  });

  test.each(['aws', 'azure'] as const)('for %s has no steps if nothing was set up', (cloud) => {
    expect(commands(cloud, {})).toEqual([]);
  });
});
