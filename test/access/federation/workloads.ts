/** Workloads of every platform, with tokens like the real ones, and the trust for each. */
import { randomUUID } from 'node:crypto';
import type { ForeignIssuer } from '../../support/foreign-issuer.ts';
import { askToken } from '../../support/server.ts';

export interface Workload {
  readonly trust: Readonly<Record<string, unknown>>;
  readonly claims: () => Record<string, unknown>;
  readonly header?: Readonly<Record<string, unknown>>;
}

export const audience = 'https://id.example.com';
export const tenant = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const principal = '0b6f2c3e-5a0e-4d0b-9f3b-2d1a7e6c9b10';

export const now = () => Math.floor(Date.now() / 1000);
const lasting = (seconds: number) => ({ iat: now(), nbf: now(), exp: now() + seconds });

export const workloads = {
  /** kubernetes.io, "Managing Service Accounts": a projected token of 1.32. */
  kubernetes: (issuer: ForeignIssuer): Workload => {
    const iss = issuer.issuerAt('/cluster');
    const subject = 'system:serviceaccount:billing:invoicer';
    return {
      trust: { platform: 'kubernetes', issuer: iss, subject },
      claims: () => ({
        aud: [audience],
        ...lasting(3607),
        iss,
        jti: randomUUID(),
        'kubernetes.io': {
          namespace: 'billing',
          node: { name: 'node-1', uid: randomUUID() },
          pod: { name: 'invoicer-69cbfb9798-jv9gn', uid: randomUUID() },
          serviceaccount: { name: 'invoicer', uid: '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798' },
          warnafter: now() + 3007,
        },
        sub: subject,
      }),
      // The API server writes no typ.
      header: { typ: undefined },
    };
  },

  /** docs.github.com, "OpenID Connect reference". */
  github: (issuer: ForeignIssuer): Workload => {
    const iss = issuer.issuerAt('/github');
    return {
      trust: {
        platform: 'github',
        issuer: iss,
        claims: { repository_id: '74', repository_owner_id: '65', ref: 'refs/heads/main' },
      },
      claims: () => ({
        jti: randomUUID(),
        sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
        aud: audience,
        ref: 'refs/heads/main',
        sha: 'b0e6a1f5c1c0a3d1a5f0a7d2c3b4e5f6a7b8c9d0',
        repository: 'octo-org/octo-repo',
        repository_owner: 'octo-org',
        actor_id: '12',
        repository_visibility: 'private',
        repository_id: '74',
        repository_owner_id: '65',
        run_id: '30433642',
        run_number: '10',
        run_attempt: '2',
        runner_environment: 'github-hosted',
        actor: 'octocat',
        workflow: 'deploy',
        head_ref: '',
        base_ref: '',
        event_name: 'push',
        ref_type: 'branch',
        ref_protected: 'true',
        job_workflow_ref: 'octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main',
        iss,
        nbf: now() - 600,
        iat: now(),
        exp: now() + 300,
      }),
    };
  },

  /** docs.gitlab.com, "OpenID Connect (OIDC) Authentication Using ID Tokens". */
  gitlab: (issuer: ForeignIssuer): Workload => {
    const iss = issuer.issuerAt('/gitlab');
    return {
      trust: {
        platform: 'gitlab',
        issuer: iss,
        claims: { project_id: '22', ref: 'main', ref_type: 'branch', ref_protected: 'true' },
      },
      claims: () => ({
        namespace_id: '72',
        namespace_path: 'my-group',
        project_id: '22',
        project_path: 'my-group/my-project',
        user_id: '1',
        user_login: 'sample-user',
        user_email: 'sample-user@example.com',
        pipeline_id: '574',
        pipeline_source: 'push',
        job_id: '302',
        ref: 'main',
        ref_type: 'branch',
        ref_path: 'refs/heads/main',
        ref_protected: 'true',
        runner_id: 1,
        runner_environment: 'self-hosted',
        sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
        jti: randomUUID(),
        iss,
        iat: now(),
        nbf: now() - 5,
        exp: now() + 3600,
        sub: 'project_path:my-group/my-project:ref_type:branch:ref:main',
        aud: audience,
      }),
    };
  },

  /** docs.aws.amazon.com, IAM, "Understanding token claims" of outbound identity federation. */
  aws: (issuer: ForeignIssuer): Workload => {
    const iss = issuer.issuerAt('/aws');
    const subject = 'arn:aws:iam::123456789012:role/DataProcessingRole';
    return {
      trust: { platform: 'aws', issuer: iss, subject },
      claims: () => ({
        iss,
        aud: audience,
        sub: subject,
        iat: now(),
        exp: now() + 900,
        jti: randomUUID(),
        'https://sts.amazonaws.com/': {
          aws_account: '123456789012',
          source_region: 'us-east-1',
          org_id: 'o-abc1234567',
          ou_path: 'o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/',
          principal_tags: { environment: 'production' },
          lambda_source_function_arn: 'arn:aws:lambda:us-east-1:123456789012:function:process-data',
        },
      }),
    };
  },

  /** cloud.google.com, "Verify VM identity". */
  gcp: (issuer: ForeignIssuer): Workload => {
    const iss = issuer.issuerAt('/google');
    return {
      trust: {
        platform: 'gcp',
        issuer: iss,
        subject: '112010400000000710080',
        claims: { email: 'invoicer@my-project.iam.gserviceaccount.com' },
      },
      claims: () => ({
        iss,
        iat: now(),
        exp: now() + 3600,
        aud: audience,
        sub: '112010400000000710080',
        azp: '112010400000000710080',
        email: 'invoicer@my-project.iam.gserviceaccount.com',
        email_verified: true,
        google: {
          compute_engine: {
            project_id: 'my-project',
            project_number: 739419398126,
            zone: 'us-west1-a',
            instance_id: '152986662232938449',
            instance_name: 'example',
            instance_creation_timestamp: now() - 86_400,
          },
        },
      }),
    };
  },

  /** learn.microsoft.com, "Access token claims reference": a managed identity's token, of the first version. */
  azure: (issuer: ForeignIssuer): Workload => {
    const iss = issuer.issuerAt(`/${tenant}/`);
    return {
      trust: { platform: 'azure', issuer: iss, claims: { tid: tenant, oid: principal } },
      claims: () => ({
        aud: audience,
        iss,
        iat: now() - 300,
        nbf: now() - 300,
        exp: now() + 86_400,
        aio: 'k2RgYFj8PZ1tYqLxZ5vLt0sA',
        appid: '6731de76-14a6-49ae-97bc-6eba6914391e',
        appidacr: '2',
        idp: iss,
        idtyp: 'app',
        oid: principal,
        rh: '0.AQEAv4j5cvGGr0GRqy180BHbR0',
        sub: principal,
        tid: tenant,
        uti: 'fqiBqXLPj0eQa82S-IYFAA',
        ver: '1.0',
        xms_mirid:
          '/subscriptions/x/resourcegroups/y/providers/Microsoft.ManagedIdentity/userAssignedIdentities/z',
      }),
    };
  },

  /** SPIFFE JWT-SVID, as SPIRE writes it: no iss, aud as a list. */
  spiffe: (issuer: ForeignIssuer): Workload => {
    issuer.pages['/bundle'] = {
      spiffe_sequence: 3,
      spiffe_refresh_hint: 300,
      keys: [
        { ...issuer.keys[1].publicJwk, use: 'x509-svid', kid: undefined, x5c: ['MIIB'] },
        { ...issuer.keys[0].publicJwk, use: 'jwt-svid', alg: undefined },
      ],
    };
    const subject = 'spiffe://prod.example.com/billing/invoicer';
    return {
      trust: {
        platform: 'spiffe',
        issuer: 'spiffe://prod.example.com',
        subject,
        jwks_uri: `${issuer.origin}/bundle`,
      },
      claims: () => ({ sub: subject, aud: [audience], iat: now(), exp: now() + 300 }),
    };
  },
} as const;

export type WorkloadName = keyof typeof workloads;
export const workloadNames = Object.keys(workloads) as WorkloadName[];

export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** The two ways to sign in. */
export const asAssertion = (token: string, more: Record<string, string> = {}) => ({
  grant_type: 'client_credentials',
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: token,
  ...more,
});

export const asSubject = (token: string, more: Record<string, string> = {}) => ({
  grant_type: exchangeGrant,
  subject_token: token,
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  ...more,
});

export const invalidClient = {
  status: 401,
  body: {
    error: 'invalid_client',
    error_description:
      'Client authentication failed. Check the client id and the secret or key of the client; the audit log of the server has the reason.',
  },
};

export const signIn = (issuer: string, token: string, more: Record<string, string> = {}) =>
  askToken(issuer, asAssertion(token, more));
