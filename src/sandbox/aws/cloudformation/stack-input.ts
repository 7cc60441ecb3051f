/** Reads what the customer submits for a stack: template, parameters, capabilities and tags. */
import { validationError } from '../fault.ts';
import { optionalText, read, records, tags, texts } from '../query.ts';
import type { OwnCall } from '../service.ts';
import type { StackInput } from './stack.ts';
import { parseTemplate } from './template.ts';

/** @param previous the stack's current input, for `UsePreviousTemplate` and `UsePreviousValue` */
export async function readStackInput(call: OwnCall, previous?: StackInput): Promise<StackInput> {
  const input = read(call.params, {
    TemplateBody: optionalText({ min: 1, max: 51_200 }),
    TemplateURL: optionalText({ min: 1, max: 5120 }),
    UsePreviousTemplate: optionalText(),
    Parameters: records,
    Capabilities: texts(),
    Tags: tags,
  });
  const body =
    input.UsePreviousTemplate === 'true' && previous
      ? previous.body
      : (input.TemplateBody ?? (await fetchTemplate(call, input.TemplateURL)));
  const parameters = input.Parameters.map((item): [string, string] => {
    const name = item.get('ParameterKey') ?? '';
    if (item.get('UsePreviousValue') !== 'true') return [name, item.get('ParameterValue') ?? ''];
    const value = previous && submittedValue(previous, name);
    if (value === undefined)
      throw validationError(
        `Invalid input for parameter key ${name}. Cannot specify usePreviousValue as true for a parameter key not in the previous template`,
      );
    return [name, value];
  });
  return {
    body,
    parameters: new Map(parameters),
    capabilities: input.Capabilities,
    tags: call.params.has('Tags.member.1.Key') ? input.Tags : (previous?.tags ?? []),
  };
}

/** The submitted value, or the default of the template. */
function submittedValue({ body, parameters }: StackInput, name: string): string | undefined {
  const definition = parseTemplate(body).parameters[name] as { readonly Default?: unknown } | undefined;
  const value = parameters.get(name) ?? definition?.Default;
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * As in AWS, only S3 URLs are accepted. The URL must name a real public bucket, because the sandbox serves no
 * templates.
 */
async function fetchTemplate({ runtime }: OwnCall, url: string | undefined): Promise<string> {
  if (url === undefined) throw validationError('Either Template URL or Template Body must be specified.');
  if (!/^https:\/\/([^/]+\.)?s3[.-][a-z0-9.-]*amazonaws\.com(\.cn)?\//.test(url))
    throw validationError('TemplateURL must be a supported URL.');
  const fetched = await runtime.fetchJson(url);
  if (!fetched.ok) throw validationError('S3 error: Access Denied');
  return JSON.stringify(fetched.value);
}
