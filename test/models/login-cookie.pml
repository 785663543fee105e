/*
 * A login, and the cookie in the browser.
 *
 * Promise 15: once the response of a login has arrived, the browser stays logged in until it logs out or
 * logs in again. No response of a request that began before, and that only sets something or finds its session ended,
 * replaces or clears the cookie. Promise 6: a thief with a copy of the cookie from before the login is not accepted
 * after the login has returned, and cannot end the session.
 *
 * The requests of one browser leave with the cookie that it has then, and their responses arrive in any order, or are
 * lost. Each sets something, logs in, or logs out. One may be the thief's: it shows the cookie of the beginning, and
 * logs out. The session of the beginning is anonymous, or belongs to another user.
 *
 * Assumptions
 * - The grace is longer than twice the longest request: a request may leave with the old cookie for as long as the
 *   response of the login is under way, and then it takes its own time.
 * - A request is a first visit if it leaves without a cookie, or if its cookie was replaced, or its session ended, longer
 *   ago than a request takes. What it sets may begin a session, whose cookie may replace that of a login: see "What they
 *   do not say" in docs/promises.md.
 * - No timed rotation is due. A response that tells of one may be overtaken by that of a login: see the same place.
 * - A session that begins has an ID of its own, so its creation meets nobody: item-life.pml has that.
 *
 * Clauses
 * - WITHOUT_OVERTAKEN        a set with a token whose secret was replaced within the grace begins no session.
 * - WITHOUT_TOMBSTONE        a set with a token whose session ended within the grace begins no session.
 * - WITHOUT_SAME_AUTH        auth = :auth in updateSession: a set, or a login, that began before another login.
 * - WITHOUT_SAME_AUTH_IN_END auth = :auth in endSession: a logout that began before a login.
 * - WITHOUT_FORGETTING       reissue forgets the previous secret.
 * - WITHOUT_OWN_END          a logout clears the cookie only if this very request has ended the session.
 */

#ifndef REQUESTS
#define REQUESTS 3
#endif
#ifndef END_OF_TIME
#define END_OF_TIME 3
#endif
#ifndef GRACE
#define GRACE 3
#endif
#ifndef MOST_LOSSES
#define MOST_LOSSES 1
#endif
#define LONGEST_REQUEST 1

/* Each request has one write that meets others. */
#define WRITES REQUESTS

/* The first session, and one that each request may begin. Its secret has the same number. */
#define FIRST 0
#define ownOf(request) (1 + request)
#define SESSIONS (1 + REQUESTS)

#define NONE 255

mtype = { absent, live, tombstone };
mtype = { nobody, another, user };
mtype = { set, logIn, logOut, steal, bury };
mtype = { current, overtaken, unfounded };
mtype = { keep, replace, clear };

typedef Session {
  mtype kind = absent;
  mtype owner = nobody;
  byte auth;
  byte secret;
  byte previous = NONE;
  byte since;     /* rotatedAt; of a tombstone, endedAt */
  byte endedBy    /* lastWrite of a tombstone */
}

typedef Token {
  byte session;
  byte secret
}

typedef Write {
  mtype kind;
  byte session;
  byte secret;  /* with which the request came */
  byte auth     /* as read */
}

Session sessions[SESSIONS];
Write writes[WRITES];

Token cookie;
byte now;
byte started;
byte beganAt[REQUESTS] = NONE;

bool isReady;
bool isLoggedIn;     /* what the browser may rely on */
bool hasLoggedIn;    /* a login has returned */

#define item sessions[writes[write].session]

#ifndef WITHOUT_SAME_AUTH
#define isSameAuth (item.kind == live && item.auth == writes[write].auth)
#else
#define isSameAuth (item.kind == live)
#endif

#ifndef WITHOUT_SAME_AUTH_IN_END
#define mayEnd (item.kind == live && item.auth == writes[write].auth)
#else
#define mayEnd (item.kind == live)
#endif

#ifndef WITHOUT_FORGETTING
#define kept NONE
#else
#define kept item.secret
#endif

inline land(write_) {
  write = write_;
  if
  :: writes[write].kind == set && isSameAuth ->
     held = true;
     assert(item.secret == writes[write].secret)
  :: writes[write].kind == logIn && isSameAuth ->
     held = true;
     item.previous = kept;
     item.secret = ownOf(write);
     item.auth = writes[write].auth + 1;
     item.owner = user;
     item.since = now
  :: writes[write].kind == bury && mayEnd ->
     held = true;
     item.kind = tombstone;
     item.owner = nobody;
     item.auth = 0;
     item.secret = 0;
     item.previous = NONE;
     item.since = now;
     item.endedBy = write
  :: else
  fi;
  write = 0
}

/* The write is this request's own if the item has its secret, or its tombstone. */
inline look(write_) {
  write = write_;
  isLive = (item.kind == live);
  isOwn = (item.kind == live && item.secret == ownOf(write)) || (item.kind == tombstone && item.endedBy == write);
  write = 0
}

byte write;

#include "network.h"

#define isInTime(request) (beganAt[request] == NONE || now - beganAt[request] < LONGEST_REQUEST)

