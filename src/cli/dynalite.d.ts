declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** The three delays are in milliseconds: how long a table stays CREATING, UPDATING or DELETING. */
  interface DynaliteOptions {
    createTableMs?: number;
    updateTableMs?: number;
    deleteTableMs?: number;
    /** A folder to keep the data in. In RAM, if it is not given. */
    path?: string;
  }

  export default function dynalite(options?: DynaliteOptions): Server;
}
