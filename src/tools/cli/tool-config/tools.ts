/** The tools that `sojourn config` supports: those of each cloud, and Terraform for all clouds. */
import {
  type CloudName,
  type ToolConnection as ConnectionOfTool,
  programs,
  programsOf,
  type Tool,
} from '../../../clouds/programs/index.ts';

export interface ToolConnection extends ConnectionOfTool {
  readonly cloud: CloudName;
}

const all = Object.entries(programs).flatMap(([name, { title, config }]) =>
  config ? [[name, { title, config }] as const] : [],
);

/** By name: the tool for a connection; undefined if it does not support the connection's cloud. */
export const tools: ReadonlyMap<string, (cloud: string) => Tool | undefined> = new Map([
  ...all.flatMap(([owner, { config }]) =>
    Object.entries(config.tools).map(
      ([name, tool]) => [name, (cloud: string) => (cloud === owner ? tool : undefined)] as const,
    ),
  ),
  ['terraform', terraformFor] as const,
]);

function terraformFor(cloud: string): Tool | undefined {
  const terraform = programsOf(cloud)?.config?.terraform;
  return terraform && { write: terraform.write, nextStep: () => terraformStep };
}

const [first = '', ...others] = all.map(
  ([, { title, config }], index) =>
    `${title}${index === 0 ? ' also needs' : ''} ${config.terraform.prerequisite}`,
);
const terraformStep = `Set these variables in Terraform's shell. ${first}, ${others.slice(0, -1).join(', ')}, and ${others.at(-1)}.`;

/** Options that only tools of one cloud have. */
export const toolOptions = all.flatMap(([, { config }]) => config.options ?? []);

/** The tools that receive credentials, which a purpose narrows. */
export const toolsWithPurpose = all.flatMap(([, { config }]) =>
  Object.entries(config.tools).flatMap(([name, { acceptsPurpose }]) => (acceptsPurpose ? [name] : [])),
);
