import { describe, expect, it } from 'vitest';
import { atLogin, loggedOutBy, sparing } from '../../../src/core/marks.js';
import type { Marks, SessionRecord } from '../../../src/index.js';

const ID = 'this one';

describe('a session is logged out by a mark', () => {
  it.each<[string, Pick<SessionRecord, 'generation' | 'epoch'>, Marks, 'generation' | 'epoch' | undefined]>([
    ['not if there is none', {}, {}, undefined],
    ['of its user that is above its generation', { generation: 6 }, { generation: 7 }, 'generation'],
    ['of its user, if it has no generation', {}, { generation: 7 }, 'generation'],
    ['not of its user that it has seen', { generation: 7 }, { generation: 7 }, undefined],
    ['of everyone that is above its epoch', { epoch: 1 }, { epoch: 2 }, 'epoch'],
    ['of everyone, if it has no epoch', {}, { epoch: 1 }, 'epoch'],
    ['not of everyone that it has seen', { epoch: 2 }, { epoch: 2 }, undefined],
    [
      'not if the last raise has spared it',
      { generation: 6 },
      { generation: 9, spared: { id: ID, generation: 6 } },
      undefined,
    ],
    ['not if it was spared without a generation', {}, { generation: 7, spared: { id: ID, generation: 0 } }, undefined],
    ['that has spared another', { generation: 6 }, { generation: 7, spared: { id: 'x', generation: 6 } }, 'generation'],
    [
      'not if it was spared before its last login',
      { generation: 6 },
      { generation: 8, spared: { id: ID, generation: 5 } },
      undefined,
    ],
    [
      'that has spared it after another login',
      { generation: 5 },
      { generation: 8, spared: { id: ID, generation: 6 } },
      'generation',
    ],
    [
      'of everyone, whom its user’s has spared',
      {},
      { generation: 7, spared: { id: ID, generation: 0 }, epoch: 1 },
      'epoch',
    ],
  ])('%s', (_, record, marks, by) => {
    expect(loggedOutBy(ID, record, marks)).toBe(by);
  });
});

describe('a session that is spared', () => {
  it('is one from the generation on that it has, 0 without', () => {
    expect(sparing(ID, {})).toEqual({ id: ID, generation: 0 });
    expect(sparing(ID, { generation: 6 })).toEqual({ id: ID, generation: 6 });
    expect(
      loggedOutBy(ID, { generation: 6 }, { generation: 9, spared: sparing(ID, { generation: 6 }) }),
    ).toBeUndefined();
  });
});

describe('a login', () => {
  it('leaves a session the numbers that it has, where it finds no marks', () => {
    const numbers = { generation: 7, epoch: 2 };
    expect({ ...numbers, ...atLogin({}) }).toEqual(numbers);
    expect({ ...numbers, ...atLogin({ generation: 8 }) }).toEqual({ generation: 8, epoch: 2 });
    expect({ ...numbers, ...atLogin({ epoch: 3 }) }).toEqual({ generation: 7, epoch: 3 });
  });
});
