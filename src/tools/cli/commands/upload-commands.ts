/** Commands of the clouds' CLIs that upload exported documents with the headers that verifiers need. */
import { join } from 'node:path';
import { programs, type UploadSupport } from '../../../clouds/programs/index.ts';
import { usageError } from '../failure.ts';
import { shellWord } from '../shell.ts';

export interface ExportedFile {
  readonly path: string;
  readonly media_type: string;
  readonly cache_control: string;
}

const uploaders = Object.values(programs).flatMap(({ title, upload }) =>
  upload ? [{ title, ...upload }] : [],
);

/** `s3://…, gs://… or https://…` */
export const anyBucket = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(
  uploaders.map(({ example }) => example.replace(/[A-Z]+$/, '…')),
);

/** Commands for the bucket, or for a placeholder bucket of each cloud. Throws a usage error for an unknown kind of URL. */
export function uploadCommands(
  folder: string,
  bucket: string | undefined,
): (files: readonly ExportedFile[]) => string {
  const uploader = uploaders.find(({ pattern }) => pattern.test(bucket ?? ''));
  if (bucket !== undefined && !uploader)
    throw usageError(
      `--bucket must be ${uploaders.map(({ example }) => example).join(', ')}, with or without a prefix.`,
    );
  const lines = (files: readonly ExportedFile[], url: string, { command }: UploadSupport) =>
    files
      .map((file) => command(join(folder, file.path), `${url.replace(/\/+$/, '')}/${file.path}`, file))
      .map((words) => `${words.map(shellWord).join(' ')}\n`)
      .join('');
  return (files) =>
    uploader && bucket !== undefined
      ? lines(files, bucket, uploader)
      : uploaders.map((each) => `${each.title}:\n${lines(files, each.example, each)}`).join('\n');
}
