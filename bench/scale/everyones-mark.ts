/** For how long an instance believes what it saw of everyone's mark. In seconds. */
export const BELIEVED = 10;

/**
 * How often everyone's mark is read in a second besides by logins, whose units have it: by each instance at the most once
 * in so many seconds, and only when it has a touch to do.
 */
export function readsOfEveryonesMark(instances: number, touches: number): number {
  return Math.min(instances / BELIEVED, touches);
}
