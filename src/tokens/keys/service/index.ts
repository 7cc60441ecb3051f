/**
 * The backend for a key service: what the service signs is verified before it is used, and what it does not answer is
 * never waited for. Owns: the steps that are the same for all services. Does not own: what a service says or wants.
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
  /** For a signature, with waiting, another try and verifying: its caller is to have an answer within 2 s. */
  readonly signTimeoutMs: number;
  /** For making a key. */
  readonly createTimeoutMs: number;
}

const defaultLimits: ServiceLimits = {
  maxQueued: 100,
  failureThreshold: 5,
  openMs: 1_000,
  signTimeoutMs: 1_500,
  createTimeoutMs: 20_000,
};

/** A key service may need a moment until all of it knows a new key (AWS KMS: "eventual consistency"). */
const newKeyAttempts = 3;

type SigningKey = Pick<KeyRecord, 'kid' | 'alg' | 'jwk'>;

export function serviceBackend(
  service: KeyService,
  { logger, limits = defaultLimits }: { logger: Logger; limits?: ServiceLimits },
): KeyBackend {
  const asking = new ServiceCalls(service, limits);
  // A little longer than a refused key is left alone.
  const pauseMs = limits.openMs * 1.1;
  const verifier = new Verifier();
  /** Made, but not yet seen to sign: used by the next try, or every try would leave a key behind that costs money. */
  const unfinished = new Map<Algorithm, string>();
  let told: string | undefined;

  const trouble = () => {
    const reasons = new Set(asking.failures.map(reasonOf));
    return reasons.size > 0 ? [...reasons].join('; ') : undefined;
  };

  /** Says what is wrong once, and once that it is over: a line for each request would drown the rest. */
  const tell = () => {
    const now = trouble();
    if (now === told) return;
    if (now === undefined) logger.info({ backend: service.name }, 'the key service signs again');
    else logger.error({ backend: service.name, reason: now }, 'the key service does not sign');
    told = now;
  };

  const ask = <T>(
    about: string,
    milliseconds: number,
    work: (signal: AbortSignal) => Promise<T>,
    repeats?: RetryPolicy,
  ) => asking.call(about, AbortSignal.timeout(milliseconds), work, repeats).finally(tell);

  function signed(key: SigningKey, reference: string, data: Uint8Array): Promise<Uint8Array> {
    return ask(key.kid, limits.signTimeoutMs, async (signal) => {
      const signature = await service.sign(reference, key.alg, data, signal);
      if (verifier.verifies(key, data, signature)) return signature;
      const error = wrongSignature(`${service.name}: the signature by ${reference} is not one of ${key.kid}`);
      logger.error(
        { backend: service.name, kid: key.kid, reference },
        'A SIGNATURE OF THE KEY SERVICE IS WRONG',
      );
      throw error;
    });
  }

  const publicHalf = async (reference: string, alg: Algorithm) =>
    publicJwk(
      await ask(reference, limits.signTimeoutMs, (signal) => service.publicKey(reference, signal)),
      alg,
    );

  async function make(alg: Algorithm): Promise<NewKey> {
    const create = (signal: AbortSignal) => service.create(alg, signal);
    const reference =
      unfinished.get(alg) ??
      (await ask(`a new ${alg} key`, limits.createTimeoutMs, create, 'when throttled'));
    unfinished.set(alg, reference);
    const jwk = await retryOnRefusal(() => publicHalf(reference, alg), pauseMs);
    await retryOnRefusal(
      () => signed({ kid: jwk.kid, alg, jwk }, reference, testMessageFor(jwk.kid)),
      pauseMs,
    );
    unfinished.delete(alg);
    logger.info({ backend: service.name, kid: jwk.kid, reference }, 'the key service made a key');
    return { jwk, sealed: reference };
  }

  return {
    async createKey(alg): Promise<NewKey> {
      try {
        return await make(alg);
      } catch (error) {
        // Whoever makes keys is the operator, who is to read the reason at once.
        if (!(error instanceof SojournError) || error.status !== 503) throw error;
        const { code, retryAfter = 5, cause } = error;
        throw new SojournError(code, {
          detail: `No ${alg} key can be made: ${reasonOf(error)}.`,
          retryAfter,
          cause,
        });
      }
    },

    sign: async (key, data) => signed(key, referenceOf(key, service), data),

    async check(key) {
      const reference = referenceOf(key, service);
      try {
        const jwk = await publicHalf(reference, key.alg);
        if (!isDeepStrictEqual({ ...jwk }, { ...key.jwk })) {
          throw unusable(key, `${reference} is another key in ${service.name}`);
        }
        await signed(key, reference, testMessageFor(key.kid));
      } catch (error) {
        if (!(error instanceof SojournError)) throw error;
        if (error.code === 'key_backend_refused' || error.code === 'key_backend_signature_invalid')
          throw unusable(key, reasonOf(error), error);
        if (error.code === 'key_material_unusable') throw error;
        // A service that is down keeps nobody from starting: the public halves are known, and the JWKS needs no more.
        logger.error(
          { backend: service.name, kid: key.kid, reason: reasonOf(error) },
          'the key could not be tried; nothing is signed with it until the key service answers',
        );
      }
    },

    failure: trouble,
    close: async () => service.close?.(),
  };
}

/** No JWS: it has no dot in it. */
const testMessageFor = (kid: string): Uint8Array => Buffer.from(`sojourn tries the key ${kid}`);

/** Tries again after a refusal, since a key that was made a moment ago may be unknown here and there. */
async function retryOnRefusal<T>(work: () => Promise<T>, pauseMs: number): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SojournError) || error.status !== 503 || tries === newKeyAttempts) throw error;
      await sleep(pauseMs);
    }
  }
}

function referenceOf(key: KeyRecord, service: KeyService): string {
  if (key.sealed === null) throw unusable(key, 'it cannot sign any more');
  if (!service.isReference(key.sealed))
    throw unusable(key, `it was not made in ${service.name}, by these settings`);
  return key.sealed;
}

function unusable(key: KeyRecord, why: string, cause?: unknown): SojournError {
  return new SojournError('key_material_unusable', {
    detail: `The signing key ${key.kid} cannot be used: ${why}.`,
    advice:
      'Enable or restore the key in the key service and let the server use it, or set keys.backend to the backend that made it. Nothing was made anew.',
    cause,
  });
}
