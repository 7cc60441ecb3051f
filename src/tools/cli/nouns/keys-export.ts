/** `sojourn keys export`: discovery and JWKS as files, for a place that outlives this server. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { askAdmin, connectionOptions, itemsOf } from '../admin.ts';
import { type CommandSpec, type Face, flag, type Given, text } from '../command.ts';
import { usageError } from '../failure.ts';
import type { Json } from '../print.ts';
import { readAnswer } from '../server.ts';
import { type ExportedFile, uploadCommands } from './upload-commands.ts';

const manifestName = 'manifest.json';

export const keysExport: CommandSpec = {
  usage: 'export',
  about: 'write discovery and JWKS of every issuer to files, and tell how they are uploaded',
  options: [
    { flags: '--output <dir>', about: 'the folder, laid out as the URLs below the issuer', required: true },
    { flags: '--to <place>', about: 's3://…, gs://… or https://ACCOUNT.blob.core.windows.net/…' },
    { flags: '--json', about: 'print the manifest as JSON' },
    ...connectionOptions,
  ],
  examples: ['keys export --output ./issuer', 'keys export --output ./issuer --to s3://id-example-com'],
  async run(given, face) {
    const folder = text(given, 'output') ?? '';
    const commands = uploadCommands(folder, text(given, 'to'));
    const files: ExportedFile[] = [];
    const missing: string[] = [];
    for await (const { body, ...file } of documents(given, face, missing)) {
      write(join(folder, file.path), body);
      files.push(file);
    }
    const manifest = `${JSON.stringify({ files }, null, 2)}\n`;
    write(join(folder, manifestName), manifest);
    face.out(
      flag(given, 'json')
        ? manifest
        : `Wrote ${files.length} documents and ${manifestName} to ${folder}\n\n${commands(files)}`,
    );
    for (const tenant of missing) {
      face.err(
        `The documents of ${tenant} are missing: the keys of this tenant cannot be used. See the log of the server.\n`,
      );
    }
    return missing.length > 0 ? 1 : 0;
  },
};

/** @param missing gets the tenants whose documents the server cannot tell */
async function* documents(
  given: Given,
  face: Face,
  missing: string[],
): AsyncGenerator<ExportedFile & { body: string }> {
  let after: string | undefined;
  do {
    const query = { after, limit: '200' };
    const page = readAnswer(await askAdmin({ method: 'GET', path: '/keys/documents', query }, given, face));
    for (const item of itemsOf(page)) yield checked(item);
    if (Array.isArray(page.missing)) missing.push(...page.missing.map(String));
    after = typeof page.next === 'string' ? page.next : undefined;
  } while (after !== undefined);
}

/** The path came over the network: it is one that an issuer has, or it names no file. */
function checked({ path, media_type, cache_control, body }: Json) {
  if (!/^(t\/ten_[0-9a-z]+\/)?(jwks|\.well-known\/openid-configuration)$/.test(String(path)))
    throw usageError(`${String(path)} is no document of an issuer.`);
  return {
    path: String(path),
    media_type: String(media_type),
    cache_control: String(cache_control),
    body: String(body),
  };
}

function write(path: string, content: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  } catch (error) {
    throw usageError(`--output: ${path} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
  }
}
