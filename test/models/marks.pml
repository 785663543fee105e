/*
 * Logging a user out everywhere: the user's mark, and the sessions that an index does not show yet.
 *
 * Promise 9: once logOutUser, "log out all others", or an exclusive login has been acknowledged, every
 * other session of the user whose login had been acknowledged before is dead, and stays dead. "Log out all others"
 * never ends the session that it is asked from, pressed twice included. Of two exclusive logins at once in one browser
 * exactly one session lives. A login that begins after all that lives. A page view ends no session that lives.
 *
 * Each request does one of six things, in every combination. The user has a session elsewhere, and a session in this
 * browser: it is anonymous yet, or the user's, or was spared by an earlier "log out all others".
 *
 * Assumptions
 * - An index shows any part of the user's sessions. The first list of a logout everywhere is made while the mark is
 *   raised: here, before. Of other lists, a list and the tombstones put by it are one step.
 * - No answer is lost. A late copy of a raise is told by its lastWrite, see raiseMark; a late copy of a tombstone is one
 *   of the limits in docs/promises.md.
 * - The epoch is left out: it is a mark that spares nobody.
 *
 * Clauses
 * - WITHOUT_MARK            loggedOutBy (src/core/marks.ts): a session below the generation of the mark is dead.
 * - WITHOUT_COMPARE         generation = :generation in the sparing raise (raiseMark in src/table/commands.ts), or the
 *                           same session is spared already: a logOutUser that came between must not be undone.
 * - WITHOUT_OWN_GENERATION  the mark notes the generation of the session that it spares, not its own of before.
 * - WITHOUT_NEW_RAISE       Session.#attach: an exclusive login whose session another login has taken over raises the
 *                           mark once more, which spares nothing: that session is to end like all others.
 * - WITHOUT_AUTH_IN_VIEW    auth = :auth in endSession, when a page view has found the session dead (logoutOf in
 *                           src/core/find-session.ts): a login may have given it a new generation.
 */

#ifndef REQUESTS
#define REQUESTS 3
#endif
#define MOST_RAISES 3

#define HERE 0
#define ELSEWHERE 1
#define ownOf(request) (2 + request)
#define SESSIONS (2 + REQUESTS)
#define NONE 255

mtype = { absent, live, tombstone };
mtype = { logOutUser, logOutOthers, logInExclusively, logIn, logInElsewhere, view };

typedef Session {
  mtype kind = absent;
  bool hasUser;
  byte auth;
  byte generation
}

typedef Mark {
  byte generation;
  byte spared;
  byte sparedGeneration
}

Session sessions[SESSIONS];
Mark mark;

bool isReady;
byte started;
byte finished;
byte raising;             /* requests that are at it to end sessions */
byte times[13];           /* how often each of the six things was done */
bool mayEnd[REQUESTS];    /* whether another request may end what this one's login begins */

/* The session that a login has begun, or taken over. */
byte loggedInTo[REQUESTS] = NONE;

/* The login of a session that was acknowledged, and the one that has been ended: 1 + auth. */
byte acknowledged[SESSIONS];
byte ended[SESSIONS];

#ifndef WITHOUT_MARK
#define isAbove(mark_, generation_) (generation_ >= mark_.generation)
#else
#define isAbove(mark_, generation_) true
#endif

#define isSpared(mark_, id, generation_) (mark_.spared == id && generation_ >= mark_.sparedGeneration)

#ifndef WITHOUT_COMPARE
#define isUnchanged (mark.generation == known.generation || (mark.spared == HERE && mark.sparedGeneration <= own))
#else
#define isUnchanged true
#endif

#ifndef WITHOUT_OWN_GENERATION
#define spareFrom own
#else
#define spareFrom mark.generation
#endif

#ifndef WITHOUT_NEW_RAISE
#define raisesAnew (kind == logInExclusively)
#else
#define raisesAnew false
#endif

#ifndef WITHOUT_AUTH_IN_VIEW
#define isAsSeen (sessions[HERE].auth == auth && sessions[HERE].generation < known.generation)
#else
#define isAsSeen (sessions[HERE].generation < known.generation)
#endif

