/*
 * The key of a session's encrypted data: who makes it, for which secret it is wrapped, and what replaces it.
 *
 * Whoever has a good secret opens all that is stored: with the present secret, or with the previous one, from which the
 * present one is derived. Of two first keys that are made at once, one is stored, and the values of both requests open. A
 * login that is sent again, because its response was lost, opens what the session holds. After the rotation that follows
 * a login, the secret from before the login opens nothing any more. Of a session that has ended nothing is left that
 * anybody could open.
 *
 * The tabs of one browser share its cookie. In each visit a request leaves with the cookie, reads the session when it
 * arrives, and sets a value, rotates, logs in or ends the session. Its response arrives or is lost. The session is from
 * before encryption: it has no key. A function may be one that seals, or one that only opens (`seal: false`).
 *
 * Assumptions
 * - What is wrapped opens with its secret and with no other, and what is sealed with its key and with no other.
 * - A rotation may come at any time: rotation.pml has when it is due, and that the successor can be derived.
 * - Every function has the option `encryption`.
 *
 * Clauses (StoredSession in src/core/stored-session.ts, SessionSeal; conditions of updateSession in src/table/commands.ts)
 * - WITHOUT_WRAP_IN_ROTATE     a rotation wraps the key for the new secret in its own write.
 * - WITHOUT_WRAP_IN_LOGIN      a login does.
 * - WITHOUT_FORMER             a login also wraps the key for the secret that it replaces.
 * - WITHOUT_DROP               a rotation removes that again.
 * - WITHOUT_FENCE_IN_ADD       fence = :fence in a write of data that adds the key.
 * - WITHOUT_RAISE_IN_ADD       such a write raises the fence.
 * - WITHOUT_SECRET_IN_ADD      secretHash = :hash in such a write: it has wrapped the key for that secret.
 * - WITHOUT_FENCE_IN_ROTATE    fence = :fence in a rotation by who knows of no key.
 * - WITHOUT_FENCE_IN_LOGIN     fence = :fence in a login by who knows of no key.
 * - WITHOUT_LEARNING           a request that is refused forgets the key that it has made, and seals with the one that is
 *                              stored.
 * - WITHOUT_SAME_AUTH          auth = :auth in a write of data.
 */

#ifndef TABS
#define TABS 2
#endif
#ifndef VISITS
#define VISITS 3
#endif
#ifndef MOST_LOSSES
#define MOST_LOSSES 1
#endif

/* Each visit has one write, and one more if that is refused. */
#define WRITES (2 * VISITS)

#define NONE 255

/* The value of a key that nobody has set, or that a function without sealing has. */
#define PLAIN 0

/* The browser's first secret is 0. A secret, and a data key, have the number of the write that makes them. */
#define newOf(write) (1 + write)

#define VALUES 2
#define valueOf(write) ((write / 2) % VALUES)

mtype = { set, rotate, logIn, end_ };

typedef Write {
  mtype kind;
  byte auth;      /* as read */
  byte fence;     /* as read */
  byte secret;    /* as read: the present one */
  byte own;       /* the request's secret */
  byte key;       /* that it leaves, if any */
  byte sealedBy;
  bool lacksKey   /* whether the request knows of no key that is stored */
}

typedef Session {
  byte secret;
  byte previous = NONE;
  byte auth;
  byte fence;
  byte key = NONE;
  byte keyFor = NONE;
  byte former = NONE;
  byte formerFor = NONE;
  byte lastWrite = NONE;
  bool isEnded
}

Session item;
byte values[VALUES]; /* by which key each is sealed */
Write writes[WRITES];

byte cookie;
byte visits;

/* The secret that the last login has replaced, as long as the key must be there for it. */
byte beforeLogin = NONE;

#define addsKey(write) (writes[write].lacksKey && writes[write].key != NONE)

#ifndef WITHOUT_SAME_AUTH
#define isSame(write) (!item.isEnded && item.auth == writes[write].auth)
#else
#define isSame(write) (writes[write].kind == set || (!item.isEnded && item.auth == writes[write].auth))
#endif

#define isSameFence(write) (item.fence == writes[write].fence)
#define isSameSecret(write) (item.secret == writes[write].secret)

