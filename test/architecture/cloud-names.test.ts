/** A new cloud touches its own folder and the two lists of clouds, so no other code names a cloud. */
import { expect, test } from '@jest/globals';
import { backendNames } from '../../src/tokens/keys/index.ts';
import { type Source, sources } from './source.ts';

/** Files that may name clouds, each with its reason. */
const exceptions: Readonly<Record<string, string>> = {
  'src/access/federation/platforms.ts':
    'platforms of workloads, from which clients sign in; not destinations',
  'src/server/config/shape.ts': 'documentation of the keys, with examples',
  'src/tools/sdk/credentials.ts': 'the SDK imports no module; it names the clouds whose credentials it reads',
  'src/tools/sdk/index.ts': 'exports these types',
};

const isPlace = ({ file, area }: Source): boolean =>
  area === 'clouds' ||
  area === 'sandbox' ||
  /^src\/tokens\/keys\/(aws-kms|azure-key-vault|gcp-kms)\//.test(file) ||
  /^src\/tools\/sdk\/(aws|azure|gcp)\.ts$/.test(file);

/** A key backend is not a destination: `aws-kms`, `aws_kms` and `awsKms` do not count. */
const backends = new RegExp(
  backendNames
    .flatMap((name) => [
      name,
      name.replaceAll('-', '_'),
      name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
    ])
    .join('|'),
  'g',
);

/** Without comments at the end of a line, and without the examples of commands, which document as comments do. */
const withoutDocumentation = (code: string): string =>
  code
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\s\/\/ .*$/gm, '')
    .replace(/\bexamples: \[[^\]]*\]/g, '')
    .replace(backends, '');

/** `aws`, `awsRegion`, `readAws`, `AWS`, `AWS_REGION`, `Google Cloud`. */
const cloudName =
  /(?<![a-zA-Z])(aws|azure|gcp)(?![a-z])|(?<=[a-z]|\b)(Aws|Azure|Gcp)(?![a-z])|(?<![A-Z])(AWS|AZURE|GCP)(?![A-Z])|Google Cloud|GOOGLE_|CLOUDSDK_/;

const namesCloud = ({ code }: Pick<Source, 'code'>): boolean => cloudName.test(withoutDocumentation(code));

test('only the clouds, the sandbox, key backends, SDK adapters and the excepted files name a cloud', () => {
  const naming = sources.filter((source) => !isPlace(source) && namesCloud(source)).map(({ file }) => file);
  expect(naming).toEqual(Object.keys(exceptions).toSorted());
  expect(naming.length).toBeLessThanOrEqual(6);
});

test.each([
  "if (cloud === 'aws') return;",
  'const azureToken = 1;',
  'readGcp()',
  'type AwsKeys = 1;',
  "'AWS_REGION'",
  "'as AWS and Google Cloud do'",
])('the search finds the name of a cloud in %s', (code) => {
  expect(namesCloud({ code })).toBe(true);
});

test.each([
  "'aws-kms': awsKms,",
  'keys.azure_key_vault',
  'value; // as AWS does',
  "examples: ['exec -- aws s3 ls']",
  'laws',
])('the search does not count %s', (code) => {
  expect(namesCloud({ code })).toBe(false);
});
