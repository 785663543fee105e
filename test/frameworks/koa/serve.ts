import type { AddressInfo } from 'node:net';
import { app } from './app.js';

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
