// Loads a handler, calls it if there is an event, and prints how long the load took, in milliseconds, and what it answered.
const [file, event] = process.argv.slice(2);

async function run() {
  const before = performance.now();
  const { handler } = file === undefined ? {} : file.endsWith('.mjs') ? await import(file) : require(file);
  const loadMs = performance.now() - before;
  const result =
    event === undefined ? {} : await handler(JSON.parse(event), { getRemainingTimeInMillis: () => 20_000 });
  process.stdout.write(JSON.stringify({ loadMs, answer: result.body }), () => process.exit());
}

void run();
