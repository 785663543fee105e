import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import type { ContestantId } from './comparison/contestants.js';
import type { Cost } from './comparison/metering-proxy.js';
import type { OperationId } from './comparison/operations.js';
import type { Time } from './comparison/side-by-side.js';
import type { Bytes, Steps } from './comparison/wire-tap.js';
import type { PerHandler } from './handlers/index.js';
import { isQuick } from './rounds.js';
import type { QuotaKind } from './starts/cpu-quota.js';
import type { StartTimes } from './starts/start-times.js';
import { rounded, type Spread } from './statistics.js';

/** What the benchmarks found, each in a part of its own. */
export interface Results {
  readonly comparison: Comparison;
  readonly sameMachine: Distance;
  readonly distance: Distance;
  readonly equalCalls: Readonly<Partial<Record<OperationId, EqualCalls>>>;
  readonly bytes: { readonly own: ClientBytes; readonly light: ClientBytes };
  readonly overhead: Overhead;
  readonly bundle: BundleResults;
  /** Of loading a handler's bundle, by Node's major version. */
  readonly load: Readonly<Record<number, Load>>;
  /** The same, by how else it was bundled. */
  readonly loadOtherwise: { readonly nodeMajor: number; readonly loads: Readonly<Record<string, Load>> };
  /** From the start of the process to the answer, by Node's major version. */
  readonly firstView: Readonly<Record<number, FirstView>>;
  readonly viewCost: ViewCost;
  /** Absent where processes can be held to no quota. */
  readonly throttled?: Throttled;
  /** Absent where AWS's runtime client is not installed. */
  readonly coldStart?: ColdStart;
  readonly scale: ScaleCheck;
}

/** What was measured of each operation of each contestant that has it. */
export type Comparison = Readonly<Record<OperationId, Readonly<Partial<Record<ContestantId, Measured>>>>>;

export interface Measured extends Cost {
  /** Absent where DynamoDB is not asked. */
  readonly time?: Time;
}

/** A page view beside the floor's when each call takes some milliseconds more, as it does to the service. */
export interface Distance {
  readonly addedMs: number;
  readonly floorMs: number;
  readonly ratio: Spread;
  /** Without the SDK. */
  readonly light: Spread;
}

/** An operation beside as many bare calls of the SDK. */
export interface EqualCalls {
  readonly steps: Steps;
  readonly floorMs: number;
  /** With the SDK, and without. */
  readonly own: Spread;
  readonly light: Spread;
}

/** What passes the sockets of one client, with sessions of 8 KB. */
export interface ClientBytes {
  readonly logOut: Bytes;
  readonly list: Bytes;
}

/** What the library takes besides what DynamoDB does. */
export interface Overhead {
  /** Of one request (start, two gets, a set and commit) on sessions in RAM. */
  readonly microseconds: Spread;
  readonly allocatedBytes: number;
  /** Of the item of a logged-in session, besides its data and the user agent: as it begins, and with a replaced secret. */
  readonly itemBytes: { readonly begun: number; readonly rotated: number };
}

/** What the library adds to a handler's bundle: beside the SDK, and with its own client. */
export interface BundleResults {
  readonly withSdk: BundleSize;
  readonly light: BundleSize;
}

export interface BundleSize {
  readonly minifiedBytes: number;
  readonly gzippedBytes: number;
  /** The minified bytes by what they are for. */
  readonly parts: Readonly<Record<string, number>>;
}

export interface Load extends StartTimes {
  /** The minified bundles. */
  readonly bytes: PerHandler<number>;
}

/** From the start of the process to the answer of the first page view. */
export interface FirstView extends StartTimes {
  /** The same without what an empty program takes. */
  readonly withoutNode: StartTimes;
  readonly nodeMs: number;
}

/** The first page view with a part of a processor. */
export interface Throttled {
  readonly kind: QuotaKind;
  readonly nodeMajor: number;
  /** By a Lambda's memory in MB. */
  readonly views: Readonly<Record<number, FirstView>>;
}

/** What one page view takes of the processor and of memory, DynamoDB being another process. */
export interface ViewCost {
  readonly nodeMajor: number;
  readonly microseconds: PerHandler<Spread>;
  readonly allocatedBytes: PerHandler<Spread>;
}

/** From the start of the process to the first invocation, under AWS's own runtime client. */
export interface ColdStart extends StartTimes {
  readonly nodeMajor: number;
  readonly starts: number;
}

/** The model beside the engine: what a recording takes. */
export interface ScaleCheck {
  readonly requests: number;
  readonly predicted: Pick<Cost, 'reads' | 'writes' | 'indexWrites'>;
  readonly consumed: Pick<Cost, 'reads' | 'writes' | 'indexWrites'>;
}

interface Surroundings {
  readonly node: string;
  readonly processors: number;
  /** The last day of measuring. */
  readonly date: string;
  /** How many processes ran at once in the last minutes. */
  readonly load: number;
}

export type AllResults = Results & { readonly surroundings: Surroundings };

const measured = new URL('results.json', import.meta.url);
const file = isQuick ? new URL('../.cache/bench/results.json', import.meta.url) : measured;

export function readResults(): AllResults {
  return JSON.parse(readFileSync(existsSync(file) ? file : measured, 'utf8')) as AllResults;
}

/** Writes one part; without a value, takes it away. The others stay as they were measured last. What a quick run found is kept apart. */
export function record<Part extends keyof Results>(part: Part, value: Results[Part] | undefined): void {
  const surroundings: Surroundings = {
    node: process.version,
    processors: cpus().length,
    date: new Date().toISOString().slice(0, 10),
    load: rounded(loadavg()[1] ?? Number.NaN, 2),
  };
  const before = readResults();
  writeFileSync(file, `${JSON.stringify({ ...before, surroundings, [part]: value }, undefined, 2)}\n`);
}
