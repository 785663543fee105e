export { deviceBinding } from './device-binding.js';
export type { DeviceBindingOptions } from './options.js';
