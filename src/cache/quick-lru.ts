/** Alone in its file: the CommonJS build bundles quick-lru into it, which is an ES module only. */
export { default as QuickLRU } from 'quick-lru';
