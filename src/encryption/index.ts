export type { DataSeal, Encryption } from '../core/encryption.js';
export { encryptedData, type EncryptedDataOptions } from './encrypted-data.js';
