// Answers one page view after another and prints, for each batch, what one of them took: microseconds of the processor, and
// bytes allocated. Its flags give it so much young memory that nothing is collected while a batch runs.
const [file, event] = process.argv.slice(2);

const BATCHES = 4;
const VIEWS = 400;
const WARM_UP = 4;

const { handler } = require(file);
const context = { getRemainingTimeInMillis: () => 20_000 };

async function batch() {
  globalThis.gc();
  const memory = process.memoryUsage();
  const processor = process.cpuUsage();
  for (let view = 0; view < VIEWS; view += 1) {
    const { body } = await handler(JSON.parse(event), context);
    if (body !== 'hello user-0') throw new Error(`The page view was answered with: ${body}`);
  }
  const { user, system } = process.cpuUsage(processor);
  const after = process.memoryUsage();
  return { micros: (user + system) / VIEWS, bytes: (after.heapUsed - memory.heapUsed) / VIEWS };
}

async function run() {
  const batches = [];
  for (let count = -WARM_UP; count < BATCHES; count += 1) {
    const result = await batch();
    if (count >= 0) batches.push(result);
  }
  process.stdout.write(JSON.stringify(batches), () => process.exit());
}

void run();
