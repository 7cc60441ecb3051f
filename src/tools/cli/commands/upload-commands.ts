/** Commands of the clouds' CLIs that upload exported documents with the headers that verifiers need. */
import { join } from 'node:path';
import { usageError } from '../failure.ts';
import { shellWord } from '../shell.ts';

export interface ExportedFile {
  readonly path: string;
  readonly media_type: string;
  readonly cache_control: string;
}

type Command = (local: string, file: ExportedFile) => readonly string[];

const uploaders: readonly {
  readonly cloud: string;
  readonly pattern: RegExp;
  readonly example: string;
  readonly command: (bucket: string) => Command;
}[] = [
  {
    cloud: 'AWS',
    pattern: /^s3:\/\/[a-z0-9][a-z0-9.-]+(\/|$)/,
    example: 's3://BUCKET',
    command: (bucket) => (local, file) => [
      'aws',
      's3',
      'cp',
      local,
      `${bucket}/${file.path}`,
      '--content-type',
      file.media_type,
      '--cache-control',
      file.cache_control,
    ],
  },
  {
    cloud: 'Google Cloud',
    pattern: /^gs:\/\/[a-z0-9][\w.-]+(\/|$)/,
    example: 'gs://BUCKET',
    command: (bucket) => (local, file) => [
      ...['gcloud', 'storage', 'cp', local, `${bucket}/${file.path}`],
      `--content-type=${file.media_type}`,
      `--cache-control=${file.cache_control}`,
    ],
  },
  {
    cloud: 'Azure',
    pattern: /^https:\/\/[a-z0-9]+\.blob\.[a-z.]+\/[a-z0-9$-]+(\/|$)/,
    example: 'https://ACCOUNT.blob.core.windows.net/CONTAINER',
    command: (bucket) => (local, file) => [
      'az',
      'storage',
      'blob',
      'upload',
      '--auth-mode',
      'login',
      '--overwrite',
      'true',
      '--file',
      local,
      '--blob-url',
      `${bucket}/${file.path}`,
      '--content-type',
      file.media_type,
      '--content-cache-control',
      file.cache_control,
    ],
  },
];

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
  const lines = (files: readonly ExportedFile[], url: string, command: (bucket: string) => Command) =>
    files
      .map((file) => command(url.replace(/\/+$/, ''))(join(folder, file.path), file))
      .map((words) => `${words.map(shellWord).join(' ')}\n`)
      .join('');
  return (files) =>
    uploader && bucket !== undefined
      ? lines(files, bucket, uploader.command)
      : uploaders
          .map(({ cloud, example, command }) => `${cloud}:\n${lines(files, example, command)}`)
          .join('\n');
}
