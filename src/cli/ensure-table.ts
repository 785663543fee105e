import { ensureSessionTable } from '../dynamodb/ensure-session-table.js';
import type { Connection } from './connection.js';
import { TableError } from './table-error.js';

/**
 * Creates the table unless it is there.
 *
 * @returns whether it was created
 * @throws {@link TableError} if there is a table of that name that cannot hold sessions
 */
export async function ensureTable({ client, tableName }: Pick<Connection, 'client' | 'tableName'>): Promise<boolean> {
  const ensured = await ensureSessionTable(client, tableName);
  if (ensured.kind !== 'different') return ensured.kind === 'created';
  throw new TableError(
    `The table ${tableName} exists, but is not a session table: ${ensured.differences.join('; ')}. It was not changed. Choose another name.`,
  );
}
