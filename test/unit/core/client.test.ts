import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { anomalyOf, canonical, type ClientPolicy } from '../../../src/core/client.js';

const policy = (
  ipv4Bits = 32,
  ipv6Bits = 64,
  userAgent: ClientPolicy['acceptChangingUserAgent']['otherwise'] = 'ignore',
): ClientPolicy => ({
  acceptRemoteIp: { ipv4Bits, ipv6Bits, otherwise: 'report' },
  acceptChangingUserAgent: { otherwise: userAgent },
});

describe('F11: the client’s address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8::ffff:1234', '2001:db8::ffff:1234'],
    ['::1', '::1'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('is kept in one form: %s as %s', (address, canonicalForm) => {
    expect(canonical({ address }).address).toBe(canonicalForm);
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['a name', 'localhost'],
    ['an address with a port', '192.0.2.1:443'],
    ['an IPv6 address with a port', '[2001:db8::1]:443'],
    ['a subnet', '192.0.2.0/24'],
    ['a list', '192.0.2.1, 198.51.100.1'],
    ['an octet over 255', '192.0.2.256'],
    ['an octal octet', '192.0.2.01'],
    ['a number', '3221225985'],
    ['spaces', ' 192.0.2.1 '],
    ['a line feed', '192.0.2.1\n'],
    ['a megabyte', '1'.repeat(1_000_000)],
  ])('is none if it is %s', (_, address) => {
    expect(canonical({ address }).address).toBeUndefined();
  });

  it('is kept in a form that is kept as it is, whatever comes, and nothing throws', () => {
    const addresses = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4Extended(),
      fc.string({ unit: 'binary' }),
      fc.ipV6().map((address) => `${address}%zone`),
    );
    fc.assert(
      fc.property(addresses, (address) => {
        const once = canonical({ address }).address;
        expect(canonical({ address: once }).address).toBe(once);
      }),
      { numRuns: 5_000 },
    );
  });

  it.each<[number, number, string, string | undefined, boolean]>([
    [32, 64, '192.0.2.1', '192.0.2.1', true],
    [32, 64, '192.0.2.1', '192.0.2.2', false],
    [24, 64, '192.0.2.1', '192.0.2.255', true],
    [24, 64, '192.0.2.1', '192.0.3.1', false],
    [23, 64, '192.0.2.1', '192.0.3.1', true],
    [1, 64, '192.0.2.1', '128.0.0.0', true],
    [1, 64, '192.0.2.1', '127.255.255.255', false],
    [0, 64, '192.0.2.1', '8.8.8.8', true],
    [32, 64, '2001:db8:0:1::1', '2001:db8:0:1:ffff:ffff:ffff:ffff', true],
    [32, 64, '2001:db8:0:1::1', '2001:db8:0:2::1', false],
    [32, 63, '2001:db8:0:2::1', '2001:db8:0:3::1', true],
    [32, 48, '2001:db8:0:1::1', '2001:db8:0:ffff::1', true],
    [32, 48, '2001:db8:0:1::1', '2001:db8:1:1::1', false],
    [32, 0, '2001:db8:0:1::1', 'fd00::1', true],
    [32, 64, '192.0.2.1', '2001:db8::1', false],
    [32, 64, '2001:db8::1', '192.0.2.1', false],
    [32, 64, '192.0.2.1', undefined, true],
    [32, 64, '2001:db8::1', undefined, true],
    [0, 0, '192.0.2.1', '2001:db8::1', false],
  ])('with %i and %i leading bits, from %s to %s: accepted is %s', (ipv4Bits, ipv6Bits, stored, present, accepted) => {
    const anomaly = anomalyOf(policy(ipv4Bits, ipv6Bits), { address: stored }, { address: present });
    expect(anomaly).toEqual(accepted ? undefined : { reason: 'address', otherwise: 'report' });
  });

  it('may change as it likes by default: nothing is said of it', () => {
    const { acceptChangingUserAgent, acceptRemoteIp } = policy();
    const lenient: ClientPolicy = {
      acceptChangingUserAgent,
      acceptRemoteIp: { ...acceptRemoteIp, otherwise: 'ignore' },
    };
    expect(anomalyOf(lenient, { address: '192.0.2.1' }, { address: '198.51.100.1' })).toBeUndefined();
  });

  it('is the same through a socket of either family', () => {
    expect(
      anomalyOf(policy(), canonical({ address: '192.0.2.1' }), canonical({ address: '::ffff:192.0.2.1' })),
    ).toBeUndefined();
    expect(
      anomalyOf(policy(), canonical({ address: '::ffff:192.0.2.2' }), canonical({ address: '::ffff:192.0.2.1' })),
    ).toBeDefined();
  });

  it('may come later, or not be known: neither is an anomaly', () => {
    expect(anomalyOf(policy(), {}, { address: '192.0.2.1' })).toBeUndefined();
    expect(anomalyOf(policy(), {}, {})).toBeUndefined();
    expect(anomalyOf(policy(), { address: '192.0.2.1' }, {})).toBeUndefined();
    expect(anomalyOf(policy(), { address: 'poison' }, {})).toBeUndefined();
  });

  it('is in the same /64 for all privacy addresses of a device, however the host part changes', () => {
    const host = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 });
    const address = (part: number[]): string => `2001:db8:1:2:${part.map((group) => group.toString(16)).join(':')}`;
    const property = fc.property(
      host,
      host,
      (a, b) =>
        anomalyOf(policy(), canonical({ address: address(a) }), canonical({ address: address(b) })) === undefined,
    );
    fc.assert(property, { numRuns: 1_000 });
  });

  // Near one another often enough that the bits matter; IPv4 as such, and as IPv6 has it.
  const octets = fc.array(fc.constantFrom(0, 1, 127, 128, 192, 255), { minLength: 4, maxLength: 4 });
  const groups = fc.array(fc.constantFrom('0', '1', '00ff', '7fff', '8000', 'FFFF'), { minLength: 8, maxLength: 8 });
  const anyAddress = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    octets.map((parts) => `::${parts.join('.')}`),
    octets.map((parts) => parts.join('.')),
    octets.map((parts) => `::ffff:${parts.join('.')}`),
    octets.map((parts) => `0:0:0:0:0:FFFF:${parts.join('.')}`),
    groups.map((parts) => parts.join(':')),
    groups.map((parts) => `::${parts.slice(0, 4).join(':')}`),
    groups.map((parts) => `${parts.slice(0, 4).join(':')}::`),
  );

  it('is read as another library reads it, and accepted where that finds it in the same network (F11)', () => {
    // The library takes ::192.0.2.1, a form long given up (RFC 4291, 2.5.5.1), for ::ffff:192.0.2.1.
    const theirs = (address = ''): ReturnType<typeof ipaddr.parse> =>
      ipaddr.process(address.replace(/^::(?=\d+\.)/, '0:0:0:0:0:0:'));
    let [accepted, refused] = [0, 0];
    const property = fc.property(
      anyAddress,
      anyAddress,
      fc.integer({ min: 0, max: 32 }),
      fc.integer({ min: 0, max: 64 }),
      (before, now, ipv4Bits, ipv6Bits) => {
        const [stored, present] = [canonical({ address: before }), canonical({ address: now })];
        const [theirStored, theirPresent] = [theirs(before), theirs(now)];
        expect(theirs(stored.address).toByteArray()).toEqual(theirStored.toByteArray());
        expect(theirs(present.address).toByteArray()).toEqual(theirPresent.toByteArray());

        const isIPv4 = theirStored.kind() === 'ipv4';
        const same =
          theirStored.kind() === theirPresent.kind() && theirPresent.match(theirStored, isIPv4 ? ipv4Bits : ipv6Bits);
        expect(anomalyOf(policy(ipv4Bits, ipv6Bits), stored, present) === undefined).toBe(same);
        if (same) accepted += 1;
        else refused += 1;
      },
    );
    fc.assert(property, { numRuns: 5_000 });
    expect(Math.min(accepted, refused)).toBeGreaterThan(250);
  });

  it.each([[{ address: '192.0.2.1' }], [{ address: '2001:db8::1' }]])(
    'D3: is another one than a stored text that is no address; %o does not throw',
    (present) => {
      expect(anomalyOf(policy(), { address: 'poison' }, present)).toEqual({ reason: 'address', otherwise: 'report' });
    },
  );
});

