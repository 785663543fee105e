/*
 * Logins at an OpenID Connect provider that the provider ends: the time of a logout in the user's mark, and the mark of a
 * login.
 *
 * Once a logout of the user has been acknowledged, no session lives whose ID token was issued up to the time of it, and
 * none begins. Once the end of a login has been acknowledged, no session lives that came of it. A login by an ID token
 * that was issued after the logout, and that has begun after it, lives on, however often the provider says the same
 * again, and in whatever order what it says arrives.
 *
 * Two logins of one user, of which the second may be exclusive, with ID tokens of any time. The provider says that the user is
 * logged out at the time 2, and says so again, or of the time 1. It ends the first login.
 *
 * Assumptions
 * - An index shows any part of the user's sessions. A list, and the tombstones put by it, are one step.
 * - No answer is lost. A copy of a raise that lands late is one more logout of the same time.
 * - A login reads the user's mark and that of its login one after another: a bulk read is not atomic.
 *
 * Clauses
 * - WITHOUT_TIME         hasEnded (src/core/session.ts): an ID token of a time up to that in the mark logs nobody in.
 * - WITHOUT_CONDITION    issuedBefore < :time in the raise (raiseMark in src/table/commands.ts).
 * - WITHOUT_SECOND_LOOK  Session.logIn: an exclusive login looks at the marks once more after its own raise.
 * - WITHOUT_ONE_ITEM     the time of the logout is in the user's mark, and is read and written with its generation.
 * - WITHOUT_LOGIN_MARK   loggedOutBy (src/core/marks.ts): a session whose login has ended is dead.
 * - WITHOUT_BELOW        generation < :generation in the ends of what a logout lists (endOlderLogins).
 */

#define LOGINS 2
#define LOGOUTS 2

typedef Session {
  bool isLive;
  byte generation
}

typedef Mark {
  byte generation;
  byte issuedBefore
}

Session sessions[LOGINS];
Mark mark;
bool isEnded;             /* the mark of the first login */
byte issuedAt[LOGINS];
bool isExclusive[LOGINS];
bool beganAfter[LOGINS];  /* whether a login has begun after the last time that the provider tells of */
byte finished;
byte loggedOutAt;         /* the time of the last logout that was acknowledged */
bool isEndAcknowledged;

byte times[LOGOUTS];      /* of the logouts that the provider tells of */

#ifndef WITHOUT_CONDITION
#define isNews(id) (mark.issuedBefore < times[id])
#else
#define isNews(id) true
#endif

#ifndef WITHOUT_LOGIN_MARK
#define endsLogin(login) (isEnded && login == 0)
#else
#define endsLogin(login) false
#endif

#ifndef WITHOUT_TIME
#define isTooOld(time, issuedBefore_) (time <= issuedBefore_)
#else
#define isTooOld(time, issuedBefore_) false
#endif

#define lives(id) (sessions[id].isLive && sessions[id].generation >= mark.generation && !endsLogin(id))

inline observe() {
  assert(!lives(0) || (issuedAt[0] > loggedOutAt && !isEndAcknowledged));
  assert(!lives(1) || issuedAt[1] > loggedOutAt)
}

inline readMarks() {
#ifndef WITHOUT_ONE_ITEM
  d_step { known.issuedBefore = mark.issuedBefore; known.generation = mark.generation };
#else
  known.issuedBefore = mark.issuedBefore;
  known.generation = mark.generation;
#endif
  isRefused = isTooOld(issuedAt[id], known.issuedBefore) || (isEnded && id == 0)
}

active [LOGINS] proctype login() {
  byte id = _pid;
  byte generation;
  bool isRefused;
  Mark known;

  atomic {
    if
    :: issuedAt[id] = 1
    :: issuedAt[id] = 2
    :: issuedAt[id] = 3
    fi;
    if
    :: id == 1 -> isExclusive[id] = true
    :: true
    fi;
    beganAfter[id] = (mark.issuedBefore == 2)
  };
  readMarks();
  generation = known.generation;
  if
  :: !isRefused && isExclusive[id] ->
     atomic { mark.generation++; generation = mark.generation };
#ifndef WITHOUT_SECOND_LOOK
     readMarks()
#endif
  :: else
  fi;
  atomic {
    if
    :: !isRefused -> sessions[id].isLive = true; sessions[id].generation = generation; observe()
    :: else -> beganAfter[id] = false
    fi
  };
  atomic {
    if
    :: !isRefused && isExclusive[id] && sessions[1 - id].generation < generation -> sessions[1 - id].isLive = false
    :: true
    fi;
    generation = 0;
    isRefused = false;
    known.generation = 0;
    known.issuedBefore = 0;
    finished++
  }
}

#ifndef WITHOUT_BELOW
#define isOlder(id) (sessions[id].generation < generation)
#else
#define isOlder(id) true
#endif

inline sweep(id) {
  if
  :: isOlder(id) -> sessions[id].isLive = false
  :: true
  fi
}

/* The provider says that the user is logged out. */
active [LOGOUTS] proctype logOutUser() {
  byte id = _pid - LOGINS;
  byte generation;

  atomic {
    if
    :: times[id] = 2
    :: id > 0 -> times[id] = 1
    fi
  };
#ifndef WITHOUT_ONE_ITEM
  atomic {
    if
    :: isNews(id) -> mark.generation++; mark.issuedBefore = times[id]
    :: else
    fi;
    generation = mark.generation
  };
#else
  /* The time stands elsewhere, and is written before. */
  atomic {
    if
    :: isNews(id) -> mark.issuedBefore = times[id]; generation = 1
    :: else
    fi
  };
  atomic { mark.generation = mark.generation + generation; generation = mark.generation };
#endif
  atomic { sweep(0); sweep(1); generation = 0 };
  atomic {
    loggedOutAt = (loggedOutAt < times[id] -> times[id] : loggedOutAt);
    observe();
    finished++
  }
}

/* The provider ends the first login. */
active proctype endLogin() {
  isEnded = true;
  atomic {
    if
    :: sessions[0].isLive = false
    :: true
    fi
  };
  atomic { isEndAcknowledged = true; observe(); finished++ }
}

/* What holds when all is over. */
active proctype outcome() {
  byte id;

  atomic {
    finished == LOGINS + LOGOUTS + 1;
    for (id : 0 .. LOGINS - 1) {
      assert(!beganAfter[id] || issuedAt[id] < 3 || isExclusive[1 - id] || (id == 0 && isEnded) || lives(id))
    }
  }
}
