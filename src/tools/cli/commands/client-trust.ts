/** The options that say by what a client without a secret is recognized. */
import { kindNames } from '../../../access/federation/index.ts';
import { type OptionSpec, type ParsedArguments, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';

/** Workloads of an issuer that is not of a known kind. */
const anyIssuer = 'jwt';

export const trustOptions: readonly OptionSpec[] = [
  {
    flags: '--federated <kind>',
    description: 'recognize it by a token of its own platform, with no secret',
    choices: [...kindNames, anyIssuer],
  },
  {
    flags: '--issuer <url>',
    description: 'the iss of its tokens, exactly; some kinds have one of their own',
  },
  { flags: '--audience <text>', description: 'the aud of its tokens, exactly' },
  { flags: '--subject <text>', description: 'the sub of its tokens, exactly' },
  {
    flags: '--subject-glob <pattern>',
    description: 'the same with *, which stands for characters other than / and :',
  },
  { flags: '--claim <name=value>', description: 'another claim, exactly; may be repeated', repeatable: true },
  {
    flags: '--claim-glob <name=pattern>',
    description: 'another claim with *; may be repeated',
    repeatable: true,
  },
];

/** The client's `auth`; undefined without --federated. `keys` come from --jwks-file or --jwks-uri. */
export function trustOf(
  args: ParsedArguments,
  keys: { readonly jwks?: unknown; readonly jwks_uri?: string },
): object | undefined {
  const kind = text(args, 'federated');
  if (kind === undefined) {
    const stray = ['issuer', 'audience', 'subject', 'subjectGlob'].some(
      (name) => text(args, name) !== undefined,
    );
    if (stray || texts(args, 'claim').length > 0 || texts(args, 'claimGlob').length > 0)
      throw usageError(
        '--issuer, --audience, --subject, --subject-glob, --claim and --claim-glob go with --federated.',
      );
    return undefined;
  }
  const glob = text(args, 'subjectGlob');
  if (glob !== undefined && text(args, 'subject') !== undefined)
    throw usageError('--subject and --subject-glob exclude each other.');
  const claims = {
    ...Object.fromEntries(texts(args, 'claim').map((one) => parsePair(one, '--claim'))),
    ...Object.fromEntries(
      texts(args, 'claimGlob').map((one) => {
        const [name, glob] = parsePair(one, '--claim-glob');
        return [name, { glob }];
      }),
    ),
  };
  return {
    method: 'federated',
    ...(kind === anyIssuer ? {} : { preset: kind }),
    issuer: text(args, 'issuer'),
    audience: text(args, 'audience'),
    subject: glob === undefined ? text(args, 'subject') : { glob },
    ...(Object.keys(claims).length > 0 ? { claims } : {}),
    ...keys,
  };
}

/** A name of AWS's holds a colon and slashes, but none an equals sign. */
function parsePair(pair: string, option: string): [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw usageError(`${option} takes NAME=VALUE.`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}
