import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { printable, printableJson } from '../../../src/cli/printable.js';

describe('text from visitors, on a terminal', () => {
  it('keeps what can be read', () => {
    expect(printable('Mozilla/5.0 (✓) Köln 日本 👩')).toBe('Mozilla/5.0 (✓) Köln 日本 👩');
  });

  it.each([
    ['\u001b[31m', '\\u001b[31m'],
    ['\u009b2J', '\\u009b2J'],
    ['a\r\nb\tc', 'a\\u000d\\u000ab\\u0009c'],
    ['\u202eevil', '\\u202eevil'],
    ['\u2028', '\\u2028'],
    ['\u{e0001}', '\\udb40\\udc01'],
  ])('shows %j as an escape', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('stays the same JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const document = { value, text, [text]: 1 };
        const json = printableJson(document);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(document)));
        expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
