/** Alone in its file: esbuild compiles it for CommonJS, where it writes `__filename`. */
// @ts-ignore TypeScript refuses import.meta when it compiles for CommonJS.
export const thisFile: string = import.meta.filename;
