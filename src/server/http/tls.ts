/** Certificate, key and clients' authorities as files, which are renewed while the server runs. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { certificatesInPem } from '../../access/certificates/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { every } from '../../platform/time/index.ts';

/** PEM texts that belong together. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
  /** Whose clients' certificates are trusted; without it clients are not asked for one. */
  readonly client_ca?: string;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly client_ca?: string | null;
}

/** The pair at the start. Rejects with `config_invalid` when it cannot be used. */
export async function readTls(files: TlsFiles): Promise<TlsPair> {
  const { pair, fault } = await look(files);
  if (pair && !fault) return pair;
  if (fault === noAuthority)
    throw new SojournError('config_invalid', {
      detail: `listen.tls.client_ca: ${files.client_ca} cannot be used: ${fault}.`,
      advice: 'Name a PEM file with the certificates of the authorities, and nothing else.',
    });
  throw new SojournError('config_invalid', {
    detail: `listen.tls: ${files.cert} and ${files.key} cannot be used: ${fault}.`,
    advice:
      'Name a PEM file with the certificate chain, and one with the private key of its first certificate.',
  });
}

/** As often as this the files are looked at. Not by the system's notices: those miss a folder that is swapped as a whole. */
const pollMs = 2_000;

/**
 * Hands every new pair that can be used to `take`. One that cannot is told once, and the one before stays. Returns what
 * ends it.
 */
export function followTls(
  files: TlsFiles,
  { current, take, logger }: { current: TlsPair; take: (pair: TlsPair) => void; logger: Logger },
): () => Promise<void> {
  let [known, told] = [textOf(current), ''];
  let before = known;
  return every(pollMs, async () => {
    const { pair, fault } = await look(files);
    const text = pair ? textOf(pair) : `${fault}`;
    const settled = text === before;
    before = text;
    if (text === known) return;
    if (pair && !fault) {
      take(pair);
      [known, told] = [text, ''];
      logger.info({ ...files, valid_to: validTo(pair) }, 'a new certificate is taken');
    } else if (settled && text !== told) {
      // Twice the same: between one file and the other there is a moment at which they do not fit.
      told = text;
      logger.error({ ...files, reason: fault }, 'a new certificate cannot be used; the one before stays');
    }
  });
}

const textOf = ({ cert, key, client_ca = '' }: TlsPair): string => `${cert}\n${key}\n${client_ca}`;

const validTo = ({ cert }: TlsPair): string => new X509Certificate(cert).validToDate.toISOString();

const noAuthority = 'it is no bundle of certificates in PEM';

/** What is in the files, and what is wrong with it. */
async function look(files: TlsFiles): Promise<{ pair?: TlsPair; fault?: string }> {
  let pair: TlsPair;
  try {
    pair = { cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') };
    if (files.client_ca) pair = { ...pair, client_ca: await readFile(files.client_ca, 'utf8') };
  } catch (error) {
    return { fault: `it cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
  try {
    validTo(pair);
    createSecureContext({ cert: pair.cert, key: pair.key });
    // TLS would pass over what is no certificate, and then believe nobody, or those that are in front of it.
    const { client_ca } = pair;
    return client_ca === undefined || certificatesInPem(client_ca)?.length
      ? { pair }
      : { pair, fault: noAuthority };
  } catch (error) {
    return { pair, fault: faultOf(error as { code?: string }) };
  }
}

/** In words of our own: OpenSSL's may hold a part of the file. */
function faultOf({ code }: { code?: string }): string {
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') return 'the key is not the one of the certificate';
  return `they are no certificate and key in PEM (${code ?? 'unknown reason'})`;
}