#ifndef WITHOUT_FENCE_IN_ADD
#define isFenceOfAdd(write) isSameFence(write)
#else
#define isFenceOfAdd(write) true
#endif

#ifndef WITHOUT_RAISE_IN_ADD
#define RAISED_BY_ADD 1
#else
#define RAISED_BY_ADD 0
#endif

#ifndef WITHOUT_SECRET_IN_ADD
#define isSecretOfAdd(write) isSameSecret(write)
#else
#define isSecretOfAdd(write) true
#endif

#define mayAdd(write) (isFenceOfAdd(write) && isSecretOfAdd(write))
#define maySet(write) (addsKey(write) -> mayAdd(write) : isSameFence(write))

#ifndef WITHOUT_FENCE_IN_ROTATE
#define mayRotate(write) (isSameSecret(write) && (!writes[write].lacksKey || isSameFence(write)))
#else
#define mayRotate(write) isSameSecret(write)
#endif

#ifndef WITHOUT_FENCE_IN_LOGIN
#define mayLogIn(write) (!writes[write].lacksKey || isSameFence(write))
#else
#define mayLogIn(write) true
#endif

#ifndef WITHOUT_WRAP_IN_ROTATE
#define isWrappedByRotation(write) (writes[write].key != NONE)
#else
#define isWrappedByRotation(write) addsKey(write)
#endif

#ifndef WITHOUT_WRAP_IN_LOGIN
#define isWrappedByLogin(write) (writes[write].key != NONE)
#else
#define isWrappedByLogin(write) addsKey(write)
#endif

#ifndef WITHOUT_FORMER
#define formerAfter(write, what) (writes[write].key != NONE -> what : NONE)
#else
#define formerAfter(write, what) NONE
#endif

#ifndef WITHOUT_DROP
#define drop() item.former = NONE; item.formerFor = NONE
#else
#define drop() skip
#endif

inline leave(key_, secret_) {
  item.key = key_;
  item.keyFor = secret_
}

inline land(write) {
  if
  :: writes[write].kind == set && isSame(write) && maySet(write) ->
     held = true;
     values[valueOf(write)] = writes[write].sealedBy;
     if
     :: addsKey(write) ->
        leave(writes[write].key, writes[write].secret);
        item.fence = item.fence + RAISED_BY_ADD
     :: else
     fi
  :: writes[write].kind == rotate && isSame(write) && mayRotate(write) ->
     held = true;
     item.previous = item.secret;
     item.secret = newOf(write);
     item.fence = item.fence + addsKey(write);
     if
     :: isWrappedByRotation(write) -> leave(writes[write].key, newOf(write))
     :: else
     fi;
     drop();
     beforeLogin = NONE
  :: writes[write].kind == logIn && isSame(write) && mayLogIn(write) ->
     held = true;
     item.auth++;
     item.previous = NONE;
     item.secret = newOf(write);
     if
     :: isWrappedByLogin(write) -> leave(writes[write].key, newOf(write))
     :: else
     fi;
     item.former = formerAfter(write, writes[write].key);
     item.formerFor = formerAfter(write, writes[write].own);
     beforeLogin = (writes[write].key != NONE -> writes[write].own : NONE)
  :: writes[write].kind == end_ && isSame(write) ->
     held = true;
     item.isEnded = true;
     item.secret = NONE;
     item.previous = NONE;
     leave(NONE, NONE);
     item.former = NONE;
     item.formerFor = NONE;
     values[0] = PLAIN;
     values[1] = PLAIN;
     beforeLogin = NONE
  :: else
  fi;
  if
  :: held -> item.lastWrite = write
  :: else
  fi;
  observe()
}

/* Of a session that is alive, the present secret opens all. Of one that has ended, nothing is left. */
inline observe() {
  assert(!item.isEnded || (item.key == NONE && item.former == NONE && values[0] == PLAIN && values[1] == PLAIN));
  assert(item.key == NONE || item.keyFor == item.secret);
  assert(values[0] == PLAIN || values[0] == item.key);
  assert(values[1] == PLAIN || values[1] == item.key);
  assert(item.formerFor == NONE || item.formerFor == beforeLogin)
}

