import { requests } from '../../../lib/sessions';

/** A handler that calls another one which logs in: both are one request, with one session. */
export const POST = (): Promise<Response> =>
  requests.run(async (session) => {
    await requests.run((same) => same.logIn('ann'));
    session.set('theme', 'dark');
    return Response.json({ user: session.userId });
  });
