/** The exchange with the service of a preset, in its dialect. The token of `bearer` needs no call. */
import { SojournError } from '../../platform/errors/index.ts';
import type { OutboundResponse } from '../../platform/outbound/index.ts';
import type { CloudRequest, Credentials } from '../contract/index.ts';
import { type Explanation, explainBy } from '../explanation.ts';
import { isJsonObject } from '../lint.ts';
import { refusalOf } from '../request.ts';
import { withRetries } from '../retry.ts';
import { errorIn, parseAnswer, readCredentials, responseOf } from './answer.ts';
import { answerOf, bodyOf, type Call, callValues, filled, urlOf } from './dialects.ts';
import type { Preset, Spend } from './preset.ts';
import { missingInputs, type PresetTarget, valuesOf } from './target.ts';
import type { TemplateValues } from './template.ts';
import { type PresetSettings, sendToService } from './transport.ts';

/** The first way whose input the target has. */
export const spendOf = ({ spend }: Preset, target: PresetTarget): Spend =>
  spend.find(({ when }) => when === undefined || target[when] !== undefined)!;

/** @throws {SojournError} `cloud_…`, or `connection_incomplete` while an input is unknown */
export async function exchange(
  preset: Preset,
  target: PresetTarget,
  request: CloudRequest<PresetSettings>,
): Promise<Credentials> {
  if (missingInputs(preset, target).length > 0) throw new SojournError('connection_incomplete');
  const spend = spendOf(preset, target);
  if (spend.kind !== 'bearer') return call(preset, spend, target, request);
  const { token } = await request.sign();
  return { expiresAt: expiryOf(token), credentials: { access_token: token, token_type: 'Bearer' } };
}

/** Each attempt has a fresh token: some services accept a jti once, and a token can expire while it waits. */
async function call(
  preset: Preset,
  spend: Call,
  target: PresetTarget,
  request: CloudRequest<PresetSettings>,
): Promise<Credentials> {
  const values = shortened(valuesOf(preset, target), spend, request);
  const paths = answerOf(spend);
  const attempt = async (): Promise<Credentials> => {
    const token = await request.sign();
    const requestedAt = request.now();
    const known = callValues(values, request.connection, token, requestedAt);
    const url = urlOf(spend, known);
    const { contentType, body } = bodyOf(spend, known, token.token);
    const answer = await sendToService(
      preset,
      target,
      {
        method: 'POST',
        url,
        headers: {
          // Ceph answers in the format that the client accepts.
          accept: `application/${paths.format}`,
          ...filled(spend.headers, known),
          'content-type': contentType,
        },
        body,
        signal: request.signal,
      },
      request.settings,
    );
    const document = parseAnswer(paths.format, answer.body);
    if (answer.status >= 200 && answer.status < 300) {
      try {
        return readCredentials(paths, document, { host: new URL(url).host, requestedAt });
      } catch (unreadable) {
        const { code, message } = errorIn(preset, document);
        // Some services answer 200 with an error inside.
        if (code === '' && message === '') throw unreadable;
      }
    }
    throw refusal(preset, answer, new URL(url).host, document);
  };
  // Once more with a fresh token: if that has expired as well, the cause is not transient.
  let expirations = 0;
  const isExpired = ({ code }: SojournError) => code === 'cloud_token_time' && ++expirations === 1;
  return withRetries(attempt, request.signal, isExpired);
}

/** The credentials end with the approval, unless the service issues none that are so short. */
function shortened(
  values: TemplateValues,
  spend: Call,
  { notAfter, now }: Pick<CloudRequest, 'notAfter' | 'now'>,
): TemplateValues {
  if (spend.kind !== 'sts' || !spend.lifetime || notAfter === undefined) return values;
  const { input, min_seconds: minSeconds } = spend.lifetime;
  const left = Math.floor((notAfter - now()) / 1000);
  return { ...values, [input]: String(Math.max(minSeconds, Math.min(Number(values[input]), left))) };
}

/** A service may refuse with a status alone; a text that is not in its format is a proxy's. */
export function refusal(
  preset: Preset,
  answer: OutboundResponse,
  host: string,
  document: unknown,
): SojournError {
  const said = errorIn(preset, document);
  if (said.code === '' && said.message === '' && isJsonObject(document) && answer.status < 500)
    return explain(preset, responseOf(preset, answer, document));
  return refusalOf(answer, { host, step: '', error: said }, (response) => explain(preset, response));
}

export const explanationsOf = ({ errors }: Preset): readonly Explanation[] =>
  errors.explain.map(({ status, code, message, means, detail, advice }) => ({
    match: {
      ...(status === undefined ? {} : { status }),
      ...(code === undefined ? {} : { code }),
      ...(message === undefined ? {} : { messageIncludes: message }),
    },
    errorCode: means,
    detail: errors.opaque === undefined ? detail : `${detail} ${errors.opaque}`,
    ...(advice === undefined ? {} : { advice }),
  }));

export const explain = (preset: Preset, response: Parameters<typeof explainBy>[2]): SojournError =>
  explainBy(preset.title, explanationsOf(preset), response);

/** The `exp` of a token that Sojourn signed, in milliseconds. */
function expiryOf(token: string): number {
  const [, claims = ''] = token.split('.');
  return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { exp: number }).exp * 1000;
}
