import { Suspense } from 'react';
import { readSession } from '../../lib/sessions';

export default function Page() {
  return (
    <Suspense>
      <Bound />
    </Suspense>
  );
}

async function Bound() {
  const session = await readSession();
  return <p>{`${session.userId}, ${session.bound ? 'bound' : 'unbound'}`}</p>;
}
