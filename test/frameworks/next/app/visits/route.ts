import { requests } from '../../lib/sessions';

export const POST = (): Promise<Response> =>
  requests.run(async (session) => {
    const visits = await session.update('visits', (n = 0) => n + 1);
    return Response.json({ user: session.userId ?? null, visits });
  });
