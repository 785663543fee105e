/*
 * The life of one session's item: absent, session, tombstone.
 *
 * Promise 1: once an end has been acknowledged, no copy of any write makes the item a live session again.
 * And of several ends exactly one is told "deleted": only that one may clear the browser's cookie.
 *
 * Five requests work on one item: one creates the session and then changes it, one logs in, one logs out, one revokes
 * the session by its ID, and logOutUser puts a tombstone for what the index shows.
 *
 * Assumptions
 * - Others know the ID once the creation was acknowledged. The index shows it once the item has existed.
 * - TTL removes a tombstone only when no copy is under way: a tombstone stays for an hour. A request that has not sent
 *   its write yet may be slower than that.
 * - Expiry is left out. An expired session counts as absent, and TTL removes it days after the last copy.
 *
 * Clauses (src/table/commands.ts)
 * - WITHOUT_NOT_EXISTS    attribute_not_exists(id) in createSession: a tombstone exists, too.
 * - WITHOUT_TOMBSTONE     endSession puts a tombstone in place of the session; it does not delete the item.
 * - WITHOUT_SAME_AUTH     auth = :auth in updateSession: it says that the item exists, and is no tombstone.
 * - WITHOUT_NO_TOMBSTONE  attribute_not_exists(endedAt) in endSession: only the first end puts its tombstone.
 * - WITHOUT_LAST_WRITE    an end that is refused knows its own tombstone by lastWrite (DynamoDBPersistenceLayer).
 */

#define CREATE 0
#define UPDATE 1
#define LOG_IN 2
#define LOG_OUT 3
#define REVOKE 4
#define LOG_OUT_USER 5
#define WRITES 6

#ifndef MOST_LOSSES
#define MOST_LOSSES 2
#endif
#define COPIES_GET_LOST

mtype = { absent, session, tombstone };

typedef Item {
  mtype kind = absent;
  byte auth;
  byte lastWrite = WRITES
}

Item item;

/* The `auth` that a write expects. */
byte auth[WRITES];

/* What is known outside of the table. */
bool hasExisted;
bool isKnown;
bool isEnded;
byte toldDeleted;

/* Of the two ends that are told what they did: how many are over, and whether one of them must have been told. */
byte over;
bool mustBeTold = true;

#ifndef WITHOUT_NOT_EXISTS
#define isNothing (item.kind == absent)
#else
#define isNothing true
#endif

#ifndef WITHOUT_SAME_AUTH
#define isSameAuth(write) (item.kind == session && item.auth == auth[write])
#else
#define isSameAuth(write) true
#endif

#ifndef WITHOUT_NO_TOMBSTONE
#define mayEnd(write) (item.kind == session && (write == REVOKE || item.auth == auth[write]))
#else
#define mayEnd(write) (item.kind != absent && (write == REVOKE || item.kind == tombstone || item.auth == auth[write]))
#endif

#ifndef WITHOUT_TOMBSTONE
#define ENDED tombstone
#else
#define ENDED absent
#endif

#ifndef WITHOUT_LAST_WRITE
#define isOwnTombstone (found == tombstone && isOwn)
#else
#define isOwnTombstone false
#endif

inline land(write) {
  if
  :: write == CREATE && isNothing ->
     held = true;
     hasExisted = true;
     item.kind = session;
     item.auth = 0
  :: (write == UPDATE || write == LOG_IN) && isSameAuth(write) ->
     held = true;
     if
     :: item.kind == absent -> item.kind = session
     :: else
     fi;
     item.auth = auth[write] + (write == LOG_IN)
  :: (write == LOG_OUT || write == REVOKE) && mayEnd(write) ->
     held = true;
     item.kind = ENDED;
     item.auth = 0;
     mustBeTold = mustBeTold && (ENDED == tombstone)
  :: write == LOG_OUT_USER ->
     held = true;
     mustBeTold = false;
     item.kind = ENDED;
     item.auth = 0
  :: else
  fi;
  if
  :: held -> item.lastWrite = write
  :: else
  fi;
  assert(!isEnded || item.kind != session)
}

inline look(write) {
  found = item.kind;
  isOwn = (item.lastWrite == write)
}

#include "network.h"

#define REQUEST SENDER; mtype found; bool isOwn

/* How many requests are sending. */
byte sending;

inline sendOne(write) {
  sending++;
  send(write);
  sending--
}

/* Begins the session, and changes it afterwards. */
active proctype beginner() {
  REQUEST;

  sendOne(CREATE);
  if
  :: answer == done || (answer == refused && found == session) -> isKnown = true; sendOne(UPDATE)
  :: else
  fi
}

active proctype login() {
  REQUEST;

end:
  isKnown;
  if
  :: atomic { item.kind == session -> auth[LOG_IN] = item.auth };
     sendOne(LOG_IN)
  :: item.kind != session
  fi
}

inline endAndTell(write) {
  sendOne(write);
  atomic {
    if
    :: answer == done || (answer == refused && isOwnTombstone) ->
       isEnded = true;
       toldDeleted++;
       assert(toldDeleted <= 1)
    :: answer == refused && !isOwnTombstone && found != session -> isEnded = true
    :: answer == refused && found == session /* a login has taken the session over */
    :: answer == unknown -> mustBeTold = false
    fi;
    over++;
    assert(over < 2 || !mustBeTold || toldDeleted == 1)
  }
}

active proctype logOut() {
  REQUEST;

end:
  isKnown;
  if
  :: atomic { item.kind == session -> auth[LOG_OUT] = item.auth };
     endAndTell(LOG_OUT)
  :: item.kind != session
  fi
}

active proctype revoke() {
  REQUEST;

end:
  isKnown;
  endAndTell(REVOKE)
}

active proctype logOutUser() {
  REQUEST;

end:
  hasExisted;
  sendOne(LOG_OUT_USER);
  if
  :: answer == done -> isEnded = true
  :: else
  fi
}

#define noneUnderWay (underWay[0] + underWay[1] + underWay[2] + underWay[3] + underWay[4] + underWay[5] == 0)

active proctype timeToLive() {
end:
  do
  :: atomic { item.kind == tombstone && noneUnderWay && sending == 0 -> item.kind = absent; item.lastWrite = WRITES }
  od
}
