import { notFound } from 'next/navigation';
import { requests } from '../../lib/sessions';

async function fail(form: FormData): Promise<void> {
  'use server';
  await requests.run(async (session) => {
    await session.logIn(form.get('name') as string);
    session.set('theme', 'dark');
    throw new Error('This action fails.');
  });
}

async function findNothing(form: FormData): Promise<void> {
  'use server';
  await requests.run(async (session) => {
    await session.logIn(form.get('name') as string);
    session.set('theme', 'dark');
    notFound();
  });
}

export default function Page() {
  return (
    <main>
      <form action={fail}>
        <button>Fail</button>
      </form>
      <form action={findNothing}>
        <button>Find nothing</button>
      </form>
    </main>
  );
}
