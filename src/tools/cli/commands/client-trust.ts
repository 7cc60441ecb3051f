/** Options of federated clients, which sign in with a token of their platform instead of a secret. */
import { platformNames } from '../../../access/federation/index.ts';
import { type OptionSpec, type ParsedArguments, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';

/** The choice for an issuer that is no known platform. */
const anyIssuer = 'jwt';

export const trustOptions: readonly OptionSpec[] = [
  {
    flags: '--federated <platform>',
    description: 'sign in with a token of its platform, without a secret',
    choices: [...platformNames, anyIssuer],
  },
  {
    flags: '--issuer <url>',
    description: 'federated: exact iss of the tokens; some platforms define it',
  },
  { flags: '--audience <text>', description: 'federated: exact aud of the tokens' },
  { flags: '--subject <text>', description: 'federated: exact sub of the tokens' },
  {
    flags: '--subject-glob <pattern>',
    description: 'federated: pattern for sub; * matches one or more characters except / and :',
  },
  {
    flags: '--claim <name=value>',
    description: 'federated: exact value of another claim (repeatable)',
    repeatable: true,
  },
  {
    flags: '--claim-glob <name=pattern>',
    description: 'federated: pattern for another claim (repeatable)',
    repeatable: true,
  },
];

/** The client's `auth`; undefined without --federated. `keys` come from --jwks-file or --jwks-uri. */
export function trustOf(
  args: ParsedArguments,
  keys: { readonly jwks?: unknown; readonly jwks_uri?: string },
): object | undefined {
  const platform = text(args, 'federated');
  if (platform === undefined) {
    const hasFederatedOption = ['issuer', 'audience', 'subject', 'subjectGlob'].some(
      (name) => text(args, name) !== undefined,
    );
    if (hasFederatedOption || texts(args, 'claim').length > 0 || texts(args, 'claimGlob').length > 0)
      throw usageError(
        '--issuer, --audience, --subject, --subject-glob, --claim and --claim-glob need --federated.',
      );
    return undefined;
  }
  const glob = text(args, 'subjectGlob');
  if (glob !== undefined && text(args, 'subject') !== undefined)
    throw usageError('--subject cannot be combined with --subject-glob.');
  const claims = {
    ...Object.fromEntries(texts(args, 'claim').map((value) => parsePair(value, '--claim'))),
    ...Object.fromEntries(
      texts(args, 'claimGlob').map((value) => {
        const [name, glob] = parsePair(value, '--claim-glob');
        return [name, { glob }];
      }),
    ),
  };
  return {
    method: 'federated',
    ...(platform === anyIssuer ? {} : { platform }),
    issuer: text(args, 'issuer'),
    audience: text(args, 'audience'),
    subject: glob === undefined ? text(args, 'subject') : { glob },
    ...(Object.keys(claims).length > 0 ? { claims } : {}),
    ...keys,
  };
}

/** Splits at the first `=`: claim names of AWS contain colons and slashes, but no `=`. */
function parsePair(pair: string, option: string): [string, string] {
  const index = pair.indexOf('=');
  if (index < 1) throw usageError(`${option} must be name=value.`);
  return [pair.slice(0, index), pair.slice(index + 1)];
}
