import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WritePace } from '../../../src/cleanup/write-pace.js';

describe('the pace of writes', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('lets the first one go, and each after it when its time has come', () => {
    const pace = new WritePace(10);
    expect([pace.turn(), pace.turn(), pace.turn()]).toEqual([0, 100, 200]);
    vi.advanceTimersByTime(250);
    expect(pace.turn()).toBe(50);
  });

  it('waits longer after a write that took more than a unit', () => {
    const pace = new WritePace(10);
    pace.turn();
    pace.took(4);
    expect(pace.turn()).toBe(400);
  });

  it('saves nothing up while nobody writes', () => {
    const pace = new WritePace(10);
    pace.turn();
    vi.advanceTimersByTime(60_000);
    expect([pace.turn(), pace.turn()]).toEqual([0, 100]);
  });
});
