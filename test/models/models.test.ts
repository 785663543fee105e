import { beforeAll, describe, expect, it } from 'vitest';
import { expectTools, search } from './spin.js';

interface Model {
  readonly name: string;
  readonly behaviour: string;
  /** The search looks at this many states at least. A model in which nothing happens keeps every promise. */
  readonly atLeast: number;
  readonly clauses: readonly (readonly [words: string, macro: string])[];
}

const MODELS: readonly Model[] = [
  {
    name: 'item-life',
    behaviour: 'a session that was ended never comes back, and exactly one end is told that it ended it',
    atLeast: 1_000_000,
    clauses: [
      ['attribute_not_exists(id) in a create', 'WITHOUT_NOT_EXISTS'],
      ['the tombstone that an end leaves', 'WITHOUT_TOMBSTONE'],
      ['auth = :auth in an update', 'WITHOUT_SAME_AUTH'],
      ['attribute_not_exists(endedAt) in an end', 'WITHOUT_NO_TOMBSTONE'],
      ['the lastWrite by which an end knows its own tombstone', 'WITHOUT_LAST_WRITE'],
    ],
  },
  {
    name: 'rotation',
    behaviour: 'one rotation wins, no lost response logs the browser out, and no retired secret is accepted again',
    atLeast: 1_000_000,
    clauses: [
      ['secretHash = :hash in a rotation', 'WITHOUT_SAME_SECRET_IN_ROTATE'],
      ['secretHash = :hash in a confirmation', 'WITHOUT_SAME_SECRET_IN_CONFIRM'],
      ['attribute_not_exists(previousUntil) in a confirmation', 'WITHOUT_FIRST_SIGHT'],
      ['a rotation waiting until the previous secret has retired', 'WITHOUT_WAIT'],
      ['the previous secret staying good until the new one was seen', 'WITHOUT_SEEN'],
    ],
  },
  {
    name: 'login-cookie',
    behaviour: 'the browser stays logged in after a login, and a copy of the cookie from before is worth nothing',
    atLeast: 1_000_000,
    clauses: [
      ['an overtaken token beginning no session', 'WITHOUT_OVERTAKEN'],
      ['the token of an ended session beginning no session', 'WITHOUT_TOMBSTONE'],
      ['auth = :auth in an update', 'WITHOUT_SAME_AUTH'],
      ['auth = :auth in an end', 'WITHOUT_SAME_AUTH_IN_END'],
      ['a login forgetting the previous secret', 'WITHOUT_FORGETTING'],
      ['a logout clearing the cookie only if it ended the session itself', 'WITHOUT_OWN_END'],
    ],
  },
  {
    name: 'marks',
    behaviour: 'a logout everywhere ends what it must, what it spares lives, and nothing that was ended is revived',
    atLeast: 1_000_000,
    clauses: [
      ['the mark', 'WITHOUT_MARK'],
      ['generation = :generation in a raise that spares', 'WITHOUT_COMPARE'],
      ['the generation of the spared session in the mark', 'WITHOUT_OWN_GENERATION'],
      ['a new raise by an exclusive login whose session another one has taken over', 'WITHOUT_NEW_RAISE'],
      ['auth = :auth in the end by a page view', 'WITHOUT_AUTH_IN_VIEW'],
    ],
  },
  {
    name: 'ended-logins',
    behaviour:
      'what the provider has logged out lives no more, and what began after that lives on, whatever it repeats',
    atLeast: 1_000_000,
    clauses: [
      ['the time up to which ID tokens log nobody in', 'WITHOUT_TIME'],
      ['issuedBefore < :time in a raise', 'WITHOUT_CONDITION'],
      ['the second look of an exclusive login', 'WITHOUT_SECOND_LOOK'],
      ['the time being in the same item as the generation', 'WITHOUT_ONE_ITEM'],
      ['the mark of a login', 'WITHOUT_LOGIN_MARK'],
      ['generation < :generation in the ends of a logout', 'WITHOUT_BELOW'],
    ],
  },
  {
    name: 'writes',
    behaviour: 'a value is handed out once, an update counts once, and no late copy undoes what was acknowledged',
    atLeast: 1_000_000,
    clauses: [
      ['fence = :fence in a set', 'WITHOUT_FENCE'],
      ['a raise of the fence after a set that was sent twice', 'WITHOUT_RAISE'],
      ['a raise of the fence after a set of unknown fate', 'WITHOUT_RAISE_AFTER_UNKNOWN'],
      ['a set that was sent twice and refused being of unknown fate', 'WITHOUT_UNKNOWN'],
      ['a raise of the fence in getAndDelete', 'WITHOUT_RAISE_IN_TAKE'],
      ['a raise of the fence in update', 'WITHOUT_RAISE_IN_UPDATE'],
      ['data.<key> = :value in getAndDelete', 'WITHOUT_VALUE_IN_TAKE'],
      ['data.<key> = :value in update', 'WITHOUT_VALUE_IN_UPDATE'],
    ],
  },
  {
    name: 'device-binding',
    behaviour:
      'no key but that of the login’s browser gets in, no proof is good twice, and nothing is renewed after the end',
    atLeast: 1_000_000,
    clauses: [
      ['deviceChallenge = :challenge in a registration', 'WITHOUT_CHALLENGE_IN_REGISTER'],
      ['deviceChallenge = :challenge in a renewal', 'WITHOUT_CHALLENGE_IN_REFRESH'],
      ['another challenge after a renewal', 'WITHOUT_NEXT'],
      ['a login removing the key', 'WITHOUT_REMOVAL'],
      ['the challenge of a login being told in its response only', 'WITHOUT_UNTOLD'],
    ],
  },
  {
    name: 'data-key',
    behaviour:
      'whoever has a good secret opens all that is stored, a repeated login too, and nobody what was in an ended session',
    atLeast: 1_000_000,
    clauses: [
      ['a rotation wrapping the key anew', 'WITHOUT_WRAP_IN_ROTATE'],
      ['a login wrapping the key anew', 'WITHOUT_WRAP_IN_LOGIN'],
      ['a login wrapping the key for the secret that it replaces', 'WITHOUT_FORMER'],
      ['a rotation removing the key for the former secret', 'WITHOUT_DROP'],
      ['fence = :fence in a write that adds the key', 'WITHOUT_FENCE_IN_ADD'],
      ['a raise of the fence in a write that adds the key', 'WITHOUT_RAISE_IN_ADD'],
      ['secretHash = :hash in a write that adds the key', 'WITHOUT_SECRET_IN_ADD'],
      ['fence = :fence in a rotation by who knows of no key', 'WITHOUT_FENCE_IN_ROTATE'],
      ['fence = :fence in a login by who knows of no key', 'WITHOUT_FENCE_IN_LOGIN'],
      ['a refused request forgetting the key that it has made', 'WITHOUT_LEARNING'],
      ['auth = :auth in a write of data', 'WITHOUT_SAME_AUTH'],
    ],
  },
];

beforeAll(expectTools);

describe.each(MODELS)('$name', ({ name, behaviour, atLeast, clauses }) => {
  it.concurrent(`${behaviour}: holds in every interleaving`, async () => {
    const { errors, complete, states, output } = await search(name);
    expect(errors, output).toBe(0);
    expect(complete, output).toBe(true);
    expect(states).toBeGreaterThan(atLeast);
  });

  it.concurrent.each(clauses)('fails without %s', async (_words, macro) => {
    const { errors, violated, output } = await search(name, macro);
    expect(errors, output).toBeGreaterThanOrEqual(1);
    expect(violated, output).toBeDefined();
  });
});
