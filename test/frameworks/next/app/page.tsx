import { readSession } from '../lib/sessions';
import { logIn, logOut } from './actions';

export default async function Page() {
  const session = await readSession();
  return (
    <main className={session.get('theme') ?? 'light'}>
      <p>{`hello ${session.userId ?? 'stranger'}`}</p>
      <form action={logIn}>
        <input name="name" />
        <button>Log in</button>
      </form>
      <form action={logOut}>
        <button>Log out</button>
      </form>
    </main>
  );
}
