import { redirect } from 'next/navigation';
import { requests } from '../../../lib/sessions';

export const POST = (): Promise<Response> =>
  requests.run(async (session) => {
    await session.logIn('ann');
    session.set('theme', 'dark');
    redirect('/');
  });
