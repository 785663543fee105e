import { type Context, context, type ContextManager, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { AsyncLocalStorage } from 'node:async_hooks';

/** OpenTelemetry's own SDK, which exports into memory. */
export class Telemetry {
  readonly #spans = new InMemorySpanExporter();
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #reader = new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: 3_600_000 });

  constructor() {
    context.setGlobalContextManager(new AsyncContextManager());
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#spans)] }));
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [this.#reader] }));
  }

  /** The span in which something was done. */
  async spanOf(task: () => unknown): Promise<ReadableSpan> {
    await trace.getTracer('test').startActiveSpan('request', async (span) => {
      await task();
      span.end();
    });
    return this.#spans.getFinishedSpans().at(-1)!;
  }

  /** How often each type of event was counted. */
  async counts(): Promise<Record<string, unknown>> {
    await this.#reader.forceFlush();
    const [metric, ...others] = (this.#metrics.getMetrics().at(-1)?.scopeMetrics ?? []).flatMap(
      (scope) => scope.metrics,
    );
    if (metric?.descriptor.name !== 'session.events' || others.length > 0) throw new Error('there are other metrics');
    return Object.fromEntries(
      metric.dataPoints.map(({ attributes, value }) => [JSON.stringify(attributes), value as number]),
    );
  }

  /** All that was exported. */
  get exported(): readonly unknown[] {
    return [...this.#spans.getFinishedSpans(), ...this.#metrics.getMetrics()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.shutdown();
    for (const api of [context, trace, metrics]) api.disable();
  }
}

/** As the SDK for Node.js has it, of which nothing else is needed. */
class AsyncContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  readonly active = (): Context => this.#storage.getStore() ?? ROOT_CONTEXT;
  readonly with: ContextManager['with'] = (active, task, self, ...parameters) =>
    this.#storage.run(active, () => task.apply(self, parameters));
  readonly bind: ContextManager['bind'] = (_active, target) => target;
  readonly enable = (): this => this;
  readonly disable = (): this => this;
}
