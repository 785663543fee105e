export { eraseUser, type Erasure } from './erase-user.js';
export {
  type ExportedSession,
  type ExportedValue,
  type ExportOptions,
  exportUser,
  type UserExport,
} from './export-user.js';
export type { Json } from './plain-json.js';
