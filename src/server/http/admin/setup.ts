/** /connections/ID/…: set-up files, verification, and a preview of the token's claims. */
import { z } from 'zod';
import { resolveConnection } from '../../../access/connections/index.ts';
import { verificationRecord } from '../../../onboarding/verification/index.ts';
import { read } from '../../../platform/validation/index.ts';
import { readQuery } from '../body.ts';
import { nothing, prefix, type Route, readRoute, writeRoute } from './route.ts';
import { searchOf, setupQuery } from './setup-query.ts';

export const setupFiles = z.object({
  items: z.array(z.object({ name: z.string(), media_type: z.string(), title: z.string(), url: z.string() })),
});

const { verdict, state, checks, retry_at } = verificationRecord.shape;

export const verification = z.object({
  verdict: verdict.describe('Whether every check passed.'),
  state: state.describe('State of the connection after this verification.'),
  checks,
  retry_at,
});

export const signedVerification = z.object({
  // Later versions may add clouds.
  verification: verificationRecord.extend({ cloud: z.string() }),
  jws: z
    .string()
    .describe('The verification signed by the issuer: typ sojourn-verification+jwt, claim verification.'),
});

export const preview = z.object({
  header: z.record(z.string(), z.string()),
  claims: z.record(z.string(), z.unknown()),
});

const setupFile: Route = {
  method: 'GET',
  path: '/connections/:id/setup/:name',
  operationId: 'fetchSetupFile',
  summary: 'Fetch a set-up file',
  query: setupQuery,
  input: nothing,
  answer: 'file',
  status: 200,
  refusals: ['connection_not_found', 'setup_file_not_found'],
  async serve({ connections, setup }, { params: { id = '', name = '' }, query, body }) {
    const request = read(setupQuery, readQuery(query, Object.keys(setupQuery.shape)));
    read(nothing, body);
    const { mediaType, content } = await setup.file(await connections.get(id), name, request);
    return { content: { mediaType, body: content, fileName: name } };
  },
};

export const setupRoutes: readonly Route[] = [
  writeRoute({
    method: 'POST',
    path: '/connections/:id/verify',
    operationId: 'verifyConnection',
    summary: 'Verify a connection: exchange a token, and check that the cloud refuses wrong tokens',
    input: nothing,
    status: 200,
    answer: verification,
    refusals: [
      'connection_not_found',
      'connection_paused',
      'issuing_suspended',
      'tenant_suspended',
      'version_conflict',
      'keys_unavailable',
    ],
    async change({ connections, setup }, { params: { id } }) {
      const connection = await connections.get(id);
      const { tenant } = connection;
      const answer = await setup.verify(connection, 'admin');
      const facts = { verdict: answer.verdict };
      return { answer, auditEvent: { event: 'connection.verified', connection: id, tenant, facts } };
    },
  }),
  readRoute({
    path: '/connections/:id/verification',
    operationId: 'fetchVerification',
    summary: 'Fetch the latest verification and the same result signed by the issuer',
    query: nothing,
    answer: signedVerification,
    refusals: ['connection_not_found', 'verification_not_found'],
    async find({ connections, setup }, { params: { id } }) {
      return setup.latestVerification((await connections.get(id)).id);
    },
  }),
  readRoute({
    path: '/connections/:id/setup',
    operationId: 'listSetupFiles',
    summary: 'List the set-up files that the customer applies',
    query: setupQuery,
    answer: setupFiles,
    refusals: ['connection_not_found'],
    async find({ connections, setup }, { params: { id }, query }) {
      const files = await setup.files(await connections.get(id), query);
      return {
        items: files.map(({ name, mediaType, title }) => ({
          name,
          media_type: mediaType,
          title,
          url: `${prefix}/connections/${id}/setup/${encodeURIComponent(name)}${searchOf(query)}`,
        })),
      };
    },
  }),
  setupFile,
  readRoute({
    path: '/connections/:id/claims',
    operationId: 'previewClaims',
    summary: 'Preview the header and claims of a token for the connection; nothing is signed',
    query: nothing,
    answer: preview,
    refusals: ['connection_not_found', 'keys_unavailable'],
    async find({ connections, issuers }, { params: { id } }) {
      const connection = await connections.get(id);
      return (await issuers.of(connection)).preview(resolveConnection(connection));
    },
  }),
];
