#!/usr/bin/env node
import { styleText } from 'node:util';
import { failureOf } from './failure.js';
import { note } from './output.js';
import { createProgram } from './program.js';

// The SDK's notice about the end of a Node.js version is not for the person at the terminal.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

// Whoever reads has read enough: `dynamodb-sessions list … | head -1`. What is under way is still done.
process.stdout.on('error', ignoreClosedPipe);
process.stderr.on('error', ignoreClosedPipe);

try {
  await createProgram().parseAsync();
} catch (error) {
  const { line, exitCode } = failureOf(error);
  if (line !== undefined) note(styleText('red', `error: ${line}`, { stream: process.stderr }));
  process.exitCode = exitCode;
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