describe('F11: the client’s user agent', () => {
  const changed = policy(32, 64, 'destroy');

  it('is kept up to its 256th character, of 8 KB', () => {
    expect(canonical({ userAgent: 'x'.repeat(8_192) }).userAgent).toBe('x'.repeat(256));
  });

  it('is kept well-formed, where the bound cuts a character in two, too', () => {
    expect(canonical({ userAgent: `${'x'.repeat(255)}🎉` }).userAgent).toBe(`${'x'.repeat(255)}\ufffd`);
    expect(canonical({ userAgent: 'a\ud800b' }).userAgent).toBe('a\ufffdb');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        const { userAgent } = canonical({ userAgent: text });
        return userAgent !== undefined && userAgent.length <= 256 && userAgent.isWellFormed();
      }),
    );
  });

  it('is the same as far as it is kept, so that a long one is no anomaly', () => {
    const [a, b] = ['a', 'b'].map((end) => canonical({ userAgent: 'x'.repeat(8_192) + end }));
    expect(anomalyOf(changed, a ?? {}, b ?? {})).toBeUndefined();
  });

  it.each([
    ['another one', { userAgent: 'curl' }],
    ['none', {}],
  ])('that is %s now is an anomaly by the policy', (_, present) => {
    expect(anomalyOf(changed, { userAgent: 'Mozilla' }, present)).toEqual({
      reason: 'user-agent',
      otherwise: 'destroy',
    });
    expect(anomalyOf(policy(), { userAgent: 'Mozilla' }, present)).toBeUndefined();
  });

  it('is no anomaly if there never was one', () => {
    expect(canonical({})).toEqual({ address: undefined, userAgent: undefined });
    expect(anomalyOf(changed, canonical({}), canonical({}))).toBeUndefined();
  });
});
