/** The dialects of a call with the token: what each sends, and where its answer has the credentials. */
import { toTimestamp } from '../../platform/time/index.ts';
import type { SignedToken } from '../contract/index.ts';
import { formType } from '../request.ts';
import type { Spend, SpendOf } from './preset.ts';
import { render, type TemplateValues } from './template.ts';

export type Call = Exclude<Spend, SpendOf<'bearer'>>;

/** Paths into a parsed answer. `seconds` from now, or an `instant`. */
export interface AnswerPaths {
  readonly format: 'json' | 'xml';
  readonly expires: { readonly in: 'seconds' | 'instant'; readonly path: string };
  readonly credentials:
    | { readonly token: string }
    | {
        readonly access_key_id: string;
        readonly secret_access_key: string;
        readonly session_token: string;
      };
}

export interface CallBody {
  readonly contentType: string;
  readonly body: string;
}

const tokenType = 'urn:ietf:params:oauth:token-type:jwt';

/** What the grant itself prescribes; the preset adds the rest. */
const grants = {
  'token-exchange': (token: string) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: tokenType,
    subject_token: token,
  }),
  'jwt-bearer': (token: string) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: token,
  }),
} as const;

/** Names that templates of a call can read besides the inputs. */
export const callNames = ['now', 'session'] as const;

/** `session` names the session in the logs of the service: the connection and the jti of our audit line. */
export const callValues = (
  values: TemplateValues,
  connection: string,
  { jti }: SignedToken,
  now: number,
): TemplateValues => ({
  ...values,
  now: toTimestamp(Math.floor(now / 1000) * 1000).replace('.000Z', 'Z'),
  session: `${connection}-${jti}`.replace(/[^\w.@-]/g, '-').slice(0, 64),
});

export const urlOf = (call: Call, values: TemplateValues): string => {
  const url = render(call.url, values);
  const query = call.kind === 'sts' ? new URLSearchParams(filled(call.query, values)).toString() : '';
  return query === '' ? url : `${url}?${query}`;
};

export function bodyOf(call: Call, values: TemplateValues, token: string): CallBody {
  const parameters = filled(call.parameters, values);
  if (call.kind === 'exchange') {
    const all = { ...grants[call.grant](token), ...parameters };
    return call.encoding === 'json' ? json(all) : form(all);
  }
  const all = { ...parameters, [call.token_parameter]: token };
  return call.kind === 'login' ? json(all) : form(all);
}

export function answerOf(call: Call): AnswerPaths {
  if (call.kind === 'sts') {
    const { format, expiration, ...credentials } = call.answer;
    return { format, expires: { in: 'instant', path: expiration }, credentials };
  }
  const { token, expires_in } =
    call.kind === 'login' ? call.answer : { token: 'access_token', expires_in: 'expires_in' };
  return { format: 'json', expires: { in: 'seconds', path: expires_in }, credentials: { token } };
}

/** Without the entries that are empty. */
export const filled = (
  templates: Readonly<Record<string, string>>,
  values: TemplateValues,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(templates)
      .map(([name, text]) => [name, render(text, values)] as const)
      .filter(([, value]) => value !== ''),
  );

const json = (members: object): CallBody => ({
  contentType: 'application/json',
  body: JSON.stringify(members),
});

const form = (members: Record<string, string>): CallBody => ({
  contentType: formType,
  body: new URLSearchParams(members).toString(),
});
