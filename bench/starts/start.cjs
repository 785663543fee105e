// Loads a handler, calls it if there is an event, and prints how long the load took, in milliseconds, and what it answered.
const [file, event] = process.argv.slice(2);

const before = performance.now();
const { handler } = file === undefined ? {} : require(file);
const loadMs = performance.now() - before;

const finish = (answer) => process.stdout.write(JSON.stringify({ loadMs, answer }), () => process.exit());
if (event === undefined) finish();
else handler(JSON.parse(event), { getRemainingTimeInMillis: () => 20_000 }).then(({ body }) => finish(body));
