/** Alone in its file: the CommonJS build bundles devalue into it, which is an ES module only. */
export { unflatten } from 'devalue';
