/*
 * How a write travels.
 *
 * A client sends a write up to MOST_ATTEMPTS times. It gets the answer to a copy, or it stops waiting for it. Then the
 * copy is under way: it lands at any later time, in any order, or never. A lost answer needs no case of its own: the
 * client stops waiting, and the copy lands at once. In one run MOST_LOSSES answers get lost.
 *
 * A model defines WRITES, the number of its writes, and two inlines:
 * - land(write): one conditional write of DynamoDB. It sets `held` to whether the condition held.
 * - look(write): what the answer tells the client about the item (ReturnValuesOnConditionCheckFailure: 'ALL_OLD').
 *
 * A process that sends has the variables of SENDER. After send(write), `answer` is `done`, `refused`, or `unknown`.
 */

#ifndef MOST_ATTEMPTS
#define MOST_ATTEMPTS 2
#endif

#define SENDER byte attempts; bool held; mtype answer

/* What the SDK tells by `attempts`: wasRepeated in src/table/port.ts. */
#define wasRepeated (attempts > 1)

mtype = { done, refused, unknown };

byte underWay[WRITES];
byte lossesLeft = MOST_LOSSES;

/* The processes 0 to WRITES - 1. Each delivers the copies of the write that has its number. */
active [WRITES] proctype copies() {
  bool held;

end:
  do
  :: atomic { underWay[_pid] > 0 -> underWay[_pid]--; land(_pid); held = false }
#ifdef COPIES_GET_LOST
  :: underWay[_pid] > 0 -> underWay[_pid]--
#endif
  od
}

inline send(write) {
  attempts = 0;
  do
  :: atomic {
       attempts < MOST_ATTEMPTS && lossesLeft > 0 ->
       lossesLeft--;
       attempts++;
       underWay[write]++
     }
  :: atomic {
       attempts < MOST_ATTEMPTS ->
       attempts++;
       land(write);
       look(write);
       answer = (held -> done : refused);
       held = false;
       break
     }
  :: attempts > 0 -> answer = unknown; break
  od
}
