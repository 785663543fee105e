'use server';

import { redirect } from 'next/navigation';
import { requests } from '../lib/sessions';

// Your application finds out who somebody is before it calls `logIn`.
export async function logIn(form: FormData): Promise<void> {
  await requests.run(async (session) => {
    await session.logIn(form.get('name') as string);
    redirect('/');
  });
}

export async function logOut(): Promise<void> {
  await requests.run((session) => session.logOut());
}
