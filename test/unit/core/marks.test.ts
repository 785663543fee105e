import { describe, expect, it } from 'vitest';
import { atLogin, loggedOutBy } from '../../../src/core/marks.js';
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
      { generation: 7, spared: { id: ID, from: 6 } },
      undefined,
    ],
    ['that has spared another', { generation: 6 }, { generation: 7, spared: { id: 'x', from: 6 } }, 'generation'],
    ['if one before has ended it', { generation: 5 }, { generation: 7, spared: { id: ID, from: 6 } }, 'generation'],
    ['of everyone, whom its user’s has spared', {}, { generation: 7, spared: { id: ID, from: 0 }, epoch: 1 }, 'epoch'],
  ])('%s', (_, record, marks, by) => {
    expect(loggedOutBy(ID, record, marks)).toBe(by);
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