#define isLoggedIn(mark_, id, generation_) (isAbove(mark_, generation_) || isSpared(mark_, id, generation_))
#define isUsers(id) (sessions[id].kind == live && sessions[id].hasUser)
#define lives(id) (isUsers(id) && isLoggedIn(mark, id, sessions[id].generation))
#define endsOthers (kind == logOutUser || kind == logOutOthers || kind == logInExclusively)

inline observe() {
  for (i : 0 .. SESSIONS - 1) {
    assert(ended[i] == 0 || ended[i] != sessions[i].auth + 1 || !lives(i))
  }
  i = 0
}

inline raise(spared_, generation_) {
  mark.sparedGeneration = generation_;
  mark.generation++;
  mark.spared = spared_;
  own = 0;
  generation = mark.generation;
  observe()
}

/* Raises the mark and spares the session, if it lives. Otherwise, or if it may not, `isRaised` stays false. */
inline raiseSparing(isKnown) {
  d_step {
    known.generation = mark.generation;
    known.spared = mark.spared;
    known.sparedGeneration = mark.sparedGeneration
  };
  d_step {
    own = (isKnown -> own : sessions[HERE].generation);
    wasAlive = ((isKnown || isUsers(HERE)) && isLoggedIn(known, HERE, own))
  };
  if
  :: wasAlive ->
     atomic {
       if
       :: isUnchanged -> raise(HERE, spareFrom); isRaised = true
       :: else
       fi
     }
  :: else
  fi
}

inline beginSession() {
  mine = ownOf(id);
  sessions[mine].kind = live;
  sessions[mine].hasUser = true;
  sessions[mine].generation = generation;
  loggedInTo[id] = mine;
  login = 1
}

/* The login's write: to the session here if nobody else has taken it over, or else to one of its own. */
inline attach() {
  atomic {
    if
    :: sessions[HERE].kind == live && sessions[HERE].auth == auth ->
       mine = HERE;
       sessions[HERE].auth++;
       sessions[HERE].generation = generation;
       sessions[HERE].hasUser = true;
       loggedInTo[id] = HERE;
       login = 1 + sessions[HERE].auth;
       observe()
    :: else
    fi
  };
  if
  :: login == 0 && raisesAnew -> atomic { raise(NONE, 0) }
  :: else
  fi;
  if
  :: login == 0 -> atomic { beginSession(); observe() }
  :: else
  fi
}

inline putTombstone(session) {
  sessions[session].kind = tombstone;
  sessions[session].hasUser = false;
  sessions[session].auth = 0;
  sessions[session].generation = 0
}

/* Lists the user's sessions, all but one. The index shows some. */
inline list(except) {
  atomic {
    for (i : 0 .. SESSIONS - 1) {
      if
      :: i != except && isUsers(i) -> listed = listed | (1 << i)
      :: true
      fi
    }
    i = 0
  }
}

/* Ends what was listed, whatever has become of it since. */
inline endListed() {
  atomic {
    for (i : 0 .. SESSIONS - 1) {
      if
      :: listed & (1 << i) -> putTombstone(i)
      :: else
      fi
    }
    listed = 0;
    observe()
  }
}

/* Lists the user's sessions, and ends all but one for which the condition holds. The index shows some. */
inline sweep(except, condition) {
  atomic {
    for (i : 0 .. SESSIONS - 1) {
      if
      :: i != except && isUsers(i) && condition -> putTombstone(i)
      :: true
      fi
    }
    observe()
  }
}

inline acknowledge(except) {
  atomic {
    for (i : 0 .. SESSIONS - 1) {
      if
      :: before[i] != 0 && i != except -> ended[i] = before[i]
      :: else
      fi
    }
    observe()
  }
}

