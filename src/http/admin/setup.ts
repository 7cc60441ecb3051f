/** /connections/ID/…: what the customer applies, whether it worked, and what the tokens will say. */
import { z } from 'zod';
import { read } from '../../input/index.ts';
import { readQuery } from '../body.ts';
import { act, look, nothing, prefix, type Route } from './route.ts';

export const setupFiles = z.object({
  items: z.array(z.object({ name: z.string(), media_type: z.string(), title: z.string(), url: z.string() })),
});

export const verification = z.object({
  verdict: z.enum(['active', 'failing']),
  checks: z.array(
    z.object({
      name: z.string(),
      outcome: z.enum(['passed', 'failed', 'skipped']),
      detail: z.string(),
      advice: z.string().nullable(),
    }),
  ),
});

export const preview = z.object({
  header: z.record(z.string(), z.string()),
  claims: z.record(z.string(), z.unknown()),
});

const setupFile: Route = {
  method: 'GET',
  path: '/connections/:id/setup/:name',
  name: 'fetchSetupFile',
  summary: 'Fetch one file that the customer applies',
  query: nothing,
  input: nothing,
  answer: 'file',
  status: 200,
  refusals: ['connection_not_found', 'artefact_not_found'],
  async serve({ connections, onboarding }, { params: { id = '', name = '' }, query, body }) {
    readQuery(query, []);
    read(nothing, body);
    const { mediaType, content } = await onboarding.artefact(await connections.get(id), name);
    return { content: { mediaType, body: content, fileName: name } };
  },
};

export const setupRoutes: readonly Route[] = [
  act({
    method: 'POST',
    path: '/connections/:id/verify',
    name: 'verifyConnection',
    summary: 'Enter the cloud once and tell what came of it',
    input: nothing,
    status: 200,
    answer: verification,
    refusals: ['connection_not_found', 'version_conflict', 'keys_unavailable'],
    async change({ connections, onboarding }, { params: { id } }) {
      const connection = await connections.get(id);
      const { tenant } = connection;
      const answer = await onboarding.verify(connection, 'admin');
      const facts = { verdict: answer.verdict };
      return { answer, did: { event: 'connection.verified', connection: id, tenant, facts } };
    },
  }),
  look({
    path: '/connections/:id/setup',
    name: 'listSetupFiles',
    summary: 'List the files that the customer applies',
    query: nothing,
    answer: setupFiles,
    refusals: ['connection_not_found'],
    async find({ connections, onboarding }, { params: { id } }) {
      const files = await onboarding.artefacts(await connections.get(id));
      return {
        items: files.map(({ name, mediaType, title }) => ({
          name,
          media_type: mediaType,
          title,
          url: `${prefix}/connections/${id}/setup/${encodeURIComponent(name)}`,
        })),
      };
    },
  }),
  setupFile,
  look({
    path: '/connections/:id/claims',
    name: 'previewClaims',
    summary: 'Show the header and claims of a token for the connection; nothing is signed',
    query: nothing,
    answer: preview,
    refusals: ['connection_not_found', 'keys_unavailable'],
    async find({ connections, issuers }, { params: { id } }) {
      const connection = await connections.get(id);
      return (await issuers.of(connection)).preview(connection);
    },
  }),
];
