/**
 * The same for Terraform: terraform_data is built in, so that there is no further provider to be fetched, and runs once;
 * a data source of the provider `http` would send anew at each plan.
 */
import { type HclBlock, HclCall, HclExpression, type HclValue } from './hcl.ts';
import { reportScript } from './report.ts';

/**
 * @param body the ids, of which expressions make Terraform wait for the resources
 * @param after what else is to be there first
 */
export function reportBlocks(
  callback: string,
  body: Readonly<Record<string, HclValue>>,
  after: readonly HclExpression[] = [],
): HclBlock[] {
  return [
    {
      type: 'variable',
      labels: ['report'],
      attributes: {
        type: new HclExpression('bool'),
        default: true,
        description:
          'Whether the ids are reported by themselves, by curl on the machine that runs Terraform. Choose false to send the outputs yourself.',
      },
    },
    {
      type: 'resource',
      labels: ['terraform_data', 'report'],
      attributes: {
        count: new HclExpression('var.report ? 1 : 0'),
        triggers_replace: [new HclCall('jsonencode', body)],
        ...(after.length > 0 ? { depends_on: after } : {}),
      },
      blocks: [
        {
          type: 'provisioner',
          labels: ['local-exec'],
          attributes: {
            command: reportScript,
            interpreter: ['/bin/sh', '-c'],
            on_failure: new HclExpression('continue'),
            environment: {
              REPORT_TO: callback,
              BODY: new HclCall('jsonencode', body),
            },
          },
        },
      ],
    },
  ];
}
