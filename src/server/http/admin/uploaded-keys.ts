/** /connections/ID/uploaded-keys: the administrator confirms which keys the customer's cloud holds. */
import { z } from 'zod';
import { resolveConnection } from '../../../access/connections/index.ts';
import { invalidRequest } from '../../../platform/errors/index.ts';
import { mainRing } from '../../../tokens/keys/index.ts';
import { connection, viewOf } from './connections.ts';
import { writeRoute } from './route.ts';

export const uploadedKeysInput = z.strictObject({
  kids: z
    .array(z.string('must be a string'), 'must be a list of key ids')
    .min(1, 'must have at least one key id')
    .max(8, 'must have at most 8 key ids')
    .describe('Every key that the provider has now; an upload replaces all earlier keys.'),
});

export const uploadedKeysRoute = writeRoute({
  method: 'POST',
  path: '/connections/:id/uploaded-keys',
  operationId: 'confirmUpload',
  summary: 'Confirm which keys were uploaded to the cloud, so that a rotation does not wait for the upload',
  input: uploadedKeysInput,
  status: 200,
  answer: connection,
  refusals: ['connection_not_found', 'version_conflict', 'keys_unavailable'],
  async change({ connections, issuers, keyrings }, { params: { id }, body: { kids } }) {
    const one = await connections.get(id);
    if (!resolveConnection(one).destination.uploadsKeys)
      throw invalidRequest([
        {
          path: 'kids',
          message: 'only for connections with target.uploaded_jwks; this cloud fetches the JWKS',
        },
      ]);
    const ring = await issuers.ringOf(one);
    const keyring = ring === mainRing ? keyrings.main : await keyrings.of(ring);
    const known = keyring.publicKeys().map(({ kid }) => kid);
    const faults = kids.flatMap((kid, index) =>
      known.includes(kid)
        ? []
        : [{ path: `kids.${index}`, message: 'must be a published key of the connection’s issuer' }],
    );
    if (faults.length > 0) throw invalidRequest(faults);
    const changed = await connections.setUploaded(id, kids);
    return {
      answer: viewOf(changed),
      auditEvent: {
        event: 'connection.jwks_uploaded',
        connection: id,
        tenant: changed.tenant,
        facts: { kids: kids.join(' ') },
      },
    };
  },
});
