/** What a client says about itself, in words. */
import { parse } from 'bowser';

export interface Client {
  /** Such as "Chrome on Linux". */
  readonly name: string;
  readonly kind: 'computer' | 'phone' | 'program';
}

/** Only for people to read: a client can claim to be anything. */
export function clientOf(userAgent = ''): Client {
  if (userAgent.trim() === '') return { name: 'An unknown program', kind: 'program' };
  const { browser, os, platform } = parse(userAgent);
  const program = userAgent.split(/[/\s]/, 1)[0]; // such as curl
  const system = platform.model ?? os.name; // people know an iPhone better than iOS
  return {
    name: [browser.name === '' ? program : browser.name, system].filter(Boolean).join(' on '),
    kind: KINDS[platform.type ?? ''] ?? (os.name === undefined ? 'program' : 'computer'),
  };
}

const KINDS: Readonly<Record<string, Client['kind']>> = {
  desktop: 'computer',
  mobile: 'phone',
  tablet: 'phone',
  bot: 'program',
};
