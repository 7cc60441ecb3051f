/** What /token does once the client has authenticated: resolve → policy → claims → audit → sign. The same for both grants. */
import { randomBytes } from 'node:crypto';
import { withinApproval } from '../../access/approvals/index.ts';
import type { Client, Clients, StoredSecret } from '../../access/clients/index.ts';
import type { ResolvedConnection } from '../../access/connections/index.ts';
import type { Algorithm } from '../../clouds/index.ts';
import type { Audit } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { RequestLimits } from '../../platform/limits/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { type Now, toSeconds } from '../../platform/time/index.ts';
import type { Keyring } from '../keys/index.ts';
import {
  type ApiSignIn,
  apiClaims,
  apiHeader,
  type Claims,
  cloudClaims,
  cloudHeader,
  ownAlgorithm,
} from './claims.ts';
import type { EngineOptions, TokenResponse } from './engine.ts';
import { type JwsHeader, signJws } from './jws.ts';
import { exchangeGrant, issuedTypes } from './parameters.ts';
import { recordIssued, recordReplaced } from './record.ts';
import { indicatorOf, type ResourceOptions, resolveResource } from './resource.ts';
import { currentProgress, type Progress } from './token-request.ts';

export interface DescribeOptions {
  readonly issuer: string;
  readonly keyring: Keyring;
  readonly algorithms: readonly Algorithm[];
  /** Life of a token in seconds where the connection sets none. */
  readonly ttl: number;
  readonly now: Now;
}

export interface IssueOptions extends ResourceOptions, DescribeOptions {
  readonly clients: Clients;
  readonly audit: Audit;
  readonly limits: Pick<RequestLimits, 'countClient'>;
  readonly logger: Logger;
}

export interface UnsignedToken {
  readonly header: JwsHeader;
  readonly claims: Claims;
}

export const newJti = (): string => randomBytes(16).toString('base64url');

/** @param notAfter in milliseconds: the token ends no later */
export function describeCloudToken(
  { keyring, ttl, now }: DescribeOptions,
  resolved: ResolvedConnection,
  jti: string,
  notAfter: number | undefined,
): UnsignedToken {
  const { alg, kid } = keyring.active(resolved.connection.algorithm);
  const time = now();
  const seconds = resolved.tokenSeconds ?? ttl;
  const life = notAfter === undefined ? seconds : withinApproval(seconds, notAfter, time);
  const claims = cloudClaims(resolved, { iat: toSeconds(time), ttl: life, jti });
  return { header: { alg, ...cloudHeader, kid }, claims };
}

/** The handler of both grants: answers the request of `currentProgress`. */
export const createGrantHandler = (options: IssueOptions): EngineOptions['grant'] =>
  async function issueToken(ctx) {
    const { limits, audit, keyring, logger } = options;
    const progress = currentProgress.getStore()!;
    const { request, client, proof } = progress;
    if (!client) throw new SojournError('internal', { cause: new Error('no client has authenticated') });
    await limits.countClient(request.context, client.client_id);
    const resource = await resolveResource(options, progress, client);
    const { header, claims } =
      'connection' in resource
        ? describeCloudToken(options, resource.connection, newJti(), resource.notAfter)
        : describeApiToken(options, client, {
            claims: resource.workloadClaims,
            secret: proof?.method === 'secret' ? proof.secret.id : undefined,
          });
    // Once nothing in the request can be refused: an external token is consumed by what is issued for it.
    const release = proof?.method === 'external' ? await proof.consume(indicatorOf(resource)) : undefined;
    try {
      // Before the signature: a token that is not in the audit does not exist.
      await recordIssued(audit, progress, header.kid, claims);
      if (proof?.method === 'secret') await noteSecretUse(options, progress, client, proof.secret);
      ctx.body = {
        access_token: await signJws(keyring, header, claims),
        expires_in: claims.exp - claims.iat,
        token_type: 'Bearer',
        // RFC 8693 section 2.2.1.
        ...(request.parameters.get('grant_type') === exchangeGrant && {
          issued_token_type: request.parameters.get('requested_token_type') ?? issuedTypes[0],
        }),
      } satisfies TokenResponse;
    } catch (error) {
      // The workload may have no other token to try again with.
      await release?.().catch((err: unknown) =>
        logger.warn(
          { err, request_id: request.context.request_id },
          'cannot release an external token after a failure; it stays used',
        ),
      );
      throw error;
    }
  };

function describeApiToken(
  { issuer, keyring, algorithms, ttl, now }: IssueOptions,
  { client_id }: Client,
  signIn: ApiSignIn,
): UnsignedToken {
  const { alg, kid } = keyring.active(ownAlgorithm(algorithms));
  const issuance = { iat: toSeconds(now()), ttl, jti: newJti() };
  return { header: { alg, ...apiHeader, kid }, claims: apiClaims(issuer, client_id, issuance, signIn) };
}

/** Records when a secret was used last. It never prevents the token. */
async function noteSecretUse(
  { clients, audit, logger }: IssueOptions,
  progress: Progress,
  client: Client,
  { id, replaces }: StoredSecret,
): Promise<void> {
  try {
    await clients.recordUse(id);
    if (!replaces) return;
    await clients.endReplaced(client.client_id, id);
    await recordReplaced(audit, progress, replaces.id);
  } catch (err) {
    logger.warn({ err, client: client.client_id }, 'cannot record the use of a secret');
  }
}
