let hasWarned = false;

/** Says once why logins do not last over plain http. */
export function warnOfPlainHttp(cookie: string): void {
  if (hasWarned) return;
  hasWarned = true;
  console.warn(
    `dynamodb-sessions: the cookie ${cookie} is Secure, and was set in answer to a request over plain http. ` +
      'Only some browsers keep it, and only for localhost. In development without TLS, use the option ' +
      "cookie: { name: 'id', secure: false }. Behind a proxy that speaks TLS, have it send X-Forwarded-Proto.",
  );
}