active proctype clock() {
end:
  do
  :: atomic { isReady && now < END_OF_TIME && isInTime(0) && isInTime(1) && isInTime(2) && isInTime(REQUESTS - 1) -> now++ }
  od
}

#define shown sessions[token.session]

/* Whether the secret was replaced, or the session ended, this long ago or longer. */
#define isOver(time) \
  (token.session == NONE || \
    (!(shown.kind == live && shown.secret == token.secret) && now >= shown.since + time))

#define isUsers (cookie.session != NONE && sessions[cookie.session].kind == live \
  && sessions[cookie.session].secret == cookie.secret && sessions[cookie.session].owner == user)

#ifndef WITHOUT_OVERTAKEN
#define isOvertaken (shown.kind == live)
#else
#define isOvertaken false
#endif

#ifndef WITHOUT_TOMBSTONE
#define isEnded (shown.kind == tombstone)
#else
#define isEnded false
#endif

/* What the token is worth when the request arrives: findSession in src/core/find-session.ts. */
inline judge() {
  if
  :: token.session == NONE -> standing = unfounded
  :: token.session != NONE && shown.kind == live && (shown.secret == token.secret || shown.previous == token.secret) ->
     standing = current;
     assert(kind != steal || !hasLoggedIn)
  :: else ->
     if
     :: (isOvertaken || isEnded) && now < shown.since + GRACE -> standing = overtaken
     :: else -> standing = unfounded
     fi
  fi
}

inline beginSession(owner_) {
  sessions[ownOf(id)].kind = live;
  sessions[ownOf(id)].owner = owner_;
  sessions[ownOf(id)].secret = ownOf(id);
  sessions[ownOf(id)].since = now;
  hasLoggedIn = hasLoggedIn || (owner_ == user);
  token.session = ownOf(id);
  action = replace
}

#ifndef WITHOUT_OWN_END
#define clearsUnasked false
#else
#define clearsUnasked true
#endif

active [REQUESTS] proctype request() {
  SENDER;
  bool isLive, isOwn, isFirstVisit;
  byte id = _pid - WRITES - 1;
  mtype kind, standing, action;
  Token token;

  /* It leaves. */
  atomic {
    isReady && started == id ->
    started++;
    token.session = cookie.session;
    token.secret = cookie.secret;
    if
    :: token.session != NONE -> kind = set
    :: kind = logIn; isLoggedIn = false
    :: token.session != NONE -> kind = logOut; isLoggedIn = false
    :: kind = steal; token.session = FIRST; token.secret = 0
    fi;
    isFirstVisit = isOver(LONGEST_REQUEST + 1);
    beganAt[id] = now;
    action = keep
  }

  /* It arrives. */
  atomic {
    judge();
    if
    :: standing == current ->
       writes[id].session = token.session;
       writes[id].secret = token.secret;
       writes[id].auth = shown.auth;
       if
       :: kind == set -> writes[id].kind = set
       :: kind == logIn && shown.owner != another -> writes[id].kind = logIn
       :: kind == logIn && shown.owner == another -> writes[id].kind = bury
       :: kind == logOut || kind == steal -> writes[id].kind = bury
       fi
    :: standing == unfounded && kind == set -> beginSession(nobody)
    :: standing != current && kind == logIn -> beginSession(user)
    :: standing != current && kind == logOut && clearsUnasked -> action = clear
    :: else
    fi
  }

  /* It writes. */
  if
  :: standing == current ->
     send(id);
     atomic {
       if
       :: kind == set || kind == steal
       :: kind == logOut && (answer == done || isOwn || clearsUnasked) && answer != unknown -> action = clear
       :: kind == logIn && writes[id].kind == logIn && (answer == done || (answer == refused && isLive && isOwn)) ->
          hasLoggedIn = true;
          action = replace
       :: kind == logIn && writes[id].kind == logIn && answer == refused && !(isLive && isOwn) -> beginSession(user)
       :: kind == logIn && writes[id].kind == bury && answer != unknown && (answer == done || !isLive) ->
          beginSession(user)
       :: else /* a logout that came too late, or an error */
       fi
     }
  :: else
  fi;

  /* The response arrives, or it is lost. */
  atomic {
    if
    :: true
    :: action == replace && kind != steal ->
       cookie.session = token.session;
       cookie.secret = ownOf(id);
       isLoggedIn = (kind == logIn || (isLoggedIn && !isFirstVisit))
    :: action == clear && kind != steal ->
       cookie.session = NONE;
       cookie.secret = 0;
       isLoggedIn = (isLoggedIn && !(answer == done || isOwn))
    fi;
    assert(!isLoggedIn || isUsers);
    beganAt[id] = NONE;
    attempts = 0;
    answer = 0;
    isLive = false;
    isOwn = false;
    isFirstVisit = false;
    kind = 0;
    standing = 0;
    action = 0;
    token.session = 0;
    token.secret = 0
  }
}

init {
  atomic {
    sessions[FIRST].kind = live;
    if
    :: sessions[FIRST].owner = nobody
    :: sessions[FIRST].owner = another
    fi;
    isReady = true
  }
}
