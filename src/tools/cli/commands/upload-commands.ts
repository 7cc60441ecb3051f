/** The commands of the clouds' own programs that upload exported documents so that verifiers take them. */
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
  readonly program: string;
  readonly form: RegExp;
  readonly example: string;
  readonly command: (place: string) => Command;
}[] = [
  {
    program: 'AWS',
    form: /^s3:\/\/[a-z0-9][a-z0-9.-]+(\/|$)/,
    example: 's3://BUCKET',
    command: (place) => (local, file) => [
      'aws',
      's3',
      'cp',
      local,
      `${place}/${file.path}`,
      '--content-type',
      file.media_type,
      '--cache-control',
      file.cache_control,
    ],
  },
  {
    program: 'Google Cloud',
    form: /^gs:\/\/[a-z0-9][\w.-]+(\/|$)/,
    example: 'gs://BUCKET',
    command: (place) => (local, file) => [
      ...['gcloud', 'storage', 'cp', local, `${place}/${file.path}`],
      `--content-type=${file.media_type}`,
      `--cache-control=${file.cache_control}`,
    ],
  },
  {
    program: 'Azure',
    form: /^https:\/\/[a-z0-9]+\.blob\.[a-z.]+\/[a-z0-9$-]+(\/|$)/,
    example: 'https://ACCOUNT.blob.core.windows.net/CONTAINER',
    command: (place) => (local, file) => [
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
      `${place}/${file.path}`,
      '--content-type',
      file.media_type,
      '--content-cache-control',
      file.cache_control,
    ],
  },
];

/** For the named place, or for one of each cloud to be filled in. Throws where the place is of no known form. */
export function uploadCommands(
  folder: string,
  place: string | undefined,
): (files: readonly ExportedFile[]) => string {
  const way = uploaders.find(({ form }) => form.test(place ?? ''));
  if (place !== undefined && !way)
    throw usageError(
      `--to must be ${uploaders.map(({ example }) => example).join(', ')}, with a prefix or without.`,
    );
  const lines = (files: readonly ExportedFile[], to: string, command: (place: string) => Command) =>
    files
      .map((file) => command(to.replace(/\/+$/, ''))(join(folder, file.path), file))
      .map((words) => `${words.map(shellWord).join(' ')}\n`)
      .join('');
  return (files) =>
    way && place !== undefined
      ? lines(files, place, way.command)
      : uploaders
          .map(({ program, example, command }) => `${program}:\n${lines(files, example, command)}`)
          .join('\n');
}
