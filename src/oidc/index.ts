export { backChannelLogout, type BackChannelLogoutOptions, type LogoutClaims } from './back-channel-logout.js';
export type { ProviderAnswer, ProviderEndpoint, ProviderRequest } from './provider-endpoint.js';
export { type EventSubject, type EventTarget, securityEvents, type SecurityEventsOptions } from './security-events.js';
export type { ProviderOptions } from './token-verifier.js';
