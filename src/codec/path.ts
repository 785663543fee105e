/** One step into a value, as it would be written: `.items`, `[3]`, `["no name"]`. */
export function formatStep(key: string): string {
  if (/^[a-z_$][\w$]*(\(\)(\[\d+\])?)?$/i.test(key)) return `.${key}`;
  return `[${/^\d+$/.test(key) ? key : JSON.stringify(key)}]`;
}

/** Where in a value something is, by the steps that lead there; cut off where it gets long. */
export function formatPath(steps: string): string {
  const text = `value${steps}`;
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
