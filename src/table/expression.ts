import type { AttributeValue } from './port.js';

/** A condition or one of its parts, as DynamoDB reads it. */
export type Condition = string;

/**
 * The placeholders of one command. Every name is one, for DynamoDB reserves hundreds of words, and an
 * application's keys are any text.
 */
export class Placeholders {
  readonly #names = new Map<string, string>();
  readonly #values = new Map<string, AttributeValue>();

  name(attribute: string): string {
    let placeholder = this.#names.get(attribute);
    if (placeholder === undefined) {
      placeholder = /^\w+$/.test(attribute) ? `#${attribute}` : `#${this.#names.size}`;
      this.#names.set(attribute, placeholder);
    }
    return placeholder;
  }

  value(value: AttributeValue): string {
    const placeholder = `:${this.#values.size}`;
    this.#values.set(placeholder, value);
    return placeholder;
  }

  number(value: number): string {
    return this.value({ N: String(value) });
  }

  /** The command's part; without values there must be no member for them. */
  get input(): {
    ExpressionAttributeNames: Record<string, string>;
    ExpressionAttributeValues?: Record<string, AttributeValue>;
  } {
    const names = [...this.#names].map(([attribute, placeholder]) => [placeholder, attribute] as const);
    return {
      ExpressionAttributeNames: Object.fromEntries(names),
      ...(this.#values.size === 0 ? {} : { ExpressionAttributeValues: Object.fromEntries(this.#values) }),
    };
  }
}

/** All of them must hold; those that do not apply are left out as `undefined`. */
export function and(...conditions: readonly (Condition | undefined)[]): Condition {
  return conditions.filter((condition) => condition !== undefined).join(' AND ');
}
