/** The partitions of AWS. They do not share IAM: a role can be assumed only in a region of its own partition. */
import { z } from 'zod';

const partitions = {
  aws: {
    region: 'us-east-1',
    console: 'console.aws.amazon.com',
    regions: /^(?!cn-)[a-z]{2}-[a-z]+-\d{1,2}$/,
  },
  'aws-cn': { region: 'cn-north-1', console: 'console.amazonaws.cn', regions: /^cn-[a-z]+-\d{1,2}$/ },
  'aws-us-gov': {
    region: 'us-gov-west-1',
    console: 'console.amazonaws-us-gov.com',
    regions: /^us-gov-[a-z]+-\d{1,2}$/,
  },
  'aws-eusc': {
    region: 'eusc-de-east-1',
    console: 'console.amazonaws-eusc.eu',
    regions: /^eusc-[a-z]{2}-[a-z]+-\d{1,2}$/,
  },
} as const;

type Partition = keyof typeof partitions;

/** IAM allows any visible ASCII in a path, but an asterisk would be a wildcard in the roles claim of the token. */
const roleArn =
  /^arn:(aws|aws-cn|aws-us-gov|aws-eusc):iam::\d{12}:role\/(?:[\x21-\x29\x2b-\x7e]+\/)?[\w+=,.@-]{1,64}$/;

/** Length: STS API reference, AssumeRoleWithWebIdentity. */
export const roleArnField = z
  .string('must be a string')
  .min(20, 'must be 20 characters or more')
  .max(2048, 'must be 2048 characters at most')
  .regex(
    roleArn,
    'must be the ARN of a role, arn:PARTITION:iam::ACCOUNT:role/NAME, in aws, aws-cn, aws-us-gov or aws-eusc',
  );

export const regionField = z
  .string('must be a string')
  .refine(
    (region) => Object.values(partitions).some(({ regions }) => regions.test(region)),
    'must be the name of a region, such as eu-central-1',
  );

/** The region whose STS is called unless the target names another one. */
export const defaultRegion = (arn: string): string => partitions[partitionOf(arn)].region;

export const defaultRegionOf = (partition: Partition): string => partitions[partition].region;

export const isInPartition = (region: string, arn: string): boolean =>
  partitions[partitionOf(arn)].regions.test(region);

/** The partition of the role's ARN, else of the region, else `aws`. */
export function partitionFor({
  role_arn,
  region = '',
}: {
  role_arn?: string | undefined;
  region?: string | undefined;
}) {
  if (role_arn) return partitionOf(role_arn);
  const names = Object.keys(partitions) as Partition[];
  return names.find((name) => partitions[name].regions.test(region)) ?? 'aws';
}

/** `arn` has passed `roleArnField`. */
const partitionOf = (arn: string) => arn.split(':')[1] as Partition;

/** `arn` has passed `roleArnField`. */
export const accountOf = (arn: string): string => arn.split(':')[4] ?? '';

/** The domain after the service name in a host. */
export const domainOf = (region: string): string =>
  `${region}.amazonaws.${region.startsWith('cn-') ? 'com.cn' : region.startsWith('eusc-') ? 'eu' : 'com'}`;

export const isSamePartition = (arn: string, other: string): boolean =>
  partitionOf(arn) === partitionOf(other);

/** The host of the partition's console. */
export const consoleOf = (partition: Partition): string => partitions[partition].console;

/**
 * Regions enabled in every account, by geography: the token of a customer in Europe stays in Europe.
 * https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
 */
const fallbackRegions: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^us-gov-/, ['us-gov-west-1', 'us-gov-east-1']],
  [/^cn-/, ['cn-north-1', 'cn-northwest-1']],
  // This partition has only one region so far.
  [/^eusc-/, []],
  [/^(eu|me|af|il)-/, ['eu-west-1', 'eu-central-1']],
  [/^ap-/, ['ap-southeast-1', 'ap-northeast-1']],
  [/^(us|ca|mx|sa)-/, ['us-east-1', 'us-west-2']],
];

/** The region to call if the STS of this region does not answer; undefined if there is none. */
export const fallbackRegionOf = (region: string): string | undefined =>
  fallbackRegions.find(([regions]) => regions.test(region))?.[1].find((other) => other !== region);
