import { RECORD_ATTRIBUTE_NAMES } from '../../src/core/record.js';
import { ENDED_AT, VERSION } from '../../src/table/item.js';
import { DATA_PREFIX, PARTITION_KEY, USER_INDEX } from '../../src/table-schema.js';

const ofPrototypes = '__proto__ constructor prototype toString hasOwnProperty then toJSON'.split(' ');
const ofExpressions = 'a.b a[0] a#b # : :0 #0 #expiresAt 0 $ " \\'.split(' ');
const ofText = ['', ' ', '\u0000', 'é', 'e\u0301', '🔑', 'k'.repeat(300), '🔑'.repeat(75)];
const reservedWords = 'name status size SET REMOVE AND data values ttl'.split(' ');
const ofItems = [PARTITION_KEY, USER_INDEX.partitionKey, VERSION, ENDED_AT, DATA_PREFIX];

/** D1: keys of a session's data that a store could take for something else than data. */
export const DIFFICULT_KEYS: readonly string[] = [
  ofPrototypes,
  ofExpressions,
  ofText,
  reservedWords,
  ofItems,
  RECORD_ATTRIBUTE_NAMES,
  `${DATA_PREFIX}theme`,
].flat();
