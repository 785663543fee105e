import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { ContestantId } from './comparison/contestants.js';
import type { Cost } from './comparison/metering-proxy.js';
import type { OperationId } from './comparison/operations.js';
import type { Time } from './comparison/side-by-side.js';
import type { Spread } from './statistics.js';

/** What the benchmarks found, each in a part of its own. */
export interface Results {
  readonly comparison: Comparison;
  readonly distance: Distance;
  readonly overhead: Overhead;
  readonly bundle: BundleResults;
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
}

/** What the library takes besides what DynamoDB does. */
export interface Overhead {
  /** Of one request (start, two gets, a set and commit) on sessions in RAM. */
  readonly microseconds: Spread;
  readonly allocatedBytes: number;
  /** Of the item of a logged-in session, besides its data and the user agent: as it begins, and with a replaced secret. */
  readonly itemBytes: { readonly begun: number; readonly rotated: number };
}

/** What the library adds to a handler's bundle. */
export interface BundleResults {
  /** Of the library alone. */
  readonly minifiedBytes: number;
  readonly gzippedBytes: number;
  /** The minified bytes by what they are for. */
  readonly parts: Readonly<Record<string, number>>;
  /** Of loading a bundle with the SDK and the library, and one with the SDK alone. */
  readonly loadMs: Medians;
  readonly loadRatio: Spread;
}

/** From the start of the process to the first invocation, under AWS's own runtime client. */
export interface ColdStart {
  readonly nodeMajor: number;
  readonly starts: number;
  readonly initMs: Medians;
  readonly ratio: Spread;
}

interface Medians {
  readonly withLibrary: number;
  readonly sdkAlone: number;
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
}

export type AllResults = Results & { readonly surroundings: Surroundings };

const file = new URL('results.json', import.meta.url);

export function readResults(): AllResults {
  return JSON.parse(readFileSync(file, 'utf8')) as AllResults;
}

/** Writes one part; without a value, takes it away. The others stay as they were measured last. */
export function record<Part extends keyof Results>(part: Part, value: Results[Part] | undefined): void {
  const surroundings: Surroundings = {
    node: process.version,
    processors: cpus().length,
    date: new Date().toISOString().slice(0, 10),
  };
  const before: object = existsSync(file) ? readResults() : {};
  writeFileSync(file, `${JSON.stringify({ ...before, surroundings, [part]: value }, undefined, 2)}\n`);
}
