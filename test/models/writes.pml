/*
 * Plain writes of one key, and the fence that keeps late copies of them out.
 *
 * Promise 14: getAndDelete hands a value to exactly one caller. Promise 8: an acknowledged update counts
 * exactly once, one of unknown fate at most once. And: no late copy of an acknowledged set or update undoes what came
 * after it.
 *
 * Three requests work on one key. One sets it twice. Each of the others takes it or updates it: it reads the item, and
 * writes on the condition that the key still has the value that it has read. Every value is written by one call, so a
 * value tells who wrote it. A call that is refused reads the item that the answer brings, and tries once more.
 *
 * Assumptions
 * - The session lives, and nobody logs in: item-life.pml has that.
 * - The requests read at any time before they write.
 *
 * Clauses (conditions and changes of updateSession in src/table/commands.ts; calls in StoredSession)
 * - WITHOUT_FENCE              fence = :fence in a set, and in an update.
 * - WITHOUT_RAISE              a set that was sent more than once raises the fence before it is reported as done
 *                              (StoredSession.#raiseFence).
 * - WITHOUT_RAISE_AFTER_UNKNOWN  a request whose set has an unknown fate raises the fence in its next set.
 * - WITHOUT_UNKNOWN            a write that was sent more than once, and is then refused, has an unknown fate: a copy may
 *                              have been applied, and its value taken. It is not sent again with the new fence.
 * - WITHOUT_RAISE_IN_TAKE      getAndDelete raises the fence in the same write.
 * - WITHOUT_RAISE_IN_UPDATE    update raises the fence in the same write: the value may come back, and with it the
 *                              condition of a copy.
 * - WITHOUT_VALUE_IN_TAKE      data.<key> = :value in getAndDelete (StoredSession.replace).
 * - WITHOUT_VALUE_IN_UPDATE    data.<key> = :value in update (StoredSession.replace).
 */

/* The first write of each call. Each has two, and one that raises the fence. */
#define FIRST_SET 0
#define SECOND_SET 3
#define CHANGE(changer) (6 + 3 * (changer))
#define WRITES 12

#ifndef MOST_LOSSES
#define MOST_LOSSES 2
#endif

mtype = { set, raise, take, update };

typedef Write {
  mtype kind;
  byte fence;      /* as read */
  byte before;     /* the value as read */
  byte after;
  bool raises;     /* whether a set raises the fence, too */
  bool isOver      /* whether no copy may land any more */
}

Write writes[WRITES];

/* A key without a value has the value 0. */
typedef Item {
  byte key;
  byte fence;
  byte lastWrite
}

Item item;

bool isCounted[WRITES];

#define FIRST_VALUE 1
#define SECOND_VALUE 2
#define valueOf(write) (3 + write)
#define VALUES 15

bool isTaken[VALUES];

/* Every write leaves a mark of its own. */
#define lastWriteOf(write) (1 + write)

#define isSameFence(write) (item.fence == writes[write].fence)
#define isSameValue(write) (item.key == writes[write].before)

#ifndef WITHOUT_FENCE
#define maySet(write) isSameFence(write)
#else
#define maySet(write) true
#endif

#ifndef WITHOUT_VALUE_IN_TAKE
#define mayTake(write) (isSameFence(write) && isSameValue(write))
#else
#define mayTake(write) isSameFence(write)
#endif

#ifndef WITHOUT_VALUE_IN_UPDATE
#define mayUpdate(write) (maySet(write) && isSameValue(write))
#else
#define mayUpdate(write) maySet(write)
#endif

#ifndef WITHOUT_RAISE_IN_TAKE
#define RAISED_BY_TAKE 1
#else
#define RAISED_BY_TAKE 0
#endif

#ifndef WITHOUT_RAISE_IN_UPDATE
#define RAISED_BY_UPDATE 1
#else
#define RAISED_BY_UPDATE 0
#endif

#ifndef WITHOUT_RAISE
#define mustRaise wasRepeated
#else
#define mustRaise false
#endif

#ifndef WITHOUT_RAISE_AFTER_UNKNOWN
#define isUncertain (answer == unknown)
#else
#define isUncertain false
#endif

