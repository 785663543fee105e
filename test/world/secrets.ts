/**
 * Those of the secrets, given as a cookie has them, that are anywhere in a value: in a text, in an encoding or as bytes
 * are printed, or in bytes, also as a part of them.
 */
export function secretsIn(value: unknown, secrets: Iterable<string>): string[] {
  const pieces = [...piecesOf(value)];
  const everything = Buffer.concat(pieces.flatMap((piece) => [Buffer.from(piece), BETWEEN]));
  const texts = pieces.filter((piece) => typeof piece === 'string').join('\n');
  const numbers = ` ${texts.match(/\d+/g)?.join(' ')} `;
  return [...secrets].filter((secret) => {
    const bytes = Buffer.from(secret, 'base64url');
    const needles = [bytes, ...(['base64url', 'base64', 'hex'] as const).map((encoding) => bytes.toString(encoding))];
    return (
      needles.some((needle) => everything.includes(needle)) ||
      texts.includes(bytes.toString('hex').replaceAll(/..\B/g, '$& ')) || // <Buffer 0c 22 …>
      numbers.includes(` ${bytes.join(' ')} `) || // Uint8Array(24) [ 12, 34, …
      numbers.includes(` ${[...bytes.entries()].flat().join(' ')} `) // {"0":12,"1":34,…
    );
  });
}

const BETWEEN = Buffer.from('\n');

/** Every text and every byte array that can be reached from a value, what is not enumerable included. */
function* piecesOf(value: unknown): Generator<string | Uint8Array> {
  const seen = new Set<unknown>();
  const left = [value];
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one === 'string') yield one;
    if (typeof one !== 'object' || one === null || seen.has(one)) continue;
    seen.add(one);
    if (one instanceof Uint8Array) yield one;
    else if (one instanceof Map || one instanceof Set) left.push(...[...one].flat());
    else for (const key of Reflect.ownKeys(one)) left.push(key, Reflect.get(one, key));
  }
}
