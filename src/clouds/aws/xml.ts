/** Reads a member of a response of STS by name; empty if there is none. */
export const member = (xml: string, name: string): string =>
  new RegExp(`<${name}>([^<]{0,20000})</${name}>`).exec(xml)?.[1]?.trim() ?? '';
