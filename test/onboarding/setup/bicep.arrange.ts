/**
 * Reads the Bicep that we write, by the rules of the language for what it has of it, and gives the ARM template that it
 * stands for. Anything else is an error: it is no compiler.
 */
type Json = unknown;
type Scope = Readonly<
  Record<string, { readonly type: string; readonly version: string; readonly name: string }>
>;

const token = /\s*(?:('(?:[^'\\\n]|\\.)*')|(\d+)|([A-Za-z_]\w*)|([{}[\]():=.,@]))/y;
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", $: '$' };

/** A single-quoted string without an interpolation; the escapes of the language and no others. */
export function bicepText(quoted: string): string {
  const inside = quoted.slice(1, -1);
  if (/^\$\{|[^\\]\$\{/.test(inside.replaceAll('\\\\', ' '))) throw new Error(`interpolated: ${quoted}`);
  return inside.replace(/\\(?:u\{([0-9A-Fa-f]{1,6})\}|([\s\S]))/g, (_, code?: string, mark = '') => {
    const text = code ? String.fromCodePoint(Number.parseInt(code, 16)) : escapes[mark];
    if (text === undefined) throw new Error(`no escape: \\${mark}`);
    return text;
  });
}

const literal = (text: string): string => (/^\[.*\]$/s.test(text) ? `[${text}` : text);

export function armOf(source: string) {
  let at = 0;
  const peek = () => {
    token.lastIndex = at;
    return token.exec(source);
  };
  const next = (wanted?: string): string => {
    const [whole, ...kinds] = peek() ?? [];
    const found = kinds.find((kind) => kind !== undefined);
    if (whole === undefined || found === undefined || (wanted !== undefined && found !== wanted))
      throw new Error(`expected ${wanted ?? 'more'} at: ${source.slice(at, at + 40)}`);
    at += whole.length;
    return found;
  };
  const isNext = (mark: string) => peek()?.slice(1).includes(mark) ?? false;

  /** Within brackets of ARM, as an operand. */
  const operand = (scope: Scope): string => {
    const first = next();
    if (first.startsWith("'")) return `'${bicepText(first).replaceAll("'", "''")}'`;
    if (first === 'true' || first === 'false') return `${first}()`;
    if (isNext('(')) {
      next('(');
      const args: string[] = [];
      while (!isNext(')')) {
        args.push(operand(scope));
        if (!isNext(')')) next(',');
      }
      next(')');
      return members(`${first}(${args.join(', ')})`);
    }
    const resource = scope[first];
    if (!resource) return members(`parameters('${first}')`);
    const id = `resourceId('${resource.type}', ${resource.name})`;
    next('.');
    const member = next();
    if (member === 'id') return id;
    if (member !== 'properties') throw new Error(`unknown member ${member}`);
    return members(`reference(${id}, '${resource.version}')`);
  };
  const members = (start: string): string => {
    let text = start;
    while (isNext('.')) {
      next('.');
      text += `.${next()}`;
    }
    return text;
  };

  const value = (scope: Scope): Json => {
    if (isNext('{')) return object(scope);
    if (isNext('[')) {
      next('[');
      const items: Json[] = [];
      while (!isNext(']')) items.push(value(scope));
      next(']');
      return items;
    }
    const [, quoted, digits] = peek() ?? [];
    if (quoted !== undefined) return literal(bicepText(next()));
    return digits === undefined ? `[${operand(scope)}]` : Number(next());
  };
  const object = (scope: Scope): Record<string, Json> => {
    next('{');
    const made: Record<string, Json> = {};
    while (!isNext('}')) {
      const name = next();
      next(':');
      made[name.startsWith("'") ? bicepText(name) : name] = name === 'parent' ? next() : value(scope);
    }
    next('}');
    return made;
  };

  const conditionOf = () => {
    next('if');
    next('(');
    const condition = `[${operand({})}]`;
    next(')');
    return { condition };
  };

  const scope: Record<string, Scope[string]> = {};
  const template = {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    parameters: {} as Record<string, Json>,
    resources: [] as Record<string, Json>[],
    outputs: {} as Record<string, Json>,
  };
  let decorators: Record<string, Json> = {};
  while (source.slice(at).trim() !== '') {
    const kind = next();
    if (kind === '@') {
      const name = next();
      next('(');
      decorators[name] = value(scope);
      next(')');
      continue;
    }
    const name = next();
    const type = isNext('=') ? '' : next();
    next('=');
    if (kind === 'param') {
      const { description: _, ...limits } = decorators;
      template.parameters[name] = { type, defaultValue: value(scope), ...limits };
    } else if (kind === 'output') template.outputs[name] = { type, value: value(scope) };
    else if (kind === 'metadata') value(scope);
    else if (kind === 'resource') {
      const [resourceType = '', version = ''] = bicepText(type).split('@');
      const condition = isNext('if') ? conditionOf() : {};
      const { parent, ...body } = object(scope);
      const above = scope[String(parent)];
      const own = String(body.name);
      const operandOf = own.startsWith('[') ? own.slice(1, -1) : `'${own}'`;
      scope[name] = { type: resourceType, version, name: operandOf };
      const needed = Object.entries(scope).filter(
        ([other, { type: t, name: n }]) =>
          other !== name &&
          (above === scope[other] || JSON.stringify(body).includes(`resourceId('${t}', ${n})`)),
      );
      template.resources.push({
        type: resourceType,
        apiVersion: version,
        ...condition,
        ...body,
        ...(above ? { name: `[format('{0}/{1}', ${above.name}, ${operandOf})]` } : {}),
        dependsOn: needed.map(([, { type: t, name: n }]) => `[resourceId('${t}', ${n})]`),
      });
    } else throw new Error(`unknown statement ${kind}`);
    decorators = {};
  }
  return template;
}