active [REQUESTS] proctype request() {
  byte id = _pid;
  mtype kind;
  byte i, auth, own, generation, mine, login, raises, listed;
  bool wasAlive, isRaised, hadUser;
  Mark known;
  byte before[SESSIONS];

  atomic {
    isReady && started == id ->
    started++;
    if
    :: kind = logOutUser
    :: lives(HERE) -> kind = logOutOthers
    :: sessions[HERE].kind == live && (!sessions[HERE].hasUser || lives(HERE)) -> kind = logInExclusively
    :: sessions[HERE].kind == live && (!sessions[HERE].hasUser || lives(HERE)) -> kind = logIn
    :: kind = logInElsewhere
    :: isUsers(HERE) -> kind = view
    fi;
    times[kind]++;
    if
    :: kind == logInExclusively || kind == logIn || kind == view ->
       auth = sessions[HERE].auth;
       own = sessions[HERE].generation;
       hadUser = sessions[HERE].hasUser
    :: else
    fi;
    mayEnd[id] = (raising > 0);
    if
    :: endsOthers ->
       for (i : 0 .. SESSIONS - 1) {
         before[i] = (isUsers(i) && acknowledged[i] == sessions[i].auth + 1 -> acknowledged[i] : 0)
       }
       for (i : 0 .. REQUESTS - 1) {
         mayEnd[i] = mayEnd[i] || i != id
       }
       i = 0;
       raising++
    :: else
    fi
  }

  if
  :: kind == logOutUser ->
     list(NONE);
     atomic { raise(NONE, 0) };
     endListed();
     sweep(NONE, true);
     acknowledge(NONE)

  :: kind == logOutOthers ->
     list(HERE);
     do
     :: raises < MOST_RAISES ->
        raises++;
        raiseSparing(false);
        if
        :: isRaised -> break
        :: !isRaised && wasAlive
        :: !isRaised && !wasAlive -> atomic { raise(NONE, 0); isRaised = true }; break
        fi
     :: raises == MOST_RAISES -> break
     od;
     if
     :: isRaised -> endListed(); sweep(HERE, true); acknowledge(HERE)
     :: else /* it fails */
     fi

  :: kind == logInExclusively ->
     if
     :: hadUser -> raiseSparing(true)
     :: else
     fi;
     if
     :: isRaised
     :: else -> atomic { raise(NONE, 0) }
     fi;
     attach();
     sweep(mine, (sessions[i].generation < generation));
     atomic { acknowledged[mine] = login; acknowledge(mine) }

  :: kind == logIn ->
     generation = mark.generation;
     attach();
     acknowledged[mine] = login

  :: kind == logInElsewhere ->
     generation = mark.generation;
     atomic { beginSession(); acknowledged[mine] = login }

  :: kind == view ->
     d_step {
       known.generation = mark.generation;
       known.spared = mark.spared;
       known.sparedGeneration = mark.sparedGeneration
     };
     if
     :: isLoggedIn(known, HERE, own)
     :: else ->
        atomic {
          if
          :: sessions[HERE].kind == live && isAsSeen -> assert(!lives(HERE)); putTombstone(HERE)
          :: else
          fi
        }
     fi
  fi;

  atomic {
    raising = raising - endsOthers;
    finished++;
    auth = 0;
    own = 0;
    generation = 0;
    mine = 0;
    login = 0;
    raises = 0;
    listed = 0;
    wasAlive = false;
    isRaised = false;
    hadUser = false;
    kind = 0;
    known.generation = 0;
    known.spared = 0;
    known.sparedGeneration = 0;
    for (i : 0 .. SESSIONS - 1) {
      before[i] = 0
    }
    i = 0
  }
}

/* What holds when all requests are over. */
active proctype outcome() {
  byte i, living;

  atomic {
    finished == REQUESTS;
    for (i : 0 .. REQUESTS - 1) {
      assert(loggedInTo[i] == NONE || mayEnd[i] || lives(loggedInTo[i]))
    }
    assert(times[logOutOthers] + times[view] < REQUESTS || lives(HERE));
    for (i : 0 .. SESSIONS - 1) {
      living = living + lives(i)
    }
    assert(times[logInExclusively] < 2 || times[logInExclusively] + times[view] < REQUESTS || living == 1)
  }
}

init {
  atomic {
    mark.generation = 1;
    mark.spared = NONE;
    sessions[HERE].kind = live;
    if
    :: true
    :: sessions[HERE].hasUser = true; sessions[HERE].generation = 1; acknowledged[HERE] = 1
    :: sessions[HERE].hasUser = true; acknowledged[HERE] = 1; mark.spared = HERE
    fi;
    sessions[ELSEWHERE].kind = live;
    sessions[ELSEWHERE].hasUser = true;
    sessions[ELSEWHERE].generation = 1;
    acknowledged[ELSEWHERE] = 1;
    isReady = true
  }
}
