/**
 * The part of a key backend that all key services share. It verifies each signature before use, and limits the wait for a
 * response. Owns: the steps that are the same for all services. Does not own: the API and the error messages of a service.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Algorithm } from '../../../clouds/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import type { Logger } from '../../../platform/log/index.ts';
import { sleep } from '../../../platform/time/index.ts';
import type { KeyBackend, NewKey } from '../backend.ts';
import { publicJwk } from '../jwk.ts';
import type { KeyRecord } from '../ring.ts';
import { type Limits, type RetryPolicy, ServiceCalls } from './calls.ts';
import type { KeyService } from './contract.ts';
import { reasonOf, wrongSignature } from './faults.ts';
import { Verifier } from './signature.ts';

export interface ServiceLimits extends Limits {
  /** For a signature, including queueing, a retry and the verification: the client must get a response within 2 s. */
  readonly signTimeoutMs: number;
  /** For creating a key. */
  readonly createTimeoutMs: number;
}

const defaultLimits: ServiceLimits = {
  maxQueued: 100,
  failureThreshold: 5,
  openMs: 1_000,
  signTimeoutMs: 1_500,
  createTimeoutMs: 20_000,
};

/** A new key may need a moment to become visible in all parts of the service (AWS KMS: "eventual consistency"). */
const newKeyAttempts = 3;

type SigningKey = Pick<KeyRecord, 'kid' | 'alg' | 'jwk'>;

export function serviceBackend(
  service: KeyService,
  { logger, limits = defaultLimits }: { logger: Logger; limits?: ServiceLimits },
): KeyBackend {
  const calls = new ServiceCalls(service, limits);
  // Slightly longer than the circuit breaker of a refused key stays open.
  const pauseMs = limits.openMs * 1.1;
  const verifier = new Verifier();
  /**
   * Created, but the attempt failed before the key was seen to sign. The next attempt takes it; otherwise each attempt would
   * leave a key that costs money.
   */
  const unfinished: { readonly alg: Algorithm; readonly reference: string }[] = [];
  let loggedFailure: string | undefined;

  const failure = () => {
    const reasons = new Set(calls.failures.map(reasonOf));
    return reasons.size > 0 ? [...reasons].join('; ') : undefined;
  };

  /** Logs a failure once, and its end once, instead of one line for each request. */
  const logFailureChange = () => {
    const reason = failure();
    if (reason === loggedFailure) return;
    if (reason === undefined) logger.info({ backend: service.name }, 'the key service signs again');
    else logger.error({ backend: service.name, reason }, 'the key service does not sign');
    loggedFailure = reason;
  };

  const call = <T>(
    subject: string,
    timeoutMs: number,
    work: (signal: AbortSignal) => Promise<T>,
    retryPolicy?: RetryPolicy,
  ) => calls.call(subject, AbortSignal.timeout(timeoutMs), work, retryPolicy).finally(logFailureChange);

  function sign(key: SigningKey, reference: string, data: Uint8Array): Promise<Uint8Array> {
    return call(key.kid, limits.signTimeoutMs, async (signal) => {
      const signature = await service.sign(reference, key.alg, data, signal);
      if (verifier.verifies(key, data, signature)) return signature;
      const error = wrongSignature(
        `${service.name}: the signature by ${reference} does not verify with ${key.kid}`,
      );
      logger.error(
        { backend: service.name, kid: key.kid, reference },
        'the key service returned an invalid signature',
      );
      throw error;
    });
  }

  const fetchPublicJwk = async (reference: string, alg: Algorithm) =>
    publicJwk(
      await call(reference, limits.signTimeoutMs, (signal) => service.publicKey(reference, signal)),
      alg,
    );

  async function createKey(alg: Algorithm): Promise<NewKey> {
    const create = (signal: AbortSignal) => service.create(alg, signal);
    const left = unfinished.findIndex((key) => key.alg === alg);
    // Taken out before the first wait, so that concurrent callers never get the same key.
    const [taken] = left < 0 ? [] : unfinished.splice(left, 1);
    const reference =
      taken?.reference ??
      (await call(`a new ${alg} key`, limits.createTimeoutMs, create, 'only if throttled'));
    try {
      const jwk = await retryOnRefusal(() => fetchPublicJwk(reference, alg), pauseMs);
      await retryOnRefusal(
        () => sign({ kid: jwk.kid, alg, jwk }, reference, testMessageFor(jwk.kid)),
        pauseMs,
      );
      logger.info({ backend: service.name, kid: jwk.kid, reference }, 'created a key in the key service');
      return { jwk, sealed: reference };
    } catch (error) {
      unfinished.push({ alg, reference });
      throw error;
    }
  }

  return {
    async createKey(alg): Promise<NewKey> {
      try {
        return await createKey(alg);
      } catch (error) {
        // Keys are created for the operator, so the reason is part of the message.
        if (!(error instanceof SojournError) || error.status !== 503) throw error;
        const { code, retryAfter = 5, cause } = error;
        throw new SojournError(code, {
          detail: `The key service cannot create an ${alg} key: ${reasonOf(error)}.`,
          retryAfter,
          cause,
        });
      }
    },

    sign: async (key, data) => sign(key, referenceOf(key, service), data),

    async check(key) {
      const reference = referenceOf(key, service);
      try {
        const jwk = await fetchPublicJwk(reference, key.alg);
        if (!isDeepStrictEqual({ ...jwk }, { ...key.jwk })) {
          throw unusable(key, `${reference} is another key in ${service.name}`);
        }
        await sign(key, reference, testMessageFor(key.kid));
      } catch (error) {
        if (!(error instanceof SojournError)) throw error;
        if (error.code === 'key_backend_refused' || error.code === 'key_backend_signature_invalid')
          throw unusable(key, reasonOf(error), error);
        if (error.code === 'key_material_unusable') throw error;
        // The server starts even if the service is down: the public keys are known, and the JWKS needs only those.
        logger.error(
          { backend: service.name, kid: key.kid, reason: reasonOf(error) },
          'cannot check a key; this key cannot sign until the key service responds',
        );
      }
    },

    failure,
    close: async () => service.close?.(),
  };
}

/** Not usable as a JWS, because it contains no dot. */
const testMessageFor = (kid: string): Uint8Array => Buffer.from(`sojourn tests the key ${kid}`);

/** Retries, because a new key may not be visible yet in all parts of the service. */
async function retryOnRefusal<T>(work: () => Promise<T>, pauseMs: number): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SojournError) || error.status !== 503 || attempt === newKeyAttempts) throw error;
      await sleep(pauseMs);
    }
  }
}

function referenceOf(key: KeyRecord, service: KeyService): string {
  if (key.sealed === null) throw unusable(key, 'it is retired or revoked');
  if (!service.isReference(key.sealed))
    throw unusable(key, `it was not created in ${service.name} with these settings`);
  return key.sealed;
}

function unusable(key: KeyRecord, reason: string, cause?: unknown): SojournError {
  return new SojournError('key_material_unusable', {
    detail: `The signing key ${key.kid} cannot be used: ${reason}.`,
    advice:
      'Enable or restore the key in the key service and permit the server to use it, or set keys.backend to the backend that created it. Sojourn has not created a replacement.',
    cause,
  });
}
