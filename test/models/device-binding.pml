/*
 * A session that is bound to a device: the challenge of a login, the key that answers it, and the challenges after that.
 *
 * A bound session is renewed only by the key that its login has been answered with. A thief who has every
 * cookie, and every proof that was ever sent, gets no key in, and no proof is good twice. Nothing is renewed after the
 * end.
 *
 * A browser logs in, registers, and renews, in any order in which it knows what it needs; a thief sends what it has been
 * told; somebody ends the session. Each reads the session when its request arrives, and writes later.
 *
 * Assumptions
 * - Nobody signs with a key that is not theirs. A challenge cannot be guessed: each write has its own.
 * - The response to a login reaches the browser and nobody else, if it is not lost.
 *
 * Clauses (src/dbsc/endpoints.ts, src/dbsc/device-binding.ts; conditions of updateSession in src/table/commands.ts)
 * - WITHOUT_CHALLENGE_IN_REGISTER  deviceChallenge = :challenge in the write of a registration.
 * - WITHOUT_CHALLENGE_IN_REFRESH   deviceChallenge = :challenge in the write of a renewal.
 * - WITHOUT_NEXT          a renewal leaves another challenge than it has answered.
 * - WITHOUT_REMOVAL       a login removes the key.
 * - WITHOUT_UNTOLD        the challenge of a login is told in its response only; those after it, to whoever asks.
 */

#ifndef VISITS
#define VISITS 4
#endif
#ifndef THEFTS
#define THEFTS 2
#endif
#ifndef MOST_LOSSES
#define MOST_LOSSES 1
#endif

/* Each visit and each theft has one write at most, and there is one end. */
#define WRITES (VISITS + THEFTS + 1)

/* Keys, and no challenge. A challenge has the number of the write that has left it. */
#define NONE 255
#define THIEF 254

mtype = { logIn, register, refresh, end_ };

typedef Write {
  mtype kind;
  byte auth;      /* as read */
  byte challenge; /* that the proof answers */
  byte key
}

typedef Session {
  byte auth;
  byte key = NONE;
  byte challenge = NONE
}

Session item;
Write writes[WRITES];
bool isEnded;

/* How often a challenge was answered with effect. */
byte answered[WRITES];
/* The device's proofs: by which of its keys, if by any, it has signed a challenge. A thief can send them again. */
byte proofs[WRITES] = NONE;
/* The device makes a key for each login. */
byte present = NONE;

#ifndef WITHOUT_CHALLENGE_IN_REGISTER
#define mayRegister(write) (item.challenge == writes[write].challenge)
#else
#define mayRegister(write) true
#endif

#ifndef WITHOUT_CHALLENGE_IN_REFRESH
#define mayRefresh(write) (item.challenge == writes[write].challenge)
#else
#define mayRefresh(write) true
#endif

#ifndef WITHOUT_NEXT
#define challengeAfter(write) write
#else
#define challengeAfter(write) writes[write].challenge
#endif

#ifndef WITHOUT_REMOVAL
#define keyAfterLogin NONE
#else
#define keyAfterLogin item.key
#endif

#ifndef WITHOUT_UNTOLD
#define isTold(session) (session.key != NONE)
#else
#define isTold(session) true
#endif

#define isSame(write) (!isEnded && item.auth == writes[write].auth)

inline accept(write) {
  held = true;
  assert(!isEnded);
  answered[writes[write].challenge]++;
  assert(answered[writes[write].challenge] == 1);
  item.key = writes[write].key;
  assert(item.key != THIEF)
}

inline land(write) {
  if
  :: writes[write].kind == logIn && isSame(write) ->
     held = true;
     item.auth++;
     item.key = keyAfterLogin;
     present = NONE;
     item.challenge = write
  :: writes[write].kind == register && isSame(write) && mayRegister(write) ->
     accept(write);
     present = item.key;
     item.challenge = write
  :: writes[write].kind == refresh && isSame(write) && mayRefresh(write) ->
     accept(write);
     assert(item.key == present);
     item.challenge = challengeAfter(write)
  :: writes[write].kind == end_ ->
     held = true;
     isEnded = true
  :: else
  fi
}

inline look(write) { skip }

#include "network.h"

inline prepare(kind_, challenge_, key_) {
  writes[w].kind = kind_;
  writes[w].auth = known.auth;
  writes[w].challenge = challenge_;
  writes[w].key = key_
}

inline read() {
  known.auth = item.auth;
  known.key = item.key;
  known.challenge = item.challenge
}

/* The user's browser. It registers at once, or never: one visit after another. */
active proctype browser() {
  SENDER;
  Session known;
  byte w;
  byte invitation = NONE; /* the challenge that the last login's response has told */
  byte key = NONE;

  do
  :: atomic { w < VISITS && !isEnded -> read() };
     if
     :: atomic { true -> prepare(logIn, NONE, NONE) };
        send(w);
        atomic {
          if
          :: answer == done -> invitation = w
          :: answer == done || answer == unknown -> invitation = NONE /* lost on its way */
          :: else
          fi
        }
     :: atomic { invitation != NONE -> prepare(register, invitation, w); proofs[invitation] = w };
        send(w);
        atomic {
          if
          :: answer == done -> key = w
          :: else
          fi;
          invitation = NONE
        }
     :: atomic { key != NONE && known.key == key -> prepare(refresh, known.challenge, key); proofs[known.challenge] = key };
        send(w)
     :: true
     fi;
     atomic { w++ }
  :: w == VISITS || isEnded -> break
  od
}

/* Has the cookie of each moment, and every proof that was sent. */
active proctype thief() {
  SENDER;
  Session known;
  byte w = VISITS;

  do
  :: atomic { w < VISITS + THEFTS -> read() };
     if
     :: atomic { /* of a session that has a key, the answer is not the challenge of a login */
          known.challenge != NONE && known.key == NONE && isTold(known) -> prepare(register, known.challenge, THIEF)
        };
        send(w)
     :: atomic {
          known.key != NONE && proofs[known.challenge] == known.key -> prepare(refresh, known.challenge, known.key)
        };
        send(w)
     :: true
     fi;
     atomic { w++ }
  :: w == VISITS + THEFTS -> break
  od
}

active proctype anybody() {
  SENDER;
  Session known;
  byte w = VISITS + THEFTS;

  if
  :: atomic { true -> read(); prepare(end_, NONE, NONE) };
     send(w)
  :: true
  fi
}
