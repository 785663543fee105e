import { BlockList, isIP, SocketAddress } from 'node:net';

/** What a request tells of the client, from a source that the client cannot forge. */
export interface Client {
  /** From the event's request context, never from a header. */
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** What to do about a client that is not the session's: nothing, an event, or an event and the end of the session. */
export type AnomalyPolicy = 'ignore' | 'report' | 'destroy';

/** How much a client may change, and what happens when it changes more. */
export interface ClientPolicy {
  readonly acceptRemoteIp: {
    /** How many leading bits of an IPv4 address may not change: 0 to 32. */
    readonly ipv4Bits: number;
    /** How many leading bits of an IPv6 address may not change: 0 to 64, as every device changes the others by itself. */
    readonly ipv6Bits: number;
    readonly otherwise: AnomalyPolicy;
  };
  readonly acceptChangingUserAgent: { readonly otherwise: AnomalyPolicy };
}

const LONGEST_USER_AGENT = 256; // bytes

/** The client as it is compared and stored: an address in its canonical form or none, a user agent of bounded length. */
export function canonical({ address = '', userAgent }: Client): Client {
  return {
    address: canonicalAddress(address),
    userAgent: userAgent === undefined ? undefined : Buffer.from(userAgent).subarray(0, LONGEST_USER_AGENT).toString(),
  };
}

function canonicalAddress(address: string): string | undefined {
  const family = isIP(address);
  if (family === 0) return undefined;
  if (family === 4) return address; // has one form only
  const withoutZone = address.replace(/%.*/, '');
  // An IPv4 client that reaches an IPv6 socket is still an IPv4 client (RFC 4291, 2.5.5.2).
  return new SocketAddress({ address: withoutZone, family: 'ipv6' }).address.replace(/^::ffff:(?=[\d.]+$)/, '');
}

/** Which of the client's attributes a write changes: those that stay cost nothing. */
export function clientChanges(
  before: Client,
  next: Client,
): { readonly address: boolean; readonly userAgent: boolean } {
  return { address: before.address !== next.address, userAgent: before.userAgent !== next.userAgent };
}

/** In what the client differs from the session's by more than the policy accepts, and what is to be done about it. */
export function anomalyOf(
  policy: ClientPolicy,
  stored: Client,
  present: Client,
): { readonly reason: 'address' | 'user-agent'; readonly otherwise: 'report' | 'destroy' } | undefined {
  const { acceptRemoteIp, acceptChangingUserAgent } = policy;
  if (acceptRemoteIp.otherwise !== 'ignore' && !sameNetwork(acceptRemoteIp, stored.address, present.address)) {
    return { reason: 'address', otherwise: acceptRemoteIp.otherwise };
  }
  if (acceptChangingUserAgent.otherwise !== 'ignore' && stored.userAgent !== present.userAgent) {
    return { reason: 'user-agent', otherwise: acceptChangingUserAgent.otherwise };
  }
  return undefined;
}

/** What is not known is no anomaly. */
function sameNetwork(bits: ClientPolicy['acceptRemoteIp'], stored?: string, present?: string): boolean {
  if (stored === undefined || present === undefined) return true;
  const family = isIP(stored);
  if (family === 0) return false;
  const network = new BlockList();
  if (family === 4) network.addSubnet(stored, bits.ipv4Bits, 'ipv4');
  else network.addSubnet(stored, bits.ipv6Bits, 'ipv6');
  return network.check(present, family === 4 ? 'ipv4' : 'ipv6');
}
