/** The OpenAPI 3.1 document, generated from the same routes as the router. Pure. */
import { z } from 'zod';
import { connectionInput, purposesField } from '../../../access/connections/index.ts';
import { type ErrorCode, errorTable } from '../../../platform/errors/index.ts';
import { manifest } from '../../../platform/manifest.ts';
import { otherPaths, securitySchemes } from './other-paths.ts';
import { nothing, prefix, type Route } from './route.ts';
import { answers, inputs, purposeNames, targetNames } from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

export function openApiDocument(routes: readonly Route[]): Json {
  const byPath = Map.groupBy(routes, ({ path }) => prefix + path.replaceAll(/[:*](\w+)/g, '{$1}'));
  const paths = [...byPath].map(([path, routesOfPath]) => [
    path,
    Object.fromEntries(routesOfPath.map((route) => [route.method.toLowerCase(), operation(route)])),
  ]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sojourn',
      version: manifest.version,
      description: manifest.description,
      license: { name: 'Apache License 2.0', identifier: manifest.license },
    },
    servers: [{ url: '/', description: 'The admin listener' }],
    security: [{ admin_token: [] }],
    paths: { ...Object.fromEntries(paths), ...otherPaths },
    components: {
      schemas: { ...schemasOf(inputs, 'input'), ...schemasOf(answers, 'output') },
      securitySchemes,
    },
  };
}

function operation({
  path,
  operationId: name,
  summary,
  query,
  input,
  answer,
  status,
  refusals,
}: Route): Json {
  const segments = [...path.matchAll(/[:*](\w+)/g)].map(([, segment]) => ({
    name: segment,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  return {
    operationId: name,
    summary,
    tags: [path.split('/')[1]?.replace('.json', '')],
    parameters: [...segments, ...queryParameters(query)],
    ...(input === nothing
      ? {}
      : { requestBody: { required: true, content: jsonOf(refOf(input, inputs, 'input')) } }),
    responses: {
      [status]: { description: summary, ...contentOf(answer) },
      ...refusalsOf(['invalid_request', 'unauthorized', ...refusals]),
      default: refusal('Refused; see `code`.'),
    },
  };
}

const queryParameters = (query: z.ZodObject): Json[] =>
  Object.entries(query.shape).map(([name, field]) => {
    const { description, ...schema } = schemaOf(field as z.ZodType, 'input');
    return { name, in: 'query', ...(description === undefined ? {} : { description }), schema };
  });

function contentOf(answer: Route['answer']): Json {
  if (answer === 'file') return { content: { '*/*': { schema: {} } } };
  return answer instanceof z.ZodUndefined ? {} : { content: jsonOf(refOf(answer, answers, 'output')) };
}

/** Codes of one status share a response. */
const refusalsOf = (codes: readonly ErrorCode[]): Json =>
  Object.fromEntries(
    [...Map.groupBy(codes, (code) => errorTable[code].status)].map(([status, same]) => [
      status,
      refusal(same.map((code) => `\`${code}\`: ${errorTable[code].title}`).join(' ')),
    ]),
  );

const refusal = (description: string): Json => ({
  description,
  content: { 'application/problem+json': { schema: schemaRef('Problem') } },
});

const jsonOf = (schema: Json): Json => ({ 'application/json': { schema } });

const reference = (name: string): string => `#/components/schemas/${name}`;
const schemaRef = (name: string) => ({ $ref: reference(name) });

function refOf(schema: z.ZodType, named: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output'): Json {
  const [name] = Object.entries(named).find(([, candidate]) => candidate === schema) ?? [];
  return name === undefined ? schemaOf(schema, io) : schemaRef(name);
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  return withoutMetadata(z.toJSONSchema(schema, { io }));
}

/** OpenAPI 3.1 uses the JSON Schema dialect that zod emits, and names a schema by its position in the document. */
function withoutMetadata({ $schema: _dialect, $id: _name, ...schema }: z.core.JSONSchema.BaseSchema): Json {
  return schema;
}

function schemasOf(named: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output'): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io,
    uri: reference,
    override({ jsonSchema, zodSchema }) {
      // Later versions may add members to an answer; clients must accept them.
      if (io === 'output' && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
      // Only the sibling member `cloud` determines which of these schemas applies.
      if (zodSchema === connectionInput.shape.target) jsonSchema.anyOf = targetNames.map(schemaRef);
      if (zodSchema === purposesField.valueType) jsonSchema.anyOf = purposeNames.map(schemaRef);
    },
  });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutMetadata(schema)]));
}
