/** A token behind a PKCS#11 module: an HSM, a smart card, SoftHSM. The reference of a key is its CKA_ID in hex. */
import { createPublicKey } from 'node:crypto';
import type { KeyService } from '../service/contract.ts';
import { serviceBackend } from '../service/index.ts';
import { type OpenBackend, required } from '../settings.ts';
import type { PublicMembers } from './token.ts';
import { TokenWorker } from './worker.ts';

export const pkcs11: OpenBackend = async ({ pkcs11: settings }, context) => {
  const worker = new TokenWorker({
    module: required(settings.module, 'keys.pkcs11.module'),
    label: required(settings.token_label, 'keys.pkcs11.token_label'),
    pin: required(settings.pin, 'keys.pkcs11.pin').value.trim(),
  });
  await worker.start();
  return serviceBackend(tokenService(worker), context);
};

const tokenService = (worker: TokenWorker): KeyService => ({
  name: 'PKCS#11',
  // One session in one thread. Calls cannot be aborted, and more of them would only wait inside the module.
  maxConcurrency: 1,
  isReference: (reference) => /^[0-9a-f]{32}$/.test(reference),
  create: async (alg) => (await worker.run({ task: 'create', alg })) as string,
  publicKey: async (id) => {
    const members = (await worker.run({ task: 'publicKey', id })) as PublicMembers;
    return createPublicKey({ key: { ...members }, format: 'jwk' });
  },
  sign: async (id, alg, data) => (await worker.run({ task: 'sign', id, alg, data })) as Uint8Array,
  close: () => worker.close(),
});
