/*
 * Timed rotation: the secret of a session is replaced, and the browser learns the new one by the response.
 *
 * Promise 4: of concurrent rotations one wins, and everybody is told the same new secret. A browser that
 * keeps the cookie of each response that it gets is accepted at its next request, however many responses are lost. And
 * a secret that has retired is never accepted again.
 *
 * The tabs of one browser share its cookie. In each visit a request leaves with the cookie, reads the session when it
 * arrives, writes later, and its response arrives or is lost. A rotation is due at any time at which it may be.
 *
 * Assumptions
 * - A request takes less than the grace, from the browser and back to it. A copy of a write may take longer.
 * - There is one clock. No login comes between: login-cookie.pml has that.
 * - A secret is derived from the old secret and a nonce: so it has the number of the nonce, which is its visit.
 *
 * Clauses (src/core/rotation.ts; conditions of updateSession in src/table/commands.ts)
 * - WITHOUT_SAME_SECRET_IN_ROTATE   secretHash = :hash in the write of rotate.
 * - WITHOUT_SAME_SECRET_IN_CONFIRM  secretHash = :hash in the write of confirm.
 * - WITHOUT_FIRST_SIGHT   attribute_not_exists(previousUntil) in the write of confirm: a second confirmation would make
 *                         a retired secret good again.
 * - WITHOUT_WAIT          rotationIsDue: a rotation waits until the previous secret has retired.
 * - WITHOUT_SEEN          standingOf: the previous secret is good until the new one was seen, and the grace begins then.
 */

#ifndef TABS
#define TABS 3
#endif
#ifndef VISITS
#define VISITS 4
#endif
#ifndef GRACE
#define GRACE 2
#endif
#ifndef END_OF_TIME
#define END_OF_TIME 5
#endif
#ifndef MOST_LOSSES
#define MOST_LOSSES 1
#endif

/* Each visit has one write at most. */
#define WRITES VISITS

#define NONE 255
#define ABSENT 254

/* A secret is the number of rotations before it, and the nonce. */
#define NONCES 8
#define GENERATIONS 4
#define rotationsOf(secret) (secret / NONCES)
#define derive(secret, nonce) ((rotationsOf(secret) + 1) * NONCES + nonce)

mtype = { rotate, confirm };

typedef Session {
  byte secret;
  byte previous = NONE;
  byte previousUntil = ABSENT;
  byte nonce
}

typedef Write {
  mtype kind;
  byte secret;  /* as read */
  byte previousUntil
}

Session item;
Write writes[WRITES];

byte now;
byte cookie;
byte visits;
byte beganAt[TABS] = NONE;

/* The nonce of the one rotation that has won, for each secret; and the secrets that have retired. */
byte winner[GENERATIONS] = NONE;
bool isRetired[GENERATIONS];

#define isPrevious(session, secret_) \
  (session.previous == secret_ && (session.previousUntil == ABSENT || now < session.previousUntil))
#define isAccepted(session, secret_) (session.secret == secret_ || isPrevious(session, secret_))
#define hasRetired(session) \
  (session.previous != NONE && session.previousUntil != ABSENT && session.previousUntil <= now)

#ifndef WITHOUT_SAME_SECRET_IN_ROTATE
#define mayRotate(write) (item.secret == writes[write].secret)
#else
#define mayRotate(write) true
#endif

#ifndef WITHOUT_SAME_SECRET_IN_CONFIRM
#define isSeen(write) (item.secret == writes[write].secret)
#else
#define isSeen(write) true
#endif

#ifndef WITHOUT_FIRST_SIGHT
#define isUnseen (item.previousUntil == ABSENT)
#else
#define isUnseen true
#endif

#ifndef WITHOUT_WAIT
#define rotationIsDue(session) (session.previous == NONE || hasRetired(session))
#else
#define rotationIsDue(session) true
#endif

#ifndef WITHOUT_SEEN
#define untilSeen ABSENT
#else
#define untilSeen (now + GRACE)
#endif

inline observe() {
  if
  :: hasRetired(item) -> isRetired[rotationsOf(item.previous)] = true
  :: else
  fi;
  assert(!isRetired[rotationsOf(item.secret)]);
  assert(item.previous == NONE || !isPrevious(item, item.previous) || !isRetired[rotationsOf(item.previous)])
}

inline land(write) {
  if
  :: writes[write].kind == rotate && mayRotate(write) ->
     held = true;
     assert(winner[rotationsOf(writes[write].secret)] == NONE);
     winner[rotationsOf(writes[write].secret)] = write;
     item.secret = derive(writes[write].secret, write);
     item.previous = writes[write].secret;
     item.previousUntil = writes[write].previousUntil;
     item.nonce = write
  :: writes[write].kind == confirm && isSeen(write) && isUnseen ->
     held = true;
     item.previousUntil = writes[write].previousUntil
  :: else
  fi;
  observe()
}

inline look(write) {
  known.secret = item.secret;
  known.previous = item.previous;
  known.previousUntil = item.previousUntil;
  if
  :: isPrevious(item, secret) ->
     told = derive(secret, item.nonce);
     assert(item.nonce == winner[rotationsOf(secret)])
  :: else -> told = NONE
  fi
}

#include "network.h"

#define isInTime(tab) (beganAt[tab] == NONE || now + 1 - beganAt[tab] < GRACE)

active proctype clock() {
end:
  do
  :: atomic { now < END_OF_TIME && isInTime(0) && isInTime(1) && isInTime(2) -> now++; observe() }
  od
}

/* All idle tabs are alike: so the first of them begins. */
#define isFirstIdle(tab) ((tab < 1 || beganAt[0] != NONE) && (tab < 2 || beganAt[1] != NONE))

inline prepare(kind_, until) {
  writes[w].kind = kind_;
  writes[w].secret = secret;
  writes[w].previousUntil = until
}

active [TABS] proctype tab() {
  SENDER;
  Session known;
  byte secret, told, w;
  byte tab_ = _pid - WRITES - 1;

  do
  :: atomic {
       visits < VISITS && isFirstIdle(tab_) ->
       w = visits;
       visits++;
       beganAt[tab_] = now;
       secret = cookie
     };

     atomic { assert(isAccepted(item, secret)); look(w) };

     if
     :: known.secret == secret && rotationIsDue(known) && rotationsOf(secret) < GENERATIONS - 1 ->
        atomic { prepare(rotate, untilSeen) };
        send(w)
     :: known.secret == secret && known.previous != NONE && known.previousUntil == ABSENT ->
        atomic { prepare(confirm, beganAt[tab_] + GRACE) };
        send(w)
     :: known.secret == secret
     :: known.secret != secret -> atomic { look(w) }
     fi;

     /* The response arrives, or it is lost. */
     atomic {
       if
       :: told != NONE -> cookie = told
       :: true
       fi;
       beganAt[tab_] = NONE;
       secret = 0;
       w = 0;
       attempts = 0;
       answer = 0;
       known.secret = 0;
       known.previous = 0;
       known.previousUntil = 0;
       told = 0
     }
  :: visits == VISITS -> break
  od
}
