import { type Session, Sessions } from 'dynamodb-sessions';

// One request after another on sessions in RAM, in a process of its own: what the library itself takes. Its flags give
// it so much young memory that nothing is collected while a batch runs, so that all that is allocated is counted.

const BATCHES = 40;
const REQUESTS = 500;
const WARM_UP = 10;

interface Data {
  cart: string[];
  visits: number;
}

const sessions = new Sessions<Data>();
const micros: number[] = [];
const bytes: number[] = [];

const session = await sessions.start();
session.set('cart', ['a book', 'another book']);
session.set('visits', 0);
const action = await session.commit();
if (action.kind !== 'set') throw new Error('The first request sets a cookie.');
const request = { tokens: [action.token], address: '203.0.113.7', userAgent: 'Mozilla/5.0' };

for (let batch = -WARM_UP; batch < BATCHES; batch += 1) {
  const times = new Float64Array(REQUESTS);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let each = 0; each < REQUESTS; each += 1) {
    const start = performance.now();
    const found: Session<Data> = await sessions.start(request);
    found.get('cart');
    found.set('visits', (found.get('visits') ?? 0) + 1);
    await found.commit();
    times[each] = performance.now() - start;
  }
  const after = process.memoryUsage().heapUsed;
  if (batch < 0) continue;
  micros.push(...Array.from(times, (ms) => ms * 1_000));
  bytes.push((after - before) / REQUESTS);
}

console.log(JSON.stringify({ micros, bytes }));