#ifndef WITHOUT_UNKNOWN
#define mayHaveLanded wasRepeated
#else
#define mayHaveLanded false
#endif

inline land(write) {
  if
  :: writes[write].kind == set && maySet(write) ->
     held = true;
     assert(!writes[write].isOver);
     item.key = writes[write].after;
     item.fence = item.fence + writes[write].raises
  :: writes[write].kind == raise && isSameFence(write) ->
     held = true;
     item.fence++
  :: writes[write].kind == take && mayTake(write) ->
     held = true;
     assert(item.key == writes[write].before);
     item.key = 0;
     item.fence = item.fence + RAISED_BY_TAKE
  :: writes[write].kind == update && mayUpdate(write) ->
     held = true;
     assert(item.key == writes[write].before);
     assert(!isCounted[write] && !writes[write].isOver);
     isCounted[write] = true;
     item.key = writes[write].after;
     item.fence = item.fence + RAISED_BY_UPDATE
  :: else
  fi;
  if
  :: held -> item.lastWrite = lastWriteOf(write)
  :: else
  fi
}

inline look(write) {
  isOwn = (item.lastWrite == lastWriteOf(write));
  read()
}

inline read() {
  fence = item.fence;
  key = item.key
}

#include "network.h"

#define REQUEST SENDER; bool isOwn; byte fence, key, w

/* A write that is refused has the same effect: somebody has raised the fence already. */
inline raiseFence(first) {
  d_step { writes[first + 2].kind = raise; writes[first + 2].fence = writes[w].fence };
  send(first + 2);
  if
  :: answer == refused -> answer = done
  :: else
  fi
}

/* Sets the key. Afterwards `answer` is what the caller is told. */
inline setKey(first, value, raising) {
  w = first;
  do
  :: d_step {
       writes[w].kind = set;
       writes[w].fence = fence;
       writes[w].after = value;
       writes[w].raises = raising
     };
     send(w);
     if
     :: answer == done || (answer == refused && isOwn) ->
        answer = done;
        if
        :: mustRaise && !raising -> raiseFence(first)
        :: else
        fi;
        break
     :: answer == refused && !isOwn && mayHaveLanded -> answer = unknown; break
     :: answer == refused && !isOwn && !mayHaveLanded ->
        if
        :: w == first -> w++
        :: else -> break
        fi
     :: answer == unknown -> break
     fi
  od;
  atomic {
    attempts = 0;
    isOwn = false;
    key = 0
  }
}

#define isOverWith(first) writes[first].isOver = true; writes[first + 1].isOver = true

active proctype setter() {
  REQUEST;

  d_step { read() };
  setKey(FIRST_SET, FIRST_VALUE, false);
  if
  :: answer == done -> atomic { isOverWith(FIRST_SET) }
  :: else
  fi;
  if
  :: answer != refused -> setKey(SECOND_SET, SECOND_VALUE, isUncertain)
  :: else
  fi;
  if
  :: answer == done -> atomic { isOverWith(FIRST_SET); isOverWith(SECOND_SET) }
  :: else
  fi
}

active [2] proctype changer() {
  REQUEST;
  byte first = CHANGE(_pid - WRITES - 1);
  mtype kind;

  if
  :: kind = take
  :: kind = update
  fi;
  atomic { read(); w = first };
  do
  :: kind == take && key == 0 -> break
  :: kind == update || key != 0 ->
     d_step {
       writes[w].kind = kind;
       writes[w].fence = fence;
       writes[w].before = key;
       writes[w].after = (kind == update -> valueOf(w) : 0)
     };
     send(w);
     if
     :: answer == done || (answer == refused && isOwn) ->
        if
        :: kind == take ->
           assert(!isTaken[writes[w].before]);
           isTaken[writes[w].before] = true
        :: kind == update ->
           assert(isCounted[w]);
           atomic { isOverWith(first) }
        fi;
        break
     :: answer == refused && !isOwn && !mayHaveLanded && w == first -> w++
     :: answer == refused && !isOwn && (mayHaveLanded || w != first) -> break
     :: answer == unknown -> break
     fi
  od
}
