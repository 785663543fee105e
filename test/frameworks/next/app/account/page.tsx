import { Suspense } from 'react';
import { readSession } from '../../lib/sessions';

export default function Page() {
  return (
    <Suspense>
      <Account />
    </Suspense>
  );
}

async function Account() {
  const session = await readSession();
  return <p>{`the account of ${session.userId}`}</p>;
}
