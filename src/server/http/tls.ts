/** Reads the TLS certificate, key and client authorities, and reloads the files when they change. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { certificatesInPem } from '../../access/certificates/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { readFileWithin } from '../../platform/files/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { every } from '../../platform/time/index.ts';

/** A certificate with its key, in PEM. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
  /** Authorities that client certificates are verified against; without it, none are requested. */
  readonly client_ca?: string;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly client_ca?: string | null;
}

/** Reads the files at start. Rejects with `config_invalid` if they are unusable. */
export async function readTls(files: TlsFiles): Promise<TlsPair> {
  const { pair, fault } = readPair(files);
  if (pair && !fault) return pair;
  if (fault === noAuthority)
    throw new SojournError('config_invalid', {
      detail: `listen.tls.client_ca: ${files.client_ca} cannot be used: ${fault}.`,
      advice: 'Name a PEM file that contains only the certificates of the authorities.',
    });
  throw new SojournError('config_invalid', {
    detail: `listen.tls: ${files.cert} and ${files.key} cannot be used: ${fault}.`,
    advice:
      'Name a PEM file with the certificate chain, and a PEM file with the private key of its first certificate.',
  });
}

/** The files are polled, because file system events miss a folder that is replaced as a whole. */
const pollMs = 2_000;

/**
 * Calls `take` with every new usable pair. Logs an unusable pair once, and the current one stays in use. Returns a
 * function that stops it.
 */
export function followTls(
  files: TlsFiles,
  { current, take, logger }: { current: TlsPair; take: (pair: TlsPair) => void; logger: Logger },
): () => Promise<void> {
  let [inUse, logged] = [textOf(current), ''];
  let previous = inUse;
  return every(pollMs, async () => {
    const { pair, fault } = readPair(files);
    const text = pair ? textOf(pair) : `${fault}`;
    const isStable = text === previous;
    previous = text;
    if (text === inUse) return;
    if (pair && !fault) {
      take(pair);
      [inUse, logged] = [text, ''];
      logger.info({ ...files, valid_to: validTo(pair) }, 'reloaded the TLS certificate');
    } else if (isStable && text !== logged) {
      // Unchanged since the last poll: while the files are replaced one by one, they do not match for a moment.
      logged = text;
      logger.error(
        { ...files, reason: fault },
        'cannot use the new TLS certificate; keeping the current one',
      );
    }
  });
}

const textOf = ({ cert, key, client_ca = '' }: TlsPair): string => `${cert}\n${key}\n${client_ca}`;

const validTo = ({ cert }: TlsPair): string => new X509Certificate(cert).validToDate.toISOString();

const noAuthority = 'it is not a PEM file of certificates';

/** A bundle of all public authorities has 220 KB. */
const maxBytes = 1024 * 1024;

/** Reads and checks the files. */
function readPair(files: TlsFiles): { pair?: TlsPair; fault?: string } {
  const cert = readFileWithin(files.cert, { maxBytes });
  const key = readFileWithin(files.key, { maxBytes });
  const authorities = files.client_ca ? readFileWithin(files.client_ca, { maxBytes }) : undefined;
  if ('fault' in cert) return { fault: `it ${cert.fault}` };
  if ('fault' in key) return { fault: `it ${key.fault}` };
  if (authorities && 'fault' in authorities) return { fault: `it ${authorities.fault}` };
  const pair: TlsPair = {
    cert: `${cert.bytes}`,
    key: `${key.bytes}`,
    ...(authorities ? { client_ca: `${authorities.bytes}` } : {}),
  };
  try {
    validTo(pair);
    createSecureContext({ cert: pair.cert, key: pair.key });
    // TLS ignores everything that is not a certificate, and would then trust no authority or only some.
    const { client_ca } = pair;
    return client_ca === undefined || certificatesInPem(client_ca)?.length
      ? { pair }
      : { pair, fault: noAuthority };
  } catch (error) {
    return { pair, fault: faultOf(error as { code?: string }) };
  }
}

/** Not OpenSSL's own message, which may contain a part of the file. */
function faultOf({ code }: { code?: string }): string {
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') return 'the key does not belong to the certificate';
  return `they are not a certificate and a key in PEM (${code ?? 'unknown reason'})`;
}

/** Administrators sign in with a token; the admin listener does not request certificates. */
export const serverPair = ({ cert, key }: TlsPair): TlsPair => ({ cert, key });
