/** Maps claims to a principal: attribute mapping, size limits and attribute condition. */
import type { FederatedToken } from './access-token.ts';
import { compileCondition, compileMapping, evaluate } from './condition.ts';
import { type Input, textOf, textsOf } from './input.ts';
import type { Provider } from './provider.ts';
import { type StsOutcome, stsRefuse } from './sts-request.ts';

export type Mapped = Pick<FederatedToken, 'subject' | 'groups' | 'attributes'>;

const maxSubjectBytes = 127;
const maxBytes = 8 * 1024;

const rejected = () =>
  stsRefuse('unauthorized_client', 'The given credential is rejected by the attribute condition.');

export function mapClaims(claims: Input, provider: Provider): StsOutcome<Mapped> {
  const values: Record<string, unknown> = {};
  for (const [key, expression] of Object.entries(provider.attributeMapping)) {
    const value = evaluate(compileMapping(expression), { assertion: claims });
    // A missing claim, including sub, is reported as a failed condition (clouds.md 3.2).
    if (value === undefined) return rejected();
    const isList = key === 'google.groups';
    if (isList ? !Array.isArray(value) : typeof value !== 'string')
      return stsRefuse(
        'unauthorized_client',
        `The mapped attribute '${key}' must be of type ${isList ? 'LIST' : 'STRING'}.`,
      );
    values[key] = value;
  }
  const subject = textOf(values['google.subject']);
  const groups = textsOf(values['google.groups']);
  const attributes = Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => key.startsWith('attribute.'))
      .map(([key, value]) => [key.slice('attribute.'.length), textOf(value)]),
  );
  if (subject === '') return rejected();
  if (Buffer.byteLength(subject) > maxSubjectBytes) {
    return stsRefuse(
      'invalid_request',
      `The size of mapped attribute google.subject exceeds the ${maxSubjectBytes} bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than ${maxSubjectBytes} bytes.`,
    );
  }
  if (Buffer.byteLength(JSON.stringify(values)) > maxBytes)
    return stsRefuse('invalid_request', 'The size of the mapped attributes exceeds the 8 KB limit.');
  const isAdmitted =
    provider.attributeCondition === undefined ||
    evaluate(compileCondition(provider.attributeCondition), {
      assertion: claims,
      google: { subject, groups },
      attribute: attributes,
    }) === true;
  return isAdmitted ? { ok: true, value: { subject, groups, attributes } } : rejected();
}