inline look(write) {
  isOwn = (item.lastWrite == write || (writes[write].kind == logIn && item.secret == newOf(write)));
  read()
}

/* What the request learns of the session: by `opener`, if by anything, it opens what is wrapped. */
inline read() {
  known.secret = item.secret;
  known.auth = item.auth;
  known.fence = item.fence;
  known.key = item.key;
  known.keyFor = item.keyFor;
  known.isEnded = item.isEnded;
  opener = (!item.isEnded && (secret == item.secret || secret == item.previous) -> item.secret : NONE);
  if
  :: key == NONE && known.key != NONE && known.keyFor == opener -> key = known.key
  :: else
  fi
}

#include "network.h"

/* All idle tabs are alike: so the first of them begins. */
#define isFirstIdle(tab) ((tab < 1 || isBusy[0]) && (tab < 2 || isBusy[1]))

bool isBusy[TABS];

/* A key that cannot be looked for is not replaced, and none is wrapped for a secret that is not known. */
#define mayWrite \
  ((kind == rotate && secret == known.secret) || \
   (kind == logIn && (key != NONE || known.key == NONE)) || \
   (kind == set && (!seals || key != NONE || opener != NONE)) || kind == end_)

inline prepare() {
  writes[w].kind = kind;
  writes[w].auth = known.auth;
  writes[w].fence = known.fence;
  writes[w].secret = known.secret;
  writes[w].own = secret;
  writes[w].lacksKey = (key == NONE);
  writes[w].key = (key != NONE -> key : (seals -> newOf(w) : NONE));
  writes[w].sealedBy = (seals -> writes[w].key : PLAIN);
  if
  :: kind == set && !seals -> writes[w].key = NONE
  :: else
  fi
}

#define isConflict (answer == refused && !isOwn && !known.isEnded && known.auth == writes[w].auth)

active [TABS] proctype tab() {
  SENDER;
  Session known;
  mtype kind;
  bool seals, isOwn;
  byte secret, w, opener, told;
  byte key = NONE; /* the one that is stored, if the request knows it */
  byte tab_ = _pid - WRITES;

  do
  :: atomic {
       visits < VISITS && isFirstIdle(tab_) ->
       isBusy[tab_] = true;
       w = 2 * visits;
       visits++;
       secret = cookie
     };
     atomic {
       read();
       told = opener;
       /* The response to a login was lost: the next one takes along what the former key opens. */
       assert(secret != beforeLogin || (item.formerFor == secret && item.former == item.key));
       if
       :: opener == NONE
       :: opener != NONE -> kind = set; seals = true
       :: opener != NONE -> kind = set; seals = false
       :: opener != NONE -> kind = rotate; seals = true
       :: opener != NONE -> kind = rotate; seals = false
       :: opener != NONE -> kind = logIn; seals = true
       :: opener != NONE -> kind = logIn; seals = false
       :: opener != NONE -> kind = end_
       fi
     };
     do
     :: atomic { opener == NONE && w % 2 == 0 -> break }
     :: atomic { !(opener == NONE && w % 2 == 0) && !mayWrite -> break }
     :: atomic { !(opener == NONE && w % 2 == 0) && mayWrite -> prepare() };
        send(w);
        atomic {
          if
          :: isConflict && w % 2 == 0 && !(kind == set && wasRepeated) ->
#ifdef WITHOUT_LEARNING
             key = writes[w].key;
#endif
             w++
          :: else ->
             if
             :: (answer == done || isOwn) && (kind == rotate || kind == logIn) -> told = newOf(w)
             :: else -> told = opener
             fi;
             break
          fi
        }
     od;

     /* The response arrives, or it is lost. */
     atomic {
       if
       :: told != NONE -> cookie = told
       :: true
       fi;
       isBusy[tab_] = false;
       secret = 0; w = 0; attempts = 0; answer = 0; kind = 0; seals = false; isOwn = false; opener = 0; told = 0;
       key = NONE;
       known.secret = 0; known.auth = 0; known.fence = 0; known.key = 0; known.keyFor = 0; known.isEnded = false
     }
  :: visits == VISITS -> break
  od
}
