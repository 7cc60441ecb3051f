/**
 * The set-up report for Terraform. terraform_data is built in, so it needs no other provider, and it runs once; a data source
 * of the `http` provider would send the report at every plan.
 */
import { type HclBlock, HclCall, HclExpression, type HclValue } from './hcl.ts';
import { reportScript } from './report.ts';

/**
 * @param body the ids; expressions among them make Terraform wait for the resources
 * @param after further resources to wait for
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
          'Whether curl reports the ids from the machine that runs Terraform. Choose false to send the outputs yourself.',
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
