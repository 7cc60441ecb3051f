/** `sojourn keys export`: writes issuer documents to files, for a mirror that stays available without this server. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connectionOptions, itemsOf, requestAdmin } from '../admin.ts';
import { type CommandSpec, isSet, type ParsedArguments, type Terminal, text } from '../command.ts';
import { usageError } from '../failure.ts';
import { allPages } from '../pages.ts';
import { counted, type Json } from '../print.ts';
import { parseAnswer } from '../server.ts';
import { anyBucket, type ExportedFile, uploadCommands } from './upload-commands.ts';

const manifestName = 'manifest.json';

export const keysExport: CommandSpec = {
  usage: 'export',
  description: 'write the issuer documents to files, and print commands to upload them',
  options: [
    {
      flags: '--output <dir>',
      description: 'folder; the files get the paths of their URLs',
      required: true,
    },
    {
      flags: '--bucket <url>',
      description: `print commands for ${anyBucket}`,
    },
    { flags: '--json', description: 'print the manifest as JSON' },
    ...connectionOptions,
  ],
  examples: ['keys export --output ./issuer', 'keys export --output ./issuer --bucket s3://id-example-com'],
  async run(args, terminal) {
    const folder = text(args, 'output') ?? '';
    const commands = uploadCommands(folder, text(args, 'bucket'));
    const files: ExportedFile[] = [];
    const omittedTenants: string[] = [];
    for await (const { body, ...file } of fetchDocuments(args, terminal, omittedTenants)) {
      writeDocument(join(folder, file.path), body);
      files.push(file);
    }
    const manifest = `${JSON.stringify({ files }, null, 2)}\n`;
    writeDocument(join(folder, manifestName), manifest);
    terminal.out(
      isSet(args, 'json')
        ? manifest
        : `Wrote ${counted(files.length, 'document')} and ${manifestName} to ${folder}\n\n${commands(files)}`,
    );
    for (const tenant of omittedTenants) {
      terminal.err(
        `The documents of ${tenant} are missing, because its keys are unusable.\n→ See the server's log.\n`,
      );
    }
    return omittedTenants.length > 0 ? 1 : 0;
  },
};

/** @param omittedTenants receives the tenants whose documents the server left out */
async function* fetchDocuments(
  args: ParsedArguments,
  terminal: Terminal,
  omittedTenants: string[],
): AsyncGenerator<ExportedFile & { body: string }> {
  const pages = allPages(async (query) =>
    parseAnswer(await requestAdmin({ method: 'GET', path: '/keys/documents', query }, args, terminal)),
  );
  for await (const page of pages) {
    for (const item of itemsOf(page)) yield parseDocument(item);
    if (Array.isArray(page.omitted_tenants)) omittedTenants.push(...page.omitted_tenants.map(String));
  }
}

/** Validates the path, which came over the network: only paths of issuer documents become files. */
function parseDocument({ path, media_type, cache_control, body }: Json) {
  if (!/^(t\/ten_[0-9a-z]+\/)?(jwks|\.well-known\/openid-configuration)$/.test(String(path)))
    throw usageError(`${String(path)} is not the path of an issuer document.`);
  return {
    path: String(path),
    media_type: String(media_type),
    cache_control: String(cache_control),
    body: String(body),
  };
}

function writeDocument(path: string, content: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  } catch (error) {
    throw usageError(`--output: ${path} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
  }
}
