const wanted = process.env['BENCH_ROUNDS'];

/** A quick run shows that everything works. What it measures is kept apart. */
export const isQuick: boolean = wanted !== undefined;

/** How often something is measured: as often as given, or at most `BENCH_ROUNDS` times. */
export function rounds(usual: number): number {
  if (wanted === undefined) return usual;
  if (!/^[1-9]\d*$/.test(wanted)) throw new Error('BENCH_ROUNDS is no number of rounds.');
  return Math.min(usual, Number(wanted));
}

/** All of them in turn, another one first each time: what slows the machine down for a while slows all of them down. */
export async function inTurn<Id>(
  ids: readonly Id[],
  count: number,
  measure: (id: Id, round: number) => Promise<unknown>,
): Promise<void> {
  for (let round = 0; round < count; round += 1)
    for (const turn of ids.keys()) await measure(ids[(turn + round) % ids.length] as Id, round);
}
