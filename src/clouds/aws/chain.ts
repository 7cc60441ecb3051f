/**
 * Role chaining: the session of the first role assumes a second one, with the external id that the second role may require
 * (IAM user guide, "Access to AWS accounts owned by third parties").
 */
import type { CloudRequest, Credentials } from '../contract/index.ts';
import { parseResponse } from '../request.ts';
import { chainStep } from './explain.ts';
import { type SessionKeys, sessionKeys } from './keys.ts';
import type { AwsSettings } from './settings.ts';
import { callSts } from './signed-call.ts';
import { member } from './xml.ts';

/** The parameters of AssumeRole, as in the API reference. */
export type AssumeRoleParameters = Readonly<Record<string, string>>;

export async function assumeRole(
  parameters: AssumeRoleParameters,
  session: { readonly region: string; readonly credentials: Credentials },
  request: CloudRequest<AwsSettings>,
): Promise<SessionKeys> {
  const { body } = await callSts(chainStep, parameters, session, request);
  const keys = Object.fromEntries(
    ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map((name) => [name, member(body, name)]),
  );
  const Expiration = new Date(member(body, 'Expiration'));
  return parseResponse(sessionKeys, { ...keys, Expiration }, 'STS');
}
