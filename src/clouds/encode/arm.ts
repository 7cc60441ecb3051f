/**
 * A string of an ARM template that is to be taken as it is. Only text within `[` and `]` is an expression, and there one
 * more `[` makes it plain again; text that does not end in `]` must not be escaped
 * (learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions, "Escape characters").
 */
export function armString(text: string): string {
  return text.startsWith('[') && text.endsWith(']') ? `[${text}` : text;
}
