/** Links to the CloudFormation console (CloudFormation user guide, "Quick-create links"). */
import type { PublicFiles, SetupFacts, SetupFile } from '../contract/index.ts';
import { uriList } from '../encode/index.ts';
import { stackName } from './names.ts';
import { consoleOf, defaultRegionOf, partitionFor } from './partitions.ts';
import type { AwsTarget } from './target.ts';

/** CloudFormation reads templates only from S3. */
const isOnS3 = (url: string): boolean =>
  /^https:\/\/([^/]+\.)?s3[.-][a-z0-9.-]*amazonaws\.(com|com\.cn|eu)\//.test(url);

export function links(
  target: AwsTarget,
  { connection }: SetupFacts,
  files: PublicFiles,
): readonly SetupFile[] {
  const partition = partitionFor(target);
  const region = target.region ?? defaultRegionOf(partition);
  const console = `https://${consoleOf(partition)}/cloudformation/home?region=${region}#/stacks`;
  const template = files.get('cloudformation.json')?.url;
  if (template === undefined || !isOnS3(template)) {
    return [
      uriList(
        'console.uri',
        `${console}/create`,
        'The console; upload cloudformation.json there as the template of a new stack',
      ),
    ];
  }
  const query = new URLSearchParams({
    templateURL: template,
    stackName: stackName(connection.id),
  });
  return [
    uriList(
      'quick-create.uri',
      `${console}/quickcreate?${query}`,
      'The console with the template and its parameters already filled in',
    ),
  ];
}
