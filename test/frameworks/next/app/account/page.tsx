import { readSession } from '../../lib/sessions';

export default async function Page() {
  const session = await readSession();
  return <p>{`the account of ${session.userId}`}</p>;
}
