/**
 * What IAM requires of identity and session policies:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
import { malformedPolicy } from '../fault.ts';
import { parseStatements, type Statement, strings, syntax, withoutVendor } from './document.ts';

/** Throws MalformedPolicyDocument. */
export function checkIdentityPolicy(document: string): void {
  for (const { fields } of parseStatements(document)) {
    if ('Principal' in fields || 'NotPrincipal' in fields)
      throw malformedPolicy('Policy document should not specify a principal.');
    for (const action of listed(fields, 'Action', 'actions')) checkAction(action);
    for (const resource of listed(fields, 'Resource', 'resources')) checkResource(resource);
  }
}

/** The values of the element or of its opposite; exactly one of them is present. */
function listed(fields: Statement['fields'], name: 'Action' | 'Resource', plural: string): string[] {
  const opposite = `Not${name}`;
  if (name in fields && opposite in fields) throw syntax();
  const values = strings(fields[name] ?? fields[opposite] ?? []);
  if (values.length === 0) throw malformedPolicy(`Policy statement must contain ${plural}.`);
  return values;
}

function checkAction(action: string): void {
  if (action === '*') return;
  const [vendor = '', name, ...more] = action.split(':');
  if (!vendor || name === undefined) throw withoutVendor();
  if (more.length > 0) throw malformedPolicy('Actions/Condition can contain only one colon.');
  if (!/^[\w-]+$/.test(vendor)) throw malformedPolicy(`Vendor ${vendor} is not valid`);
}

function checkResource(resource: string): void {
  if (resource === '*') return;
  if (!resource.startsWith('arn:'))
    throw malformedPolicy(`Resource ${resource} must be in ARN format or "*".`);
  if (resource.split(':').length < 6) throw malformedPolicy('The policy failed legacy parsing');
}
