/** The options that say by what a client without a secret is recognized. */
import { kindNames } from '../../../access/federation/index.ts';
import { type Given, type OptionSpec, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';

/** Workloads of an issuer that is not of a known kind. */
const anyIssuer = 'jwt';

export const trustOptions: readonly OptionSpec[] = [
  {
    flags: '--federated <kind>',
    about: 'recognize it by a token of its own platform, with no secret',
    choices: [...kindNames, anyIssuer],
  },
  { flags: '--issuer <url>', about: 'the iss of its tokens, exactly; some kinds have one of their own' },
  { flags: '--audience <text>', about: 'the aud of its tokens, exactly' },
  { flags: '--subject <text>', about: 'the sub of its tokens, exactly' },
  {
    flags: '--subject-glob <pattern>',
    about: 'the same with *, which stands for characters other than / and :',
  },
  { flags: '--claim <name=value>', about: 'another claim, exactly; may be repeated', many: true },
  {
    flags: '--claim-glob <name=pattern>',
    about: 'another claim with *; may be repeated',
    many: true,
  },
];

/** The client's `auth`; undefined without --federated. `keys` come from --jwks-file or --jwks-uri. */
export function trustOf(
  given: Given,
  keys: { readonly jwks?: unknown; readonly jwks_uri?: string },
): object | undefined {
  const kind = text(given, 'federated');
  if (kind === undefined) {
    const stray = ['issuer', 'audience', 'subject', 'subjectGlob'].some(
      (name) => text(given, name) !== undefined,
    );
    if (stray || texts(given, 'claim').length > 0 || texts(given, 'claimGlob').length > 0)
      throw usageError(
        '--issuer, --audience, --subject, --subject-glob, --claim and --claim-glob go with --federated.',
      );
    return undefined;
  }
  const glob = text(given, 'subjectGlob');
  if (glob !== undefined && text(given, 'subject') !== undefined)
    throw usageError('--subject and --subject-glob exclude each other.');
  const claims = {
    ...Object.fromEntries(texts(given, 'claim').map((one) => pair(one, '--claim'))),
    ...Object.fromEntries(
      texts(given, 'claimGlob').map((one) => {
        const [name, glob] = pair(one, '--claim-glob');
        return [name, { glob }];
      }),
    ),
  };
  return {
    method: 'federated',
    ...(kind === anyIssuer ? {} : { preset: kind }),
    issuer: text(given, 'issuer'),
    audience: text(given, 'audience'),
    subject: glob === undefined ? text(given, 'subject') : { glob },
    ...(Object.keys(claims).length > 0 ? { claims } : {}),
    ...keys,
  };
}

/** A name of AWS's holds a colon and slashes, but none an equals sign. */
function pair(given: string, option: string): [string, string] {
  const at = given.indexOf('=');
  if (at < 1) throw usageError(`${option} takes NAME=VALUE.`);
  return [given.slice(0, at), given.slice(at + 1)];
}
