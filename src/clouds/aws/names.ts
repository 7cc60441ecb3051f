/** Names of what the set-up files create: each connection has its own, so that no set-up replaces another one. */

/** Of a stack or stack set. CloudFormation allows only letters, digits and hyphens, 128 at most. */
export const stackName = (connection: string): string =>
  `sojourn-${connection.replaceAll(/[^A-Za-z0-9]+/g, '-')}`.slice(0, 128);
