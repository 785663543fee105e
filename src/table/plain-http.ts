import type * as http from 'node:http';

/**
 * `node:http`, for endpoints without TLS. It is not imported: Node.js reads all that a built-in exports when an ES module
 * imports it, and of `node:http`, from Node.js 22 on, that loads the whole of `fetch`, which takes longer than all the
 * rest of a handler.
 */
export const plainHttp = (): typeof http => process.getBuiltinModule('node:http');
